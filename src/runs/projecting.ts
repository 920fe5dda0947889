// Projects a digit onto a run: reads it from a picture, and searches from the nearest random samples.
import { basename } from "node:path";
import { readFileBytes } from "../checkpoint/files.ts";
import { formatJson } from "../checkpoint/json.ts";
import { loadImages } from "../data/files.ts";
import { fromBytes } from "../data/pixels.ts";
import { type Models } from "../gan/gan.ts";
import { drawImages, generatorInputs } from "../gan/samples.ts";
import {
  asImage,
  errorBetween,
  errorsAgainst,
  project,
  type Projected,
} from "../gan/projection.ts";
import { CheckpointError, UsageError } from "../gpu/errors.ts";
import { addCaption } from "../pictures/caption.ts";
import { tileGrid, type GrayImage } from "../pictures/grid.ts";
import { encodePng } from "../pictures/png.ts";
import { readDigit } from "../pictures/read-digit.ts";
import type { Ui } from "./ui.ts";

/** How many random samples an error is compared with. The search starts from the nearest of them. */
export const SAMPLES = 1000;

const SIDE = 28;

/** A digit to be drawn. */
export interface Wanted {
  /** (28, 28) in [−1, 1]. */
  readonly pixels: Float32Array;
  /** For the output's name. */
  readonly name: string;
  /** What was done to the picture. */
  readonly note: string | undefined;
}

/** Returns the wanted image: a PNG or JPEG file, or `mnist:7` for number 7 of MNIST's test images, counted from 0. */
export async function readWanted(image: string): Promise<Wanted> {
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
      `${image}: must be the index of a test image, mnist:0 to mnist:${count - 1}`,
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

/** How near random samples are to the target. */
export interface Ground {
  /** The lowest error of any sample. */
  readonly nearest: number;
  /** The mean error between two of them. */
  readonly between: number;
  /** The inputs of the nearest ones. */
  readonly starts: Float32Array;
}

/** Draws random samples, and compares them with the target. Throws `CheckpointError` if they aren't finite. */
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
      `${run}: its generator draws values that are not finite: the run has diverged; train another one`,
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

/** Searches for the latent, and shows progress. A signal ends the search with the best so far. */
async function search(
  ui: Ui,
  models: Models,
  target: Float32Array,
  starts: Float32Array,
  steps: number,
): Promise<{ best: Projected; step: number }> {
  const bars = ui.bars("{bar} step {value}/{total} | error {error}");
  const bar = bars?.create(steps, 0, { error: "?" });
  const say = (line: string): void => {
    if (bars) bars.say(line);
    else ui.print(line);
  };
  const interrupt = ui.onInterrupt(say, "the best so far is kept");
  let told = 0;
  let last: { best: Projected; step: number } | undefined;
  try {
    for await (const progress of project(models, target, { starts, steps })) {
      last = progress;
      const { step, best } = progress;
      bar?.update(step, { error: best.error.toFixed(4) });
      const quarter = Math.floor((4 * step) / steps);
      if (!bars && quarter > told)
        ui.print(`Step ${step}/${steps}: error ${best.error.toFixed(4)}`);
      told = quarter;
      if (interrupt.asked()) break;
    }
  } finally {
    interrupt.release();
    bars?.stop();
  }
  return last!;
}

/** How to search. */
export interface ProjectRequest {
  readonly steps: number;
  readonly restarts: number;
  readonly seed: number;
  readonly digit?: number | undefined;
}

/** What a search found. */
export interface Found {
  readonly best: Projected;
  readonly ground: Ground;
  /** The steps that were done. */
  readonly step: number;
  /** The wanted image, the drawn one and their difference, as PNG. */
  readonly png: Uint8Array;
  /** All figures and the latent, as JSON. */
  readonly json: string;
}

/**
 * Searches for the latent from which a run draws an image best. Rejects with `CheckpointError` if it draws values that
 * aren't finite.
 */
export async function projectOnto(
  ui: Ui,
  models: Models,
  run: string,
  image: string,
  { pixels }: Wanted,
  { steps, restarts, seed, digit }: ProjectRequest,
): Promise<Found> {
  const target = await asImage(models, pixels, SIDE, SIDE);
  const ground = await compareSamples(models, target, { seed, digit, restarts }, run);
  const { best, step } = await search(ui, models, target, ground.starts, steps);
  const drawn = await drawImages(models, best.inputs, 1);
  const [height, width] = models.recipe.image;
  const { latent, error, norm } = best;
  const usual = Math.sqrt(latent.length);
  const found = { image, seed, restarts, steps: step, error, norm, usualNorm: usual };
  const { nearest, between } = ground;
  const scale = { samples: SAMPLES, nearestSample: nearest, betweenSamples: between };
  const record = { run, ...found, digit: best.digit, ...scale, latent: [...latent] };
  const png = encodePng(picture(target, drawn, height, width));
  return { best, ground, step, png, json: `${formatJson(record, 2)}\n` };
}

const WORDS = ["wanted", "drawn", "difference"];
const LETTERS = 14; // letters that fit under an image 168 pixels wide

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
