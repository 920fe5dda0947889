// The tests that check some of the table's ops on the device.
import { describe, expect, test } from "vitest";
import { Tensor } from "../../src/autograd/tensor.ts";
import type { Device } from "../../src/gpu/device.ts";
import { AttributeError, DTypeError, type LonghandError } from "../../src/gpu/errors.ts";
import { messageOf } from "../support/message-of.ts";
import { type Case, type Row, upload } from "../../proof/case.ts";
import { problemsOf } from "../../proof/problems.ts";
import { FOR_GPUS, SOAK } from "../../proof/variants.ts";
import type { Variant } from "../../src/kernels/variant.ts";
import { sibling } from "./spoilt.ts";

/** Whether a case is marked to be proved in a variant that is for GPUs, and the device can run that. */
const provesGpus = (device: Device, { workgroup, split, subgroup }: Case): boolean =>
  Boolean(workgroup) ||
  split !== undefined ||
  (subgroup === true && device.gpu.features.has("subgroups"));

/** Defines the tests of the variants that are for GPUs, for the cases of an op's row that are marked for them. */
export function proveForGpus(device: Device, op: string, { cases }: Row): void {
  const marked = cases.filter((each) => provesGpus(device, each));
  describe.runIf(marked.length > 0)(`the op ${op}`, () => {
    test.each(marked.map((each) => [each.name, each] as const))("%s", async (_name, each) => {
      expect(await problemsOf(device, each, (variant) => FOR_GPUS.has(variant))).toEqual([]);
    });
  });
}

/**
 * Defines the tests of an op's row: its cases, in every variant of its kernels, and its refusals. Outside the soak,
 * the variants for GPUs have a file of their own, gpu-variants.test.ts.
 */
export function prove(device: Device, op: string, { cases, refusals, refuses = "i32" }: Row): void {
  describe(`the op ${op}`, () => {
    test.each(cases.map((each) => [each.name, each] as const))("%s", async (_name, each) => {
      const counts = (variant: Variant): boolean => SOAK || !FOR_GPUS.has(variant);
      expect(await problemsOf(device, each, counts)).toEqual([]);
    });

    test.each(refusals.map((each) => [each.name, each] as const))(
      "refuses %s",
      async (_name, { kind, says, run }) => {
        expect(await refusalOf(device, kind, () => run(device))).toMatch(says);
      },
    );

    test("refuses what isn't a tensor", async () => {
      const { inputs, run } = cases[0]!;
      const notTensors: unknown[] = inputs.map(({ shape }) => ({ array: device.empty(shape) }));
      const call = (): unknown => Reflect.apply(run, undefined, notTensors);
      const message = await refusalOf(device, DTypeError, call);
      expect(message).toMatch(new RegExp(`^${op}: input \\d must be a Tensor; got { array }`));
    });

    // What has one input can't have two devices.
    const { length } = cases[0]!.inputs;
    test.each(length > 1 ? ["refuses two devices"] : [])("%s", async () => {
      const { inputs, dtypes, run } = cases[0]!;
      const other = sibling(device);
      const tensors = inputs.map((input, i) => {
        const home = i === 0 ? device : other;
        return new Tensor(upload(home, input, dtypes?.[i]));
      });
      const message = await refusalOf(device, AttributeError, () => run(...tensors));
      expect(message).toMatch(new RegExp(`^${op}: input 1 must be on the same device as input 0`));
    });

    test(`refuses ${refuses}`, async () => {
      const { inputs, run } = cases[0]!;
      const tensors = inputs.map(({ shape }) => new Tensor(device.empty(shape, refuses)));
      const message = await refusalOf(device, DTypeError, () => run(...tensors));
      expect(message).toMatch(
        new RegExp(`^${op}: input 0 must be .*; got ${refuses}(: write cast\\(x, .* \\}\\))?$`),
      );
    });
  });
}

/**
 * Defines a file's last test: that its rows took no more distinct pipelines than this, each of which
 * some adapter compiles for a second. In the soak they may take any number.
 */
export function capPipelines(device: Device, most: number): void {
  const cap = SOAK ? Infinity : most;
  test(`the rows take at most ${cap} distinct pipelines`, () => {
    console.log(`${device.pipelines.count} distinct pipelines`);
    expect(device.pipelines.count).toBeLessThanOrEqual(cap);
  });
}

/** What a refused call says. Throws unless it is one line of the right kind, and nothing was launched. */
export async function refusalOf(
  device: Device,
  kind: new (message: string) => LonghandError,
  call: () => unknown,
): Promise<string> {
  let thrown: unknown;
  const { dispatches } = device.record("refused", () => {
    try {
      call();
    } catch (error) {
      thrown = error;
    }
  });
  expect(dispatches).toEqual([]);
  return messageOf(kind, () => {
    if (thrown !== undefined) throw thrown;
  });
}
