// The GAN's losses and their gradients, from one launch, compared with float64.
import { describe, expect, test } from "vitest";
import type { GpuArray } from "../../src/gpu/array.ts";
import {
  adversarialLoss,
  type AdversarialLossOptions,
  SCALARS,
} from "../../src/kernels/adversarial-loss.ts";
import { createRng } from "../../src/kernels/random.ts";
import {
  asFake,
  asReal,
  probability,
  generatorLoss,
} from "../../proof/reference/adversarial-loss.ts";
import {
  createRandom,
  map,
  randomRef,
  type Ref,
  refOf,
  zeros,
} from "../../proof/reference/array.ts";
import { compareToOracle } from "../../proof/reference/compare.ts";
import { testDevice } from "../support/device.ts";
import { upload } from "../../proof/case.ts";
import { guarded, SLACK, withSlack } from "../../proof/guard.ts";

const device = await testDevice();
const random = createRandom(51);
const STEP = 6;
const CAPACITY = 4;

/** What the kernel knows: `sigmoid` is `logits` to it. */
type Form = NonNullable<AdversarialLossOptions["form"]>;

interface Found {
  readonly scalars: ArrayLike<number>;
  readonly dDiscriminator: ArrayLike<number>;
  readonly dGenerator: ArrayLike<number>;
  readonly ring: ArrayLike<number>;
  readonly ratios: ArrayLike<number> | undefined;
}

/** What the outputs are, and whether the ring gets the scalars. */
interface How extends Omit<AdversarialLossOptions, "ring" | "labels"> {
  readonly labels?: readonly number[];
  readonly keep?: boolean;
}

/** The losses as the formulas have them. */
function expected(
  { data, shape }: Ref,
  { form = "logits", smoothing = 0, labels = [] }: How = {},
): Record<"scalars" | "dDiscriminator" | "dGenerator", Ref> {
  const [rows, classes = 1] = shape as [number, number?];
  const count = rows / 2;
  const at = (row: number): number => row * classes + (labels[row % count] ?? 0);
  const half = (first: number): number[] =>
    Array.from({ length: count }, (_, i) => data[at(first + i)]!);
  const mean = (values: readonly number[], f: (x: number) => number): number =>
    values.reduce((sum, x) => sum + f(x), 0) / count;
  const [real, fake] = [half(0), half(count)];
  const paired = form === "paired";
  const above = (of: readonly number[], other: readonly number[]): readonly number[] =>
    paired ? of.map((x, i) => x - other[i]!) : of;
  const [realLead, fakeLead] = [above(real, fake), above(fake, real)];
  const [onReal, onFake, onFakeForG] = [asReal(form, smoothing), asFake(form), generatorLoss(form)];
  const dDiscriminator = zeros(shape);
  const dGenerator = zeros([count, ...shape.slice(1)]);
  for (let i = 0; i < count; i += 1) {
    dDiscriminator.data[at(i)] = onReal.slope(realLead[i]!) / count;
    dDiscriminator.data[at(count + i)] = onFake.slope(fakeLead[i]!) / count;
    dGenerator.data[at(i)] = onFakeForG.slope(fakeLead[i]!) / count;
  }
  const lossD = (paired ? 0 : mean(realLead, onReal.value)) + mean(fakeLead, onFake.value);
  const verdicts = [real, fake].map((outputs) => mean(outputs, probability(form)));
  const scalars = refOf([SCALARS], [lossD, mean(fakeLead, onFakeForG.value), ...verdicts]);
  return { scalars, dDiscriminator, dGenerator };
}

/** Runs it with slack around every array, and checks that nothing was written there. */
async function run(outputs: Ref, how: How = {}): Promise<Found> {
  const { keep = true, labels, ...options } = how;
  const launched = (): ReturnType<typeof adversarialLoss> & { readonly ring: GpuArray } => {
    const ring = upload(device, refOf([CAPACITY, SCALARS], Array(CAPACITY * SCALARS).fill(-1)));
    const rng = createRng(device, 3, STEP);
    const classes =
      labels && device.upload(Int32Array.from(labels), [labels.length], "i32", "labels");
    const all = { ...options, ...(keep ? { ring } : {}), labels: classes };
    return { ...adversarialLoss(upload(device, outputs), rng, all), ring };
  };
  const { result, strays } = await withSlack(device, SLACK, () =>
    guarded(device, launched, async (made) => ({
      scalars: await made.scalars.read(),
      dDiscriminator: await made.dDiscriminator.read(),
      dGenerator: await made.dGenerator.read(),
      ring: await made.ring.read(),
      ratios: await made.ratios?.read(),
    })),
  );
  expect(strays).toEqual([]);
  return result;
}

/** What is wrong, in words. Where terms of either sign cancel, `atol` says by how much of the largest value. */
function problems(found: Found, outputs: Ref, how: How = {}, atol = 0): string[] {
  const { scalars, dDiscriminator, dGenerator } = expected(outputs, how);
  const pairs = [
    [found.scalars, scalars],
    [found.dDiscriminator, dDiscriminator],
    [found.dGenerator, dGenerator],
  ] as const;
  return pairs.flatMap(([actual, value]) => {
    const largest = value.data.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    const tolerance = { type: "atol_rtol", atol: 1e-37 + atol * largest, rtol: 1e-6 } as const;
    return compareToOracle(actual, value, tolerance).why ?? [];
  });
}

describe("agrees with float64", () => {
  test.each([1, 2, 7, 31, 64, 65, 127, 256])("%i images of either kind", async (count) => {
    const logits = randomRef([2 * count, 1], random, -9, 9);
    const found = await run(logits);
    expect(problems(found, logits)).toEqual([]);
    const slot = (STEP % CAPACITY) * SCALARS;
    const ring = Array(CAPACITY * SCALARS).fill(-1);
    ring.splice(slot, SCALARS, ...Array.from(found.scalars));
    expect(Array.from(found.ring)).toEqual(ring);
    expect(await run(logits)).toEqual(found);
  });

  test.each([
    [[1e4, -1e4, 88, -88, 20, 0, -1e4, 1e4, -88, 80, -20, 1e-8]],
    [[30, 40, -30, -40]], // losses next to 0, not 0
  ])("extreme logits: %j", async (logits) => {
    const each = refOf([logits.length], logits);
    expect(problems(await run(each), each)).toEqual([]);
  });

  test("infinite logits, certain and onReal", async () => {
    const logits = refOf([4], [Infinity, 3, -Infinity, -3]);
    const { scalars, dDiscriminator, dGenerator } = await run(logits);
    const one = Math.log1p(Math.exp(-3));
    expect(scalars[0]).toBeCloseTo(one, 6);
    expect(scalars[1]).toBe(Infinity);
    expect([dDiscriminator[0]!, dDiscriminator[2]!].map(Math.abs)).toEqual([0, 0]);
    expect(dGenerator[0]).toBe(-0.5);
  });
});

/** Outputs as a form has them, away from its bounds. */
const outputsOf = (form: Form, shape: readonly number[]): Ref =>
  form === "logits" || form === "hinge" || form === "paired"
    ? map(randomRef(shape, random, -3, 3), (x) => Math.round(x * 1024) / 1024) // exact differences
    : randomRef(shape, random, 0.02, 0.98);

describe("what it is made of, against float64", () => {
  test.each<[Form, number, number, number | undefined]>([
    ["hinge", 0, 1, undefined],
    ["hinge", 0, 130, undefined],
    ["hinge", 0, 65, 10],
    ["paired", 0, 1, undefined],
    ["paired", 0, 130, undefined],
    ["paired", 0, 65, 10],
    ["probabilities", 0, 64, undefined],
    ["probabilities", 0.1, 7, undefined],
    ["probabilities", 0.5, 65, 3],
    ["clamped", 0, 66, undefined],
    ["clamped", 0.3, 5, 10],
    ["logits", 0, 1, 1],
    ["logits", 0, 130, 1],
    ["logits", 0, 1, 3],
    ["logits", 0, 7, 10],
    ["logits", 0, 130, 10],
    ["logits", 0.1, 64, undefined],
    ["logits", 0.9, 33, 3],
  ])("%s, labels smoothed by %d, %i images, classes: %s", async (form, smoothing, count, k) => {
    const outputs = outputsOf(form, [2 * count, k ?? 1]);
    const labels = k && Array.from({ length: count }, () => Math.floor(random() * k));
    const how = { form, smoothing, ...(labels ? { labels } : {}) };
    const found = await run(outputs, how);
    // Terms of either sign: the hinge loss of the generator, and slopes of smoothed labels.
    expect(problems(found, outputs, how, form === "hinge" || smoothing > 0 ? 2e-7 : 0)).toEqual([]);
    expect(Array.from(found.ring).slice(8, 12)).toEqual(Array.from(found.scalars));
    expect(await run(outputs, how)).toEqual(found);
  });

  test("pairs that are far apart, on either side", async () => {
    const pairs = [
      [1e4, -1e4],
      [-1e4, 1e4],
      [44, -44],
      [-44, 44],
      [10, -10],
      [30, 0],
      [0, 30],
    ] as const;
    for (const [real, fake] of pairs) {
      const each = refOf([2], [real, fake]);
      expect(problems(await run(each, { form: "paired" }), each, { form: "paired" })).toEqual([]);
    }
    const all = refOf([14], [...pairs.map(([real]) => real), ...pairs.map(([, fake]) => fake)]);
    expect(problems(await run(all, { form: "paired" }), all, { form: "paired" })).toEqual([]);
  });

  test("a NaN spoils both of its pair, and no other", async () => {
    const { scalars, dDiscriminator, dGenerator } = await run(
      refOf([4], [Number.NaN, 0.25, 0.5, 0.75]),
      { form: "paired" },
    );
    expect(Array.from(scalars, Number.isNaN)).toEqual([true, true, true, false]);
    expect(Array.from(dDiscriminator, Number.isNaN)).toEqual([true, false, true, false]);
    expect(Array.from(dGenerator, Number.isNaN)).toEqual([true, false]);
  });

  // Both halves get all of them. Held at LOW and HIGH there is a slope, beyond there is none.
  const LOW = Math.fround(1e-7);
  const HIGH = Math.fround(1 - 1e-7);
  test.each<[Form, readonly number[]]>([
    ["hinge", [-1, 1, -1 - 2 ** -23, 1 + 2 ** -23, 1 - 2 ** -24, -1 + 2 ** -24, 0, 1e4, -1e4]],
    ["probabilities", [0, 1e-8, LOW, LOW * (1 - 2 ** -24), LOW * (1 + 2 ** -23), 1e-3, 0.5]],
    ["probabilities", [HIGH, 1 - 2 ** -24, HIGH - 2 ** -24, 1, 0.75]],
    ["clamped", [0, 1e-13, 1e-12, 1e-30, 0.5, 1e-4]],
    ["clamped", [1, 1 - 2 ** -24, 0.25]],
    ["paired", [1e4, -1e4, 44, -44, 0, 10, -20, 1e-8]],
  ])("%s at the bounds: %j", async (form, values) => {
    for (const value of values) {
      const each = refOf([2], [Math.fround(value), Math.fround(value)]);
      expect(problems(await run(each, { form }), each, { form })).toEqual([]);
    }
    const all = refOf([2 * values.length], [...values, ...values].map(Math.fround));
    expect(problems(await run(all, { form }), all, { form }, 2e-7)).toEqual([]);
  });

  test.each<Form>(["hinge", "probabilities", "clamped"])("a NaN in %s", async (form) => {
    const real = await run(refOf([4], [Number.NaN, 0.25, 0.5, 0.75]), { form });
    expect(Array.from(real.scalars, Number.isNaN)).toEqual([true, false, true, false]);
    const fake = await run(refOf([4], [0.25, 0.25, 0.5, Number.NaN]), { form });
    expect(Array.from(fake.scalars, Number.isNaN)).toEqual([true, true, false, true]);
    // The hinge's slope is that of its side, whatever the number.
    const spoils = form !== "hinge";
    expect(Array.from(real.dDiscriminator, Number.isNaN)).toEqual([spoils, false, false, false]);
    expect(Array.from(fake.dDiscriminator, Number.isNaN)).toEqual([false, false, false, spoils]);
    expect(Array.from(real.dGenerator, Number.isNaN)).toEqual([false, false]);
    expect(Array.from(fake.dGenerator, Number.isNaN)).toEqual([false, spoils]);
  });

  test("a NaN of another class has no part in anything", async () => {
    const outputs = outputsOf("logits", [4, 3]);
    const labels = [1, 2];
    const clean = await run(outputs, { labels });
    for (const at of [0, 2, 3, 4, 6, 8, 9, 10]) outputs.data[at] = Number.NaN;
    expect(await run(outputs, { labels })).toEqual(clean);
  });
});

describe("ratios", () => {
  const LEAST = 2 ** -60;
  test.each<[Form, number, number | undefined]>([
    ["logits", 1, undefined],
    ["logits", 130, undefined],
    ["logits", 65, 10],
    ["paired", 130, undefined],
    ["paired", 7, 3],
  ])("%s, %i images, classes: %s: of one gradient to the other", async (form, count, k) => {
    const outputs = outputsOf(form, [2 * count, k ?? 1]);
    const labels = k ? Array.from({ length: count }, () => Math.floor(random() * k)) : undefined;
    const how = { form, ...(labels ? { labels } : {}) };
    const { ratios, ...found } = await run(outputs, { ...how, withRatios: true });
    expect({ ...found, ratios: undefined }).toEqual(await run(outputs, how));
    const { dDiscriminator, dGenerator } = expected(outputs, how);
    const quotients = Array.from({ length: count }, (_, i) => {
      const at = i * (k ?? 1) + (labels ? labels[i]! : 0);
      return dGenerator.data[at]! / dDiscriminator.data[count * (k ?? 1) + at]!;
    });
    const tolerance = { type: "atol_rtol", atol: 0, rtol: 2e-6 } as const;
    expect(compareToOracle(ratios!, refOf([count], quotients), tolerance).why).toBeUndefined();
  });

  test("of a discriminator that is certain: its gradient is kept from vanishing, and no other's", async () => {
    const fakes = [-100, -45, -41, -20, 20, 45, 100, -Infinity, Infinity];
    const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
    const outputs = refOf([18], [...fakes.map(() => 0), ...fakes]);
    const { ratios, dDiscriminator } = await run(outputs, { withRatios: true });
    const { dDiscriminator: bare } = await run(outputs);
    const isHeld = (fake: number): boolean => sigmoid(fake) < LEAST;
    const changed = fakes.filter((_, i) => dDiscriminator[9 + i] !== bare[9 + i]);
    expect(changed).toEqual(fakes.filter(isHeld));
    for (const [i, fake] of fakes.entries()) {
      const slope = Math.max(sigmoid(fake), LEAST);
      expect(dDiscriminator[9 + i]! / (slope / 9)).toBeCloseTo(1, 5);
      const ratio = -sigmoid(-fake) / slope;
      expect(Math.abs(ratios![i]! - ratio)).toBeLessThanOrEqual(2e-6 * Math.abs(ratio) + 1e-37);
    }
  });

  test("of NaN are NaN", async () => {
    const fake = await run(refOf([4], [0, 1, 2, Number.NaN]), { withRatios: true });
    expect(Array.from(fake.ratios!, Number.isNaN)).toEqual([false, true]);
    expect(Array.from(fake.dDiscriminator, Number.isNaN)).toEqual([false, false, false, true]);
  });
});

test("a NaN stays with what it has part in", async () => {
  const real = await run(refOf([4], [Number.NaN, 1, 2, 3]));
  expect(Array.from(real.scalars, Number.isNaN)).toEqual([true, false, true, false]);
  expect(Array.from(real.dDiscriminator, Number.isNaN)).toEqual([true, false, false, false]);
  expect(Array.from(real.dGenerator, Number.isNaN)).toEqual([false, false]);
  const fake = await run(refOf([4], [0, 1, 2, Number.NaN]));
  expect(Array.from(fake.scalars, Number.isNaN)).toEqual([true, true, false, true]);
  expect(Array.from(fake.dDiscriminator, Number.isNaN)).toEqual([false, false, false, true]);
  expect(Array.from(fake.dGenerator, Number.isNaN)).toEqual([false, true]);
});

test("without a ring nothing is recorded, and shapes follow the logits'", async () => {
  const logits = randomRef([10, 1], random);
  const found = await run(logits, { keep: false });
  expect(problems(found, logits)).toEqual([]);
  expect(Array.from(found.ring)).toEqual(Array(CAPACITY * SCALARS).fill(-1));
  const made = adversarialLoss(device.empty([10, 1]), createRng(device, 1));
  expect([made.dDiscriminator.shape, made.dGenerator.shape]).toEqual([
    [10, 1],
    [5, 1],
  ]);
  expect(adversarialLoss(device.empty([10]), createRng(device, 1)).dGenerator.shape).toEqual([5]);
});

test.each<[Form, number]>([
  ["logits", 0],
  ["logits", 0.2],
  ["hinge", 0],
  ["paired", 0],
  ["probabilities", 0.2],
  ["clamped", 0.2],
])("the reference's slopes are those of its losses: %s, smoothed by %d", (form, smoothing) => {
  const h = 1e-5;
  for (const { value, slope } of [asReal(form, smoothing), asFake(form), generatorLoss(form)]) {
    for (const x of outputsOf(form, [8]).data) {
      const difference = (value(x + h) - value(x - h)) / (2 * h);
      expect(Math.abs(difference - slope(x))).toBeLessThan(1e-6 * Math.max(1, slope(x) ** 2));
    }
  }
});
