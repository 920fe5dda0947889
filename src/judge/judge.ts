// A judge on a device: it says which digit an image shows, and computes the features by which sets are compared.
import { resize, softmax } from "../autograd/ops.ts";
import { noGrad, Tensor } from "../autograd/tensor.ts";
import type { GpuArray } from "../gpu/array.ts";
import { toFloats } from "../data/pixels.ts";
import type { Device } from "../gpu/device.ts";
import { CheckpointError, ShapeError } from "../gpu/errors.ts";
import { compile, type Program } from "../gpu/program.ts";
import { createRng } from "../kernels/random.ts";
import { sequential, type Network } from "../nn/network.ts";
import { CLASSES, designs, FEATURES, SIDE, type Design, type Which } from "./designs.ts";

export { FEATURES } from "./designs.ts";

// Draws are keyed by (seed, step, stream). Training never reaches this step, so initial weights are independent of it.
const FIRST_WEIGHTS = 2 ** 32 - 1;
const CHUNK = 250; // images per forward

/** A judge's networks, trained or not, and the programs that were compiled to run them. */
export interface JudgeNetworks {
  readonly device: Device;
  /** Images (N, 28, 28, 1) to features (N, FEATURES). */
  readonly body: Network;
  /** Features to logits (N, 10). */
  readonly head: Network;
  /** The programs by the images' number, height and width. */
  readonly readers: Map<string, Promise<Reader>>;
}

/** A program that judges some images of one size at once. */
export interface Reader {
  /** (count, height, width). Write them before each run. */
  readonly images: GpuArray;
  readonly program: Program<{ readonly features: GpuArray; readonly probabilities: GpuArray }>;
}

/** What is stored of a judge: how it was trained, how good it is, and its weights. */
export interface KeptJudge {
  readonly which: Which;
  /** The share of the test images that it classified correctly. */
  readonly accuracy: number;
  /** Identifies exactly these weights. */
  readonly fingerprint: string;
  readonly seed: number;
  readonly epochs: number;
  /** The adapter that it was trained on. */
  readonly adapter: string;
  readonly architecture: string;
  /** By network and parameter, such as `body.conv2d.filter`. */
  readonly weights: ReadonlyMap<string, Float32Array>;
}

/** A trained judge on a device. */
export interface Judge extends JudgeNetworks {
  /** `first` or `second`. */
  readonly name: Which;
  /** The share of the test images that it classified correctly, 0 to 1. */
  readonly accuracy: number;
  readonly fingerprint: string;
}

/** What a judge found in some images. */
export interface Judged {
  readonly count: number;
  /** (count, FEATURES) */
  readonly features: Float32Array;
  /** (count, 10): the probability of each digit, in order. */
  readonly probabilities: Float32Array;
}

/** Creates a judge's networks, with initial weights drawn from a seed. */
export function createNetworks(device: Device, design: Design, seed: number): JudgeNetworks {
  const draws = createRng(device, seed, FIRST_WEIGHTS);
  const body = sequential(device, "body", [SIDE, SIDE, 1], design.body(), draws);
  const head = sequential(device, "head", [FEATURES], design.head(), draws);
  return { device, body, head, readers: new Map() };
}

/** Returns every array of a judge's networks by name, such as `body.conv2d.filter`. */
export function weightsOf({ body, head }: JudgeNetworks): ReadonlyMap<string, GpuArray> {
  return new Map(
    [body, head].flatMap(({ name, state }) =>
      [...state].map(([key, array]): [string, GpuArray] => [`${name}.${key}`, array]),
    ),
  );
}

/** Puts a stored judge on a device. Throws `CheckpointError` if its weights don't fit its design. */
export function createJudge(device: Device, kept: KeptJudge): Judge {
  const networks = createNetworks(device, designs[kept.which], kept.seed);
  const arrays = weightsOf(networks);
  const found = [...arrays].map(([name, array]) => {
    const data = kept.weights.get(name);
    if (data?.length === array.size) return { array, data };
    throw new CheckpointError(
      `judge: ${name} has ${data?.length ?? "no"} values, but this version's ${kept.which} judge has ${array.size}; train it again`,
    );
  });
  for (const { array, data } of found) array.write(data);
  const { which: name, accuracy, fingerprint } = kept;
  return { ...networks, name, accuracy, fingerprint };
}

/** Compiles the program for `count` images of a size, once for each. */
function readerOf(
  judge: JudgeNetworks,
  height: number,
  width: number,
  count: number = CHUNK,
): Promise<Reader> {
  const { device, body, head, readers } = judge;
  const key = `${count}×${height}×${width}`;
  const known = readers.get(key);
  if (known) return known;
  const images = device.persistent([count, height, width, 1], "f32", "judge.images");
  const program = compile(device, `judge ${key}`, () =>
    noGrad(() => {
      const mode = { training: false };
      const fits = height === SIDE && width === SIDE;
      const size = [SIDE, SIDE] as const;
      const x = new Tensor(images);
      const features = body.forward(fits ? x : resize(x, { size, mode: "bilinear" }), mode);
      const probabilities = softmax(head.forward(features, mode));
      return { features: features.array, probabilities: probabilities.array };
    }),
  );
  const reader = program.then((compiled) => ({ images, program: compiled }));
  readers.set(key, reader);
  return reader;
}

/**
 * Judges images (count, height, width), bytes or floats in [−1, 1], with digits light on dark as in MNIST. Images of
 * another size than 28×28 are resized on the device (bilinear, half-pixel). The results of an image don't depend on the
 * others. Make one call at a time. `onProgress` is called with the number of images done. Throws `ShapeError` if
 * `images` has another number of values.
 */
export async function judgeImages(
  judge: JudgeNetworks,
  images: Uint8Array | Float32Array,
  count: number,
  height: number = SIDE,
  width: number = SIDE,
  onProgress: (done: number) => void = () => undefined,
): Promise<Judged> {
  const size = height * width;
  if (images.length !== count * size) {
    throw new ShapeError(
      `judge: images must have ${count * size} values for (${count}, ${height}, ${width}); got ${images.length}: pass the images' own count, height and width`,
    );
  }
  const features = new Float32Array(count * FEATURES);
  const probabilities = new Float32Array(count * CLASSES);
  if (count === 0) return { count, features, probabilities };
  const reader = await readerOf(judge, height, width);
  const chunk = new Float32Array(CHUNK * size);
  for (let first = 0; first < count; first += CHUNK) {
    const rows = Math.min(CHUNK, count - first);
    chunk.set(toFloats(images.subarray(first * size, (first + rows) * size)));
    reader.images.write(chunk);
    await reader.program.run();
    const { outputs } = reader.program;
    const read = await Promise.all([outputs.features.read(), outputs.probabilities.read()]);
    features.set(read[0].subarray(0, rows * FEATURES), first * FEATURES);
    probabilities.set(read[1].subarray(0, rows * CLASSES), first * CLASSES);
    onProgress(first + rows);
  }
  return { count, features, probabilities };
}

/**
 * Returns the probability of each digit for one image, (28, 28) in [−1, 1]. It takes a fraction of the time of
 * `judgeImages`, whose answers may differ in the last bits, because other numbers of images are computed otherwise.
 */
export async function judgeOne(
  judge: JudgeNetworks,
  image: Float32Array<ArrayBuffer>,
): Promise<Float32Array> {
  if (image.length !== SIDE * SIDE) {
    throw new ShapeError(
      `judgeOne: takes an image of ${SIDE}×${SIDE}; got ${image.length} values: see resizeImages`,
    );
  }
  const { images, program } = await readerOf(judge, SIDE, SIDE, 1);
  images.write(image);
  await program.run();
  return program.outputs.probabilities.read("f32");
}

/** Returns the most probable digit of each image; the smaller of two that are equally probable. */
export function digitsOf({ count, probabilities }: Judged): Uint8Array {
  return Uint8Array.from({ length: count }, (_, i) => {
    const row = probabilities.subarray(i * CLASSES, (i + 1) * CLASSES);
    return row.indexOf(Math.max(...row));
  });
}

/** Returns the share of images whose most probable digit is their label. */
export function accuracyOf(judged: Judged, labels: Uint8Array): number {
  const right = digitsOf(judged).filter((digit, i) => digit === labels[i]).length;
  return right / judged.count;
}
