// What the launch of the GAN's losses refuses.
import { describe, expect, test } from "vitest";
import { AttributeError, DTypeError, ShapeError } from "../../src/gpu/errors.ts";
import {
  adversarialLoss,
  type AdversarialLossOptions,
} from "../../src/kernels/adversarial-loss.ts";
import { createRng } from "../../src/kernels/random.ts";
import { messageOf } from "../support/message-of.ts";
import { testDevice } from "../support/device.ts";
import { sibling } from "./spoilt.ts";

const device = await testDevice();

describe("refuses", () => {
  const rng = createRng(device, 1);
  test.each([[[3, 1]], [[0]], [[]], [[4, 2]], [[4, 1, 1]]])("outputs %o", async (shape) => {
    const says = await messageOf(ShapeError, () => adversarialLoss(device.empty(shape), rng));
    expect(says).toMatch(
      /^adversarialLoss: outputs must have shape \(2B\), \(2B, 1\) or, .*; got \(/,
    );
  });

  test.each([[[4]], [[0, 4]], [[4, 3]]])("a ring %o", async (shape) => {
    const says = await messageOf(ShapeError, () =>
      adversarialLoss(device.empty([2]), rng, { ring: device.empty(shape) }),
    );
    expect(says).toMatch(/^adversarialLoss: the ring must have shape \(steps, 4\), .*; got \(/);
  });

  const refusal = async (
    kind: Parameters<typeof messageOf>[0],
    shape: readonly number[],
    options: AdversarialLossOptions,
  ): Promise<string> => messageOf(kind, () => adversarialLoss(device.empty(shape), rng, options));

  test.each([[[3]], [[1]], [[2, 1]], [[]]])("labels %o", async (shape) => {
    const labels = device.empty(shape, "i32");
    expect(await refusal(ShapeError, [4, 3], { labels })).toMatch(
      /^adversarialLoss: labels must have shape \(2\): one class per real image, shared by its generated counterpart; got \(/,
    );
  });

  test("labels of another type, or from another device", async () => {
    expect(await refusal(DTypeError, [4, 3], { labels: device.empty([2]) })).toBe(
      'adversarialLoss: the labels must be i32; got f32: write cast(x, { to: "i32" })',
    );
    const labels = sibling(device).empty([2], "i32");
    expect(await refusal(AttributeError, [4, 3], { labels })).toMatch(
      /^adversarialLoss: the labels must be on the same device/,
    );
  });

  test.each<[AdversarialLossOptions]>([
    [{ smoothing: 1 }],
    [{ smoothing: -0.1 }],
    [{ smoothing: Number.NaN }],
    [{ smoothing: 0.1, form: "hinge" }],
    [{ smoothing: 0.1, form: "paired" }],
  ])("%o", async (options) => {
    expect(await refusal(AttributeError, [2], options)).toMatch(
      /^adversarialLoss: smoothing must be in \[0, 1\), and 0 with the hinge and paired losses.*; got /,
    );
  });

  test.each(["hinge", "probabilities", "clamped"] as const)("ratios of %s", async (form) => {
    expect(await refusal(AttributeError, [2], { form, withRatios: true })).toBe(
      `adversarialLoss: ratios are there for logits and paired, whose gradients are never 0; got ${form}`,
    );
  });

  test("integers and strangers", async () => {
    const integers = (): unknown => adversarialLoss(device.empty([2], "i32"), rng);
    expect(await messageOf(DTypeError, integers)).toBe(
      'adversarialLoss: the outputs must be f32; got i32: write cast(x, { to: "f32" })',
    );
    const other = sibling(device);
    const strange = (): unknown => adversarialLoss(other.empty([2]), rng);
    expect(await messageOf(AttributeError, strange)).toMatch(
      /^adversarialLoss: the Rng's state must be on the same device/,
    );
  });
});
