// `longhand project`: the generator's inverse. Finds the latent from which a run draws a given digit best.
import { basename, join } from "node:path";
import { formatJson } from "../checkpoint/json.ts";
import { readFileBytes, writeFileAtomic } from "../checkpoint/files.ts";
import { loadImages } from "../data/files.ts";
import { fromBytes } from "../data/pixels.ts";
import { drawImages, generatorInputs, type Models } from "../gan/gan.ts";
import {
  asImage,
  errorBetween,
  errorsAgainst,
  project,
  type Projected,
} from "../gan/projection.ts";
import { CheckpointError, UsageError } from "../gpu/errors.ts";
import { escapeText } from "../gpu/foreign-text.ts";
import { addCaption } from "../pictures/caption.ts";
import { tileGrid, type GrayImage } from "../pictures/grid.ts";
import { encodePng } from "../pictures/png.ts";
import { readDigit } from "../pictures/read-digit.ts";
import { onInterrupt } from "./interrupt.ts";
import { print } from "./print.ts";
import { createBars } from "./progress.ts";
import { withDevice } from "./session.ts";
import type { WhichCheckpoint } from "../runs/checkpoint-places.ts";
import { readTrainedRun } from "../runs/trained-models.ts";

/** The flags of `project`. */
export interface ProjectFlags {
  readonly steps?: number;
  readonly restarts?: number;
  readonly seed?: number;
  readonly digit?: number;
  readonly out?: string;
  readonly checkpoint?: WhichCheckpoint;
  readonly adapter?: string;
}

const SAMPLES = 1000; // random images that an error is measured by, and whose nearest are the starts
const MOST_RESTARTS = 256;
const SIDE = 28;

/** Projects an image, and leaves what was wanted, what was drawn and their difference as a PNG, and the latent as JSON. */
export async function projectCommand(
  run: string,
  image: string,
  flags: ProjectFlags,
): Promise<void> {
  const { restarts = 16, steps = 200, seed = 0, digit } = flags;
  if (restarts > MOST_RESTARTS) {
    throw new UsageError(`--restarts ${restarts}: choose at most ${MOST_RESTARTS}`);
  }
  const wanted = await readWanted(image);
  const out = flags.out ?? join(run, `projection-${wanted.name}.png`);
  if (!out.endsWith(".png")) {
    throw new UsageError(`--out ${out}: must end in .png; the JSON lies beside it`);
  }
  const trained = readTrainedRun(run, flags.checkpoint);
  await withDevice(flags.adapter, async (device, opened) => {
    print(opened.line);
    for (const note of trained.notes) print(note);
    if (wanted.note) print(wanted.note);
    const models = trained.models(device);
    const target = await asImage(models, wanted.pixels, SIDE, SIDE);
    const ground = await compareSamples(models, target, { seed, digit, restarts }, run);
    const { best, step } = await search(models, target, ground.starts, steps);
    const drawn = await drawImages(models, best.inputs, 1);
    const [height, width] = models.recipe.image;
    writeFileAtomic(out, encodePng(picture(target, drawn, height, width)));
    const { latent, error, norm } = best;
    const usual = Math.sqrt(latent.length);
    const found = { image, seed, restarts, steps: step, error, norm, usualNorm: usual };
    const { nearest, between } = ground;
    const scale = { samples: SAMPLES, nearestSample: nearest, betweenSamples: between };
    const json = out.replace(/\.png$/, ".json");
    const record = { run, ...found, digit: best.digit, ...scale, latent: [...latent] };
    writeFileAtomic(json, `${formatJson(record, 2)}\n`);
    if (step < steps) print(`Stopped at step ${step} of ${steps}; the best so far is kept.`);
    print(...summary(best, ground));
    print(`${out} (wanted, drawn, and wanted less drawn around mid-gray)`);
    print(json);
  });
}

interface Wanted {
  /** (28, 28) in [−1, 1]. */
  readonly pixels: Float32Array;
  /** For the output's name. */
  readonly name: string;
  /** What was done to it. */
  readonly note: string | undefined;
}

/** The wanted image: a PNG, or `mnist:7` for the seventh of MNIST's test images, counted from 0. */
async function readWanted(image: string): Promise<Wanted> {
  if (!image.startsWith("mnist:")) {
    const { pixels, inverted, fitted, evened, doubts } = readDigit(readFileBytes(image), image);
    const done = [
      ...(inverted ? ["it is dark on light, so it was inverted"] : []),
      ...(evened ? ["its uneven light was evened out"] : []),
      ...(fitted ? ["it was fitted to MNIST's size and place"] : []),
      ...(doubts.length > 0 ? [`doubtful: ${doubts.join("; ")}`] : []),
    ];
    const note = done.length > 0 ? `${image}: ${done.join("; ")}` : undefined;
    return { pixels, name: basename(image).replace(/\.(png|jpe?g)$/i, ""), note };
  }
  const { images, count, height, width } = await loadImages(undefined, "test");
  const digits = image.slice("mnist:".length);
  const index = Number(digits);
  if (!/^\d+$/.test(digits) || index >= count) {
    throw new UsageError(
      `${image}: takes the index of a test image, mnist:0 to mnist:${count - 1}`,
    );
  }
  const size = height * width;
  const bytes = images.subarray(index * size, (index + 1) * size);
  return {
    pixels: fromBytes(bytes),
    name: `mnist-${index}`,
    note: undefined,
  };
}

/** What random samples have to do with the target. */
interface Ground {
  /** The least error of any. */
  readonly nearest: number;
  /** The mean error between two of them. */
  readonly between: number;
  /** The inputs of the nearest ones. */
  readonly starts: Float32Array;
}

async function compareSamples(
  models: Models,
  target: Float32Array,
  { seed, digit, restarts }: { seed: number; digit: number | undefined; restarts: number },
  run: string,
): Promise<Ground> {
  const inputs = await generatorInputs(models, seed, SAMPLES, digit);
  const images = await drawImages(models, inputs, SAMPLES);
  if (!images.every(Number.isFinite)) {
    throw new CheckpointError(
      `${run}: its generator draws what is no number: the run has diverged; train another one`,
    );
  }
  const errors = errorsAgainst(images, SAMPLES, target);
  const order = [...errors.keys()].toSorted((a, b) => errors[a]! - errors[b]!);
  const width = inputs.length / SAMPLES;
  const starts = new Float32Array(restarts * width);
  order.slice(0, restarts).forEach((sample, row) => {
    starts.set(inputs.subarray(sample * width, (sample + 1) * width), row * width);
  });
  return { nearest: errors[order[0]!]!, between: errorBetween(images, SAMPLES), starts };
}

/** Searches under a progress bar; Ctrl-C ends it with the best so far. */
async function search(
  models: Models,
  target: Float32Array,
  starts: Float32Array,
  steps: number,
): Promise<{ best: Projected; step: number }> {
  const bars = createBars("{bar} step {value}/{total} | error {error}");
  const bar = bars?.create(steps, 0, { error: "?" });
  const say = (line: string): void => {
    if (bars) bars.log(`${escapeText(line)}\n`);
    else print(line);
  };
  const interrupt = onInterrupt(say, "the best so far is kept");
  let told = 0;
  let last: { best: Projected; step: number } | undefined;
  try {
    for await (const progress of project(models, target, { starts, steps })) {
      last = progress;
      const { step, best } = progress;
      bar?.update(step, { error: best.error.toFixed(4) });
      const quarter = Math.floor((4 * step) / steps);
      if (!bars && quarter > told) print(`Step ${step}/${steps}: error ${best.error.toFixed(4)}`);
      told = quarter;
      if (interrupt.asked()) break;
    }
  } finally {
    interrupt.release();
    bars?.stop();
  }
  return last!;
}

function summary(
  { error, norm, latent, digit }: Projected,
  { nearest, between }: Ground,
): string[] {
  const what = digit === undefined ? "" : `, as a ${digit}`;
  const usual = Math.sqrt(latent.length).toFixed(1);
  return [
    `Error ${error.toFixed(4)}${what}: the mean squared difference of a pixel, black and white being 2 apart.`,
    `The nearest of ${SAMPLES.toLocaleString("en")} random samples is ${nearest.toFixed(4)} off; two of them differ by ${between.toFixed(4)} on average.`,
    `The latent's norm is ${norm.toFixed(1)}, where random ones have ${usual} ± 0.7.`,
  ];
}

const WORDS = ["wanted", "drawn", "difference"];
const LETTERS = 14; // that fit under an image of 168 pixels

/** The wanted image, the drawn one, and half of their difference: mid-gray where they agree, lighter where ink is missing. */
function picture(
  wanted: Float32Array,
  drawn: Float32Array,
  height: number,
  width: number,
): GrayImage {
  const difference = wanted.map((value, i) => (value - drawn[i]!) / 2);
  const all = new Float32Array(3 * wanted.length);
  [wanted, drawn, difference].forEach((image, i) => all.set(image, i * wanted.length));
  const grid = tileGrid(all, 3, height, width, { columns: 3, scale: 6 });
  const line = WORDS.map((word) => {
    const before = Math.floor((LETTERS - word.length) / 2);
    return " ".repeat(before) + word.padEnd(LETTERS - before);
  });
  return addCaption(grid, line.join(""));
}
