// Adam in both conventions: six updates compared with float64, with gradients from far above ε to far below it, where
// the conventions differ.
import { describe, expect, test } from "vitest";
import { tensor } from "../../src/autograd/from-host.ts";
import type { AdamConvention, AdamOptions } from "../../src/kernels/adam.ts";
import { adam } from "../../src/nn/adam.ts";
import { parameterGroup } from "../../src/nn/parameters.ts";
import { type AdamSlot, adamStep } from "../../proof/reference/adam.ts";
import {
  createRandom,
  fromF32,
  randomRef,
  type Ref,
  refOf,
  toF32,
  zeros,
} from "../../proof/reference/array.ts";
import { testDevice } from "../support/device.ts";

const device = await testDevice();
const CONVENTIONS: readonly AdamConvention[] = ["keras", "pytorch"];
const KERAS_DEFAULTS = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 } as const;
const COUNT = 231;

/** Of sizes from 1 down to 1e-12, and a few zeros. */
function gradientsOf(random: () => number): Ref {
  const sizes = randomRef([COUNT], random, -12, 0);
  const signs = randomRef([COUNT], random);
  const values = sizes.data.map((size, i) => (i % 40 === 7 ? 0 : signs.data[i]! * 10 ** size));
  return fromF32([COUNT], Float32Array.from(values));
}

/** What the optimizer makes of the gradients, update after update, from parameters that are 0. */
async function trained(
  gradients: readonly Ref[],
  options: Partial<AdamOptions>,
): Promise<Float32Array[]> {
  const group = parameterGroup(device, "group", { w: tensor(device, new Float32Array(COUNT)) });
  const optimizer = adam(group, options);
  const path: Float32Array[] = [];
  for (const each of gradients) {
    group.parameters[0]!.gradient.write(toF32(each));
    optimizer.update();
    path.push(await group.tensors.w.read("f32"));
  }
  return path;
}

/** The same in float64. */
function expected(gradients: readonly Ref[], options: AdamOptions): Ref[] {
  let slot: AdamSlot = { x: zeros([COUNT]), m: zeros([COUNT]), v: zeros([COUNT]) };
  return gradients.map((g, i) => (slot = adamStep(slot, g, i + 1, options)).x);
}

/** The largest error, as a share of the learning rate: what an update moves a parameter by at most, nearly. */
const worst = (found: ArrayLike<number>, { data }: Ref, rate: number): number =>
  data.reduce((most, x, i) => Math.max(most, Math.abs(found[i]! - x)), 0) / rate;

describe.each(CONVENTIONS)("six updates agree with float64, %s", (convention) => {
  test.each<[string, Omit<AdamOptions, "convention">]>([
    ["Keras's defaults", KERAS_DEFAULTS],
    ["rates of a DCGAN", { learningRate: 2e-4, beta1: 0.5, beta2: 0.999, epsilon: 1e-7 }],
    ["PyTorch's ε, β₂ 0.99", { learningRate: 2e-3, beta1: 0.5, beta2: 0.99, epsilon: 1e-8 }],
    ["a large ε", { learningRate: 0.01, beta1: 0.5, beta2: 0.999, epsilon: 1e-2 }],
    ["no memory", { learningRate: 0.01, beta1: 0, beta2: 0, epsilon: 1e-5 }],
  ])("%s", async (_name, rest) => {
    const random = createRandom(71);
    const gradients = Array.from({ length: 6 }, () => gradientsOf(random));
    const options = { ...rest, convention };
    const path = await trained(gradients, options);
    const exact = expected(gradients, options);
    path.forEach((found, t) => {
      expect(worst(found, exact[t]!, rest.learningRate), `update ${t + 1}`).toBeLessThan(5e-6);
    });
    // The other convention ends elsewhere, by far more than that, unless nothing of v is remembered.
    const other = convention === "keras" ? "pytorch" : "keras";
    const elsewhere = expected(gradients, { ...rest, convention: other }).at(-1)!;
    const apart = worst(path.at(-1)!, elsewhere, rest.learningRate);
    expect(apart > 0.1, `apart by ${apart}`).toBe(rest.beta2 > 0);
  });
});

test("a first update by hand: a gradient as small as ε moves by a half, or by a thirtieth", () => {
  const g = refOf([1], [1e-7]);
  const slot = { x: zeros([1]), m: zeros([1]), v: zeros([1]) };
  const step = (convention: AdamConvention): number =>
    -adamStep(slot, g, 1, { ...KERAS_DEFAULTS, convention }).x.data[0]! / 1e-3;
  expect(step("pytorch")).toBeCloseTo(1 / 2, 9); // m̂ = √v̂ = ε
  // α = lr · √0.001 / 0.1, m = 1e-8 and √v = √1e-17.
  expect(step("keras")).toBeCloseTo(
    (Math.sqrt(0.001) / 0.1) * (1e-8 / (Math.sqrt(1e-17) + 1e-7)),
    9,
  );
  expect(step("keras")).toBeCloseTo(0.0307, 4);
});

test("by default it is Keras's, with Keras's constants", async () => {
  const random = createRandom(72);
  const gradients = [gradientsOf(random), gradientsOf(random)];
  const named = await trained(gradients, { ...KERAS_DEFAULTS, convention: "keras" });
  expect(await trained(gradients, {})).toEqual(named);
});
