// The GAN's losses and their gradients, from one launch, against float64.
import { describe, expect, test } from "vitest";
import type { GpuArray } from "../../src/gpu/array.ts";
import { AttributeError, DTypeError, ShapeError } from "../../src/gpu/errors.ts";
import { adversarialLoss, SCALARS } from "../../src/kernels/adversarial-loss.ts";
import { createGenerator } from "../../src/kernels/random.ts";
import { messageOf } from "../message-of.ts";
import { createRandom, randomRef, type Ref, refOf } from "../reference/array.ts";
import { compareToOracle } from "../reference/compare.ts";
import { sigmoid, softplus } from "../reference/unary.ts";
import { testDevice } from "../support/device.ts";
import { upload } from "./case.ts";
import { guarded, SLACK, withSlack } from "./guard.ts";
import { sibling } from "./spoilt.ts";

const device = await testDevice();
const random = createRandom(51);
const STEP = 6;
const CAPACITY = 4;

interface Found {
  readonly scalars: ArrayLike<number>;
  readonly dDiscriminator: ArrayLike<number>;
  readonly dGenerator: ArrayLike<number>;
  readonly ring: ArrayLike<number>;
}

/** The losses as the formulas have them. */
function expected({ data }: Ref): Record<"scalars" | "dDiscriminator" | "dGenerator", Ref> {
  const count = data.length / 2;
  const [real, fake] = [data.slice(0, count), data.slice(count)];
  const mean = (values: Float64Array): number => values.reduce((a, b) => a + b, 0) / count;
  const ofReal = mean(real.map((x) => softplus.value(-x)));
  const ofFake = mean(fake.map((x) => softplus.value(x)));
  const toFool = mean(fake.map((x) => softplus.value(-x)));
  const verdicts = [real, fake].map((logits) => mean(logits.map((x) => sigmoid.value(x))));
  const doubt = (x: number): number => -sigmoid.value(-x) / count;
  const trust = (x: number): number => sigmoid.value(x) / count;
  return {
    scalars: refOf([SCALARS], [ofReal + ofFake, toFool, ...verdicts]),
    dDiscriminator: refOf([2 * count], [...real.map(doubt), ...fake.map(trust)]),
    dGenerator: refOf([count], fake.map(doubt)),
  };
}

/** Runs it with slack around every array, and checks that nothing was written there. */
async function run(logits: Ref, keep = true): Promise<Found> {
  const launched = (): ReturnType<typeof adversarialLoss> & { readonly ring: GpuArray } => {
    const ring = upload(device, refOf([CAPACITY, SCALARS], Array(CAPACITY * SCALARS).fill(-1)));
    const generator = createGenerator(device, 3, STEP);
    return { ...adversarialLoss(upload(device, logits), generator, keep ? { ring } : {}), ring };
  };
  const { result, strays } = await withSlack(device, SLACK, () =>
    guarded(device, launched, async (made) => ({
      scalars: await made.scalars.read(),
      dDiscriminator: await made.dDiscriminator.read(),
      dGenerator: await made.dGenerator.read(),
      ring: await made.ring.read(),
    })),
  );
  expect(strays).toEqual([]);
  return result;
}

/** What is wrong, in words. */
function problems(found: Found, logits: Ref): string[] {
  const tolerance = { type: "atol_rtol", atol: 1e-37, rtol: 1e-6 } as const;
  const { scalars, dDiscriminator, dGenerator } = expected(logits);
  const pairs = [
    [found.scalars, scalars],
    [found.dDiscriminator, dDiscriminator],
    [found.dGenerator, dGenerator],
  ] as const;
  return pairs.flatMap(([actual, value]) => compareToOracle(actual, value, tolerance).why ?? []);
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

  test("infinite logits, certain and right", async () => {
    const logits = refOf([4], [Infinity, 3, -Infinity, -3]);
    const { scalars, dDiscriminator, dGenerator } = await run(logits);
    const one = Math.log1p(Math.exp(-3));
    expect(scalars[0]).toBeCloseTo(one, 6);
    expect(scalars[1]).toBe(Infinity);
    expect([dDiscriminator[0]!, dDiscriminator[2]!].map(Math.abs)).toEqual([0, 0]);
    expect(dGenerator[0]).toBe(-0.5);
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
  const found = await run(logits, false);
  expect(problems(found, logits)).toEqual([]);
  expect(Array.from(found.ring)).toEqual(Array(CAPACITY * SCALARS).fill(-1));
  const made = adversarialLoss(device.empty([10, 1]), createGenerator(device, 1));
  expect([made.dDiscriminator.shape, made.dGenerator.shape]).toEqual([
    [10, 1],
    [5, 1],
  ]);
  expect(adversarialLoss(device.empty([10]), createGenerator(device, 1)).dGenerator.shape).toEqual([
    5,
  ]);
});

describe("refuses", () => {
  const generator = createGenerator(device, 1);
  test.each([[[3, 1]], [[0]], [[]], [[4, 2]], [[4, 1, 1]]])("outputs %o", async (shape) => {
    const says = await messageOf(ShapeError, () => adversarialLoss(device.empty(shape), generator));
    expect(says).toMatch(/^adversarialLoss: outputs must be \(2B\), \(2B, 1\) or, .*; got \(/);
  });

  test.each([[[4]], [[0, 4]], [[4, 3]]])("a ring %o", async (shape) => {
    const says = await messageOf(ShapeError, () =>
      adversarialLoss(device.empty([2]), generator, { ring: device.empty(shape) }),
    );
    expect(says).toMatch(/^adversarialLoss: the ring must be \(steps, 4\), .*; got \(/);
  });

  test("integers and strangers", async () => {
    const integers = (): unknown => adversarialLoss(device.empty([2], "i32"), generator);
    expect(await messageOf(DTypeError, integers)).toBe(
      "adversarialLoss: the outputs must be f32; got i32",
    );
    const other = sibling(device);
    const strange = (): unknown => adversarialLoss(other.empty([2]), generator);
    expect(await messageOf(AttributeError, strange)).toMatch(
      /^adversarialLoss: the generator's state lives on another device/,
    );
  });
});

test("the reference's slopes are those of its losses", () => {
  const logits = randomRef([6], random, -3, 3);
  const { dDiscriminator, dGenerator } = expected(logits);
  const h = 1e-5;
  const moved = (i: number, by: number): Ref["data"] =>
    expected(
      refOf(
        [6],
        logits.data.map((x, j) => (j === i ? x + by : x)),
      ),
    ).scalars.data;
  const slopes = (scalar: 0 | 1): number[] =>
    Array.from(logits.data, (_, i) => {
      const [up, down] = [moved(i, h), moved(i, -h)];
      return (up[scalar]! - down[scalar]!) / (2 * h);
    });
  const tolerance = { type: "atol_rtol", atol: 1e-8, rtol: 0 } as const;
  const wrong = [
    compareToOracle(slopes(0), dDiscriminator, tolerance).why,
    compareToOracle(slopes(1).slice(3), dGenerator, tolerance).why,
  ];
  expect(wrong).toEqual([undefined, undefined]);
});
