// Random numbers and the dataset on the device, word for word as the reference draws them: streams by call order, steps
// by the device's counter, masks drawn again in backward, whole epochs.
import { describe, expect, test } from "vitest";
import { dropout } from "../../src/autograd/ops.ts";
import { vectorJacobianArrays } from "../../src/autograd/backward.ts";
import { variable } from "../../src/autograd/tensor.ts";
import type { GpuArray } from "../../src/gpu/array.ts";
import { AttributeError, ShapeError } from "../../src/gpu/errors.ts";
import { compile } from "../../src/gpu/program.ts";
import { advance } from "../../src/kernels/counters.ts";
import {
  type BatchPlan,
  gatherBatch,
  gatherLabels,
  layOutShards,
  writeShards,
} from "../../src/kernels/dataset.ts";
import { bernoulli, createRng, normal, uniform } from "../../src/kernels/random.ts";
import { messageOf } from "../support/message-of.ts";
import { createRandom, full, randomRef } from "../../proof/reference/array.ts";
import { permute } from "../../proof/reference/permutation.ts";
import * as reference from "../../proof/reference/philox.ts";
import { testDevice } from "../support/device.ts";
import { upload } from "../../proof/case.ts";

const device = await testDevice();
const SEED = 0x1234_5678_9abc;
const seed = [0x5678_9abc, 0x1234] as const;

const draw = (stream: number, step = 0): reference.Stream => ({ seed, step, stream, domain: 0 });
const values = async (array: GpuArray): Promise<number[]> => [...(await array.read())];

/** At most how far one list lies from another. */
function distance(a: readonly number[], b: Float64Array): number {
  expect(a.length).toBe(b.length);
  return a.reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!)), 0);
}

describe("streams", () => {
  test.each([1, 3, 4, 5, 257, 1001])(
    "%i uniform numbers are the reference's, bit for bit",
    async (count) => {
      const drawn = await values(uniform(createRng(device, SEED), [count]));
      expect(drawn).toEqual([...reference.uniform(count, draw(0))]);
    },
  );

  test("another range is low + (high − low) · u", async () => {
    const drawn = await values(uniform(createRng(device, SEED), [64], -3, 5));
    expect(drawn).toEqual([...reference.uniform(64, draw(0))].map((u) => Math.fround(8 * u - 3)));
  });

  test("normal numbers are Box and Muller's of the same words", async () => {
    // WGSL grants sin and cos 2⁻¹¹, on a radius of up to 5.8.
    const drawn = await values(normal(createRng(device, SEED), [4099]));
    expect(distance(drawn, reference.normal(4099, draw(0)))).toBeLessThan(5.8 * 2 ** -11);
    const scaled = await values(normal(createRng(device, SEED), [7], 3, 0.5));
    const wanted = reference.normal(7, draw(0)).map((x) => 3 + 0.5 * x);
    expect(distance(scaled, wanted)).toBeLessThan(5.8 * 2 ** -12);
  });

  test("are numbered by call order, from 0 again when a step starts", async () => {
    const rng = createRng(device, SEED, 5);
    const first = await values(uniform(rng, [8]));
    const second = await values(uniform(rng, [8]));
    rng.nextStream = 0;
    const again = await values(uniform(rng, [8]));
    expect(first).toEqual([...reference.uniform(8, draw(0, 5))]);
    expect(second).toEqual([...reference.uniform(8, draw(1, 5))]);
    expect(again).toEqual(first);
  });

  test.each([-1, 0.5, 2 ** 53, Number.NaN])("a seed of %d is refused", async (bad) => {
    const message = await messageOf(AttributeError, () => createRng(device, bad));
    expect(message).toMatch(/^createRng: seed must be a whole number in \[0, 2\^53\)/);
  });

  test("a step beyond 32 bits is refused", async () => {
    const message = await messageOf(AttributeError, () => createRng(device, 0, 2 ** 32));
    expect(message).toBe("createRng: step must be a whole number in [0, 2^32); got 4294967296");
  });
});

describe("bernoulli", () => {
  test.each([0, 0.3, 0.5, 1])("of %d is 1 where the uniform number is below", async (p) => {
    const rng = createRng(device, SEED, 7);
    uniform(rng, [4]); // stream 0
    const drawn = bernoulli(rng, [7, 11, 13], p);
    expect(drawn.shape).toEqual([7, 11, 13]);
    const wanted = [...reference.uniform(1001, draw(1, 7))];
    expect(await values(drawn)).toEqual(wanted.map((u) => Number(u < Math.fround(p))));
  });

  test("of nothing is nothing", async () => {
    expect(await values(bernoulli(createRng(device, SEED), [0, 3], 0.5))).toEqual([]);
  });
});

describe("draws that can't be", () => {
  const rng = createRng(device, SEED);
  const other: typeof rng = JSON.parse('{ "nextStream": 0 }');
  test.each([
    [() => uniform(other, [2]), "uniform: rng must be an Rng: see createRng; got"],
    [() => normal(other, [2]), "normal: rng must be an Rng"],
    [() => bernoulli(other, [2], 0.5), "bernoulli: rng must be an Rng"],
    [() => uniform(rng, [2], 1, 0), "uniform: low must be at most high; got 1 and 0"],
    [() => uniform(rng, [2], 0, Infinity), "uniform: high must be a finite number; got Inf"],
    [() => uniform(rng, [2], Number.NaN), "uniform: low must be a finite number; got NaN"],
    [() => normal(rng, [2], Infinity), "normal: mean must be a finite number; got Infinity"],
    [() => normal(rng, [2], 0, -1), "normal: deviation must be a finite number ≥ 0; got -1"],
    [() => bernoulli(rng, [2], 1.5), "bernoulli: probability must be a number in [0, 1]; got"],
    [() => bernoulli(rng, [2], -0.1), "bernoulli: probability must be a number in [0, 1]"],
    [() => bernoulli(rng, [2], Number.NaN), "bernoulli: probability must be a number in [0"],
  ])("%o are refused", async (call, says) => {
    expect(await messageOf(AttributeError, call)).toContain(says);
    expect(rng.nextStream).toBe(0);
  });

  test.each([
    ["uniform", () => uniform(rng, [2, -1])],
    ["normal", () => normal(rng, [2.5])],
    ["bernoulli", () => bernoulli(rng, [Number.NaN], 0.5)],
  ])("%s of what isn't a shape is refused", async (op, call) => {
    expect(await messageOf(ShapeError, call)).toMatch(
      `${op}: shape must be a list of whole numbers`,
    );
  });
});

describe("dropout", () => {
  test("drops by the reference's mask, and backward drops the same", async () => {
    const rng = createRng(device, SEED, 2);
    uniform(rng, [4]); // stream 0
    const x = variable(upload(device, full([1003], 1)));
    const y = dropout(x, { rate: 0.3, rng });
    uniform(rng, [4]); // stream 2, drawn between forward and backward
    const [dx] = vectorJacobianArrays(y, upload(device, full([1003], 1)), [x]);
    const kept = [...reference.keepMask(1003, 0.3, draw(1, 2))];
    const expected = kept.map((keep) => (keep ? Math.fround(1 / 0.7) : 0));
    expect(await values(y.array)).toEqual(expected);
    expect(await values(dx!)).toEqual(expected);
  });

  test("lets go of infinities and NaN that it drops", async () => {
    const rng = createRng(device, SEED);
    const x = variable(upload(device, full([64], Number.NaN)));
    const dropped = await values(dropout(x, { rate: 0.5, rng }).array);
    const kept = [...reference.keepMask(64, 0.5, draw(0))];
    expect(dropped).toEqual(kept.map((keep) => (keep ? Number.NaN : 0)));
  });
});

describe("a program's steps", () => {
  test("draw anew each run, from the counter that the program itself advances", async () => {
    const rng = createRng(device, SEED);
    const program = await compile(device, "steps", () => {
      const out = uniform(rng, [8]);
      advance(device, [], rng);
      return { out };
    });
    for (const step of [0, 1, 2]) {
      await program.run();
      expect(await values(program.outputs.out)).toEqual([...reference.uniform(8, draw(0, step))]);
    }
    expect([...(await device.read(rng.state, "u32"))]).toEqual([...seed, 3]);
  });
});

describe("the dataset", () => {
  const IMAGES = 23;
  const SIZE = [3, 5, 1]; // 15 bytes an image: most begin inside a word
  const random = createRandom(21);
  const bytes = Uint8Array.from(randomRef([IMAGES, 15], random, 0, 255.99).data);
  const images = device.upload(bytes, [IMAGES, ...SIZE], "u8", "images");
  const classOf = (image: number): number => 255 - 7 * image; // bytes above 127 too
  const labels = device.upload(
    Uint8Array.from({ length: IMAGES }, (_, image) => classOf(image)),
    [IMAGES],
    "u8",
    "labels",
  );
  const FULL: BatchPlan = { batch: 8, steps: 3 };

  /** Which images a step has, as the reference shuffles them. */
  function shuffled(step: number, count: number, { batch, steps }: BatchPlan): number[] {
    return Array.from({ length: count }, (_, row) =>
      permute((step % steps) * batch + row, IMAGES, seed, Math.floor(step / steps)),
    );
  }

  /** Those images, in [−1, 1]. */
  function expected(step: number, count: number, plan: BatchPlan): number[] {
    return shuffled(step, count, plan).flatMap((image) =>
      [...bytes.subarray(image * 15, image * 15 + 15)].map((byte) => byte / 127.5 - 1),
    );
  }

  /** Pixels back to bytes: the nearest, and within float32's rounding of it. */
  function toBytes(pixels: readonly number[]): number[] {
    return pixels.map((pixel) => {
      const byte = Math.round((pixel + 1) * 127.5);
      expect(Math.abs(pixel - (byte / 127.5 - 1))).toBeLessThan(2e-7);
      return byte;
    });
  }

  /** Every image of an epoch in the order that the device gives, as strings of bytes. */
  async function epoch(number: number): Promise<string[]> {
    const found: string[] = [];
    for (let step = 0; step < FULL.steps; step++) {
      const count = Math.min(FULL.batch, IMAGES - step * FULL.batch); // the last of 7
      const at = number * FULL.steps + step;
      const rng = createRng(device, SEED, at);
      const batch = gatherBatch(images, rng, FULL, count);
      expect(batch.shape).toEqual([count, ...SIZE]);
      const pixels = await values(batch);
      const wanted = toBytes(expected(at, count, FULL));
      expect(toBytes(pixels)).toEqual(wanted);
      const classes = gatherLabels(labels, rng, FULL, count);
      expect([...(await classes.read("i32"))]).toEqual(shuffled(at, count, FULL).map(classOf));
      for (let i = 0; i < count; i++) found.push(wanted.slice(i * 15, i * 15 + 15).join());
    }
    return found;
  }

  test("an epoch has every image once with its class, each epoch in another order", async () => {
    const [first, second] = [await epoch(0), await epoch(1)];
    expect(new Set(first).size).toBe(IMAGES);
    expect(second.toSorted()).toEqual(first.toSorted());
    expect(second).not.toEqual(first);
  });

  test.each([1, 5, 22])("images in arrays of %i are gathered to the same bits", async (held) => {
    const parts = layOutShards(device, images.shape, "parts", 15 * held);
    expect(parts.map(({ shape }) => shape[0])).toEqual(
      Array.from({ length: Math.ceil(IMAGES / held) }, (_, i) => Math.min(held, IMAGES - i * held)),
    );
    writeShards(parts, new Uint8Array((await images.read("u8")).buffer));
    for (const step of [0, 2, 9]) {
      const count = step % FULL.steps === FULL.steps - 1 ? IMAGES % FULL.batch : FULL.batch;
      const [whole, apart] = [images, parts].map((each) =>
        gatherBatch(each, createRng(device, SEED, step), FULL, count),
      );
      expect(await apart!.read()).toEqual(await whole!.read());
    }
  });

  test("pixels 0 and 255 are exactly −1 and 1", async () => {
    const black = device.upload(Uint8Array.of(0, 255, 0, 255), [1, 2, 2, 1], "u8", "black");
    const plan = { batch: 1, steps: 1 };
    const batch = gatherBatch(black, createRng(device, SEED), plan, 1);
    expect(await values(batch)).toEqual([-1, 1, -1, 1]);
  });

  test("large epochs are permutations too", async () => {
    const count = 60_000;
    const numbers = new Uint8Array(count * 4);
    new Uint32Array(numbers.buffer).set(Array.from({ length: count }, (_, i) => i));
    const all = device.upload(numbers, [count, 2, 2, 1], "u8", "numbers");
    const plan = { batch: count, steps: 1 };
    const batch = gatherBatch(all, createRng(device, SEED, 3), plan, count);
    const pixels = await batch.read();
    const byte = (i: number): number => Math.round((pixels[i]! + 1) * 127.5);
    const order = Array.from(
      { length: count },
      (_, i) => byte(i * 4) + 256 * byte(i * 4 + 1) + 65_536 * byte(i * 4 + 2),
    );
    expect(new Set(order).size).toBe(count);
    const sampled = Array.from({ length: 60 }, (_, i) => i * 997);
    expect(sampled.map((i) => order[i])).toEqual(sampled.map((i) => permute(i, count, seed, 3)));
  });

  test.each([
    { count: 0, plan: FULL },
    { count: 9, plan: FULL },
    { count: 8, plan: { batch: 8, steps: 4 } },
  ])("$count images of $plan.batch in $plan.steps steps are refused", async ({ count, plan }) => {
    const rng = createRng(device, SEED);
    for (const call of [
      () => gatherBatch(images, rng, plan, count),
      () => gatherLabels(labels, rng, plan, count),
    ]) {
      expect(await messageOf(AttributeError, call)).toMatch(/don't fit a dataset of 23 images$/);
    }
  });
});
