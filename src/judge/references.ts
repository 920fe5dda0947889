// The sets of known quality that an evaluation's figures are compared with. They are real digits, two kinds of collapse
// and two kinds of noise, and depend only on the judge, the dataset and the count.
import type { Device } from "../gpu/device.ts";
import { createRng, normal, uniform, type Rng } from "../kernels/random.ts";
import {
  evenly,
  figuresOf,
  frechetsOf,
  imagesAt,
  judgeAll,
  pick,
  type Comparison,
  type Gaussians,
  type ImageStack,
  type JudgedDataset,
  type OnProgress,
} from "./comparison.ts";
import type { FrechetFigures, SetFigures, Reference } from "./figures.ts";
import type { Judge, Judged } from "./judge.ts";

/** The figures of every set of known quality. */
export type References = Readonly<Record<Reference, SetFigures>>;
/** The Fréchet distances of every set of known quality. */
export type FrechetReferences = Readonly<Record<Reference, FrechetFigures>>;

const REPEATED = 100;
/** The noise's σ in units of [−1, 1]: a tenth of the range from black to white. */
const SIGMA = 0.2;
const NOISE_SEED = 0;
const NOISE_STEP = 2 ** 32 - 3; // its own draws, separate from those of training and sampling

/** Judges the sets of known quality, with `count` images each, but no more than there are test images. */
export async function judgeReferences(
  judge: Judge,
  { test: judged }: JudgedDataset,
  test: ImageStack,
  count: number,
  onProgress: (set: Reference, done: number, total: number) => void = () => undefined,
): Promise<Readonly<Record<Reference, Judged>>> {
  const rows = evenly(test.count, count);
  const noisy = imagesAt(test, rows);
  const draws = createRng(judge.device, NOISE_SEED, NOISE_STEP);
  await addNoise(judge.device, draws, noisy);
  const { height, width } = test;
  const shape = { count: rows.length, height, width };
  const progressOf =
    (set: Reference): OnProgress =>
    (done, total) =>
      onProgress(set, done, total);
  return {
    real: pick(judged, rows),
    repeated: pick(
      judged,
      rows.map((_, at) => rows[at % Math.min(REPEATED, rows.length)]!),
    ),
    single: pick(
      judged,
      rows.map(() => rows[0]!),
    ),
    noisy: await judgeAll(judge, { images: noisy, ...shape }, progressOf("noisy")),
    noise: await judgeAll(
      judge,
      { images: await uniform(draws, [rows.length, height, width], -1, 1).read(), ...shape },
      progressOf("noise"),
    ),
  };
}

async function addNoise(device: Device, draws: Rng, images: Float32Array): Promise<void> {
  const noise = await device.scope(() => normal(draws, [images.length], 0, SIGMA)).read();
  for (const [at, value] of images.entries()) {
    images[at] = Math.min(1, Math.max(-1, value + noise[at]!));
  }
}

/** Returns all figures of the sets of known quality. */
export async function referenceFigures(
  sets: Readonly<Record<Reference, Judged>>,
  dataset: JudgedDataset,
  comparison: Comparison,
  onProgress: (set: Reference, done: number, total: number) => void = () => undefined,
): Promise<References> {
  const of = async (set: Reference): Promise<SetFigures> =>
    figuresOf(sets[set], comparison, (done, total) => onProgress(set, done, total));
  const frechets = referenceFrechets(sets, dataset, comparison);
  const real = await of("real");
  return {
    real: { ...real, figures: { ...real.figures, ...frechets.real } },
    repeated: await of("repeated"),
    single: await of("single"),
    noisy: await of("noisy"),
    noise: await of("noise"),
  };
}

/**
 * Returns the Fréchet distances of the sets of known quality. Test images can't be measured against themselves: the
 * distance of real digits to the test set is that of the same number of training images.
 */
export function referenceFrechets(
  sets: Readonly<Record<Reference, Judged>>,
  { train }: JudgedDataset,
  gaussians: Gaussians,
): FrechetReferences {
  const of = (judged: Judged): FrechetFigures => frechetsOf(judged, gaussians);
  const others = of(pick(train, evenly(train.count, sets.real.count)));
  return {
    real: { ...of(sets.real), frechetTest: others.frechetTest },
    repeated: of(sets.repeated),
    single: of(sets.single),
    noisy: of(sets.noisy),
    noise: of(sets.noise),
  };
}
