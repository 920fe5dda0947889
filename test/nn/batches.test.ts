// Datasets on the device, batch by batch; and models saved to files.
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import {
  adam,
  AttributeError,
  batches,
  CheckpointError,
  compile,
  createRng,
  DivergedError,
  layers,
  mean,
  MemoryError,
  sequential,
  ShapeError,
  square,
  tensor,
  type BatchOptions,
  type ImageBytes,
} from "../../src/index.ts";
import { load, open, save } from "../../src/node.ts";
import { messageOf } from "../support/message-of.ts";

const { device, close } = await open();
const folder = mkdtempSync(join(tmpdir(), "longhand-batches-"));
afterAll(() => {
  close();
  rmSync(folder, { recursive: true });
});

/** Ten images of 2×3, image i all of the byte 25·i, of class 9 − i. */
const set: ImageBytes = {
  images: Uint8Array.from({ length: 60 }, (_, i) => 25 * Math.floor(i / 6)),
  labels: Uint8Array.from({ length: 10 }, (_, i) => 9 - i),
  count: 10,
  height: 2,
  width: 3,
};

/** Which images the steps of a compiled walk give, and their classes. */
async function walked(
  options: Omit<BatchOptions, "rng">,
  steps: number,
  from = 0,
): Promise<{ images: number[][]; labels: number[][] }> {
  const data = batches(device, set, { ...options, rng: createRng(device, 7, from) });
  const step = await compile(device, "walk", () => ({ ...data.next() }));
  const images: number[][] = [];
  const labels: number[][] = [];
  for (let i = 0; i < steps; i += 1) {
    const batch = await step.run();
    expect(batch.images.shape).toEqual([options.batch, 2, 3, 1]);
    const values = await batch.images.read();
    const firsts = values.filter((_, at) => at % 6 === 0);
    expect(values).toEqual(values.map((_, at) => firsts[Math.floor(at / 6)]!));
    images.push(Array.from(firsts, (value) => Math.round(((value + 1) * 127.5) / 25)));
    labels.push([...(await batch.labels.read("i32"))]);
  }
  return { images, labels };
}

describe("batches", () => {
  test("go through every image once an epoch, in another order each, with their classes", async () => {
    const { images, labels } = await walked({ batch: 5 }, 6);
    const epochs = [0, 2, 4].map((at) => images.slice(at, at + 2).flat());
    for (const epoch of epochs) {
      expect(epoch.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }
    expect(new Set(epochs.map(String)).size).toBe(3);
    expect(labels).toEqual(images.map((batch) => batch.map((image) => 9 - image)));
    // The same seed and step give the same images, as a resumed script wants them.
    expect((await walked({ batch: 5 }, 2, 4)).images).toEqual(images.slice(4));
  });

  test("come in the dataset's order where they aren't shuffled", async () => {
    const { images } = await walked({ batch: 4, shuffle: false }, 3);
    expect(images).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [0, 1, 2, 3],
    ]);
  });

  test("have a smaller last one where nothing is dropped", async () => {
    const rng = createRng(device, 0, 2);
    const data = batches(device, set, { batch: 4, rng, shuffle: false, dropLast: false });
    expect([data.steps, data.last]).toEqual([3, 2]);
    expect([...(await data.next(data.last).labels.read("i32"))]).toEqual([1, 0]);
    const even = batches(device, set, { batch: 5, rng, dropLast: false });
    expect([even.steps, even.last]).toEqual([2, 5]);
  });

  test("refuse what doesn't fit", async () => {
    const rng = createRng(device, 0);
    const says = (of: object, options: object): Promise<string> =>
      messageOf(Error, () => Reflect.apply(batches, undefined, [device, of, options]));
    expect(await says(set, { batch: 11, rng })).toBe(
      "batches: batch must be at most the dataset's 10 images; got 11",
    );
    expect(await says({ ...set, images: new Uint8Array(59) }, { batch: 1, rng })).toBe(
      "batches: 10 images of 2×3 take 60 bytes; got 59",
    );
    expect(await says({ ...set, labels: new Uint8Array(9) }, { batch: 1, rng })).toBe(
      "batches: 10 images must have one label each; got 9",
    );
    expect(await says({ images: [1, 2] }, { batch: 1, rng })).toMatch(
      /^batches: the dataset must be images as bytes: .*, as mnist\(\) of longhand\/data returns them; got/,
    );
    expect(await says(set, { batch: 2 })).toMatch(/^batches: rng must be an Rng: see createRng/);
    const { labels: _, ...unlabelled } = set;
    const data = batches(device, unlabelled, { batch: 2, rng });
    expect(await messageOf(AttributeError, () => data.next().labels)).toMatch(/has no labels/);
    expect(() => batches(device, { ...set, images: new Uint8Array(1) }, { batch: 1, rng })).toThrow(
      ShapeError,
    );
  });
});

test("images that the device can't bind at once lie in several arrays; one that it can't is refused", async () => {
  const { device: small, close: end } = await open(undefined, { limits: "default" });
  try {
    const [side, count] = [4096, 9]; // eight of 16 MiB are all that WebGPU's default limits let a kernel see
    const images = new Uint8Array(count * side * side);
    const at = (image: number): number => (image + 1) * side * side - 1; // its last pixel
    for (const image of [7, 8]) {
      images[at(image)] = 10 * image;
      const rng = createRng(small, 0, image);
      const data = batches(
        small,
        { images, count, height: side, width: side },
        { batch: 1, rng, shuffle: false },
      );
      expect(data.steps).toBe(9);
      const pixels = await small.scope(() => data.next().images.array).read();
      expect(pixels.at(-1)).toBeCloseTo((10 * image) / 127.5 - 1, 6);
    }
    const rng = createRng(small, 0);
    const [height, width] = [2 ** 14, 2 ** 13 + 1];
    const one = { images: new Uint8Array(height * width), count: 1, height, width };
    expect(await messageOf(MemoryError, () => batches(small, one, { batch: 1, rng }))).toBe(
      'batches: an image must take at most 134217728 bytes, the limit of one binding on this device (maxStorageBufferBindingSize, maxBufferSize); got 16384×8193, 134234112 bytes: open the device with `limits: "adapter"` if its adapter has more, or give smaller images',
    );
  } finally {
    end();
  }
});

describe("a model in a file", () => {
  const path = join(folder, "m.safetensors");
  const model = (width: number, seed = 0) =>
    sequential(
      device,
      "m",
      [2],
      [layers.dense(width), layers.batchNorm()],
      createRng(device, seed),
    );

  test("comes back to the bit, and its optimizer too", async () => {
    const first = model(3);
    const optimizer = adam(first);
    const x = tensor(device, [
      [1, 2],
      [3, 5],
    ]);
    optimizer.step(mean(square(first.forward(x, { training: true }))));
    const second = model(3, 5);
    const other = adam(second);
    await save(first, path);
    load(second, path);
    await save(optimizer, join(folder, "o.safetensors"));
    load(other, join(folder, "o.safetensors"));
    for (const [a, b] of [
      [first, second],
      [optimizer, other],
    ] as const) {
      for (const [name, array] of a.state)
        expect(await b.state.get(name)!.read()).toEqual(await array.read());
    }
  });

  test("is refused where it is another model's or damaged, and changes nothing", async () => {
    await save(model(3), path);
    const wider = model(4);
    const before = await wider.arena.read();
    const says = (file: string): Promise<string> =>
      messageOf(CheckpointError, () => load(wider, file));
    expect(await says(path)).toContain(`${path}: `);
    truncateSync(path, 100);
    expect(await says(path)).toContain(`${path}: `);
    writeFileSync(path, "no tensors");
    expect(await says(path)).toContain(`${path}: `);
    expect(await says(join(folder, "absent.safetensors"))).toContain("absent.safetensors");
    expect(await wider.arena.read()).toEqual(before);
  });

  test("isn't written over by one that isn't finite", async () => {
    const sound = model(3);
    await save(sound, path);
    const bytes = readFileSync(path);
    sound.arena.write(new Float32Array(sound.arena.size).fill(Number.NaN));
    await expect(save(sound, path)).rejects.toThrow(DivergedError);
    expect(readFileSync(path)).toEqual(bytes);
  });
});

test("a scalar is read by item, and written by a number", async () => {
  const scalar = tensor(device, 2);
  expect(await scalar.item()).toBe(2);
  scalar.write(0.5);
  expect(await scalar.item()).toBe(0.5);
  const whole = tensor(device, [3], undefined, { dtype: "i32" });
  whole.write(-4);
  expect(await whole.item()).toBe(-4);
  expect(await messageOf(ShapeError, () => tensor(device, [1, 2]).item())).toBe(
    "item: the tensor must have one element; got (2): read() returns all of them",
  );
  expect(() => tensor(device, [1, 2]).write(1)).toThrow(ShapeError);
});
