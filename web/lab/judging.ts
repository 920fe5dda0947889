// The lab's part with the judge: what it takes the current samples for, how far they are from real digits, and a few real
// ones to compare with by eye.
import { fromBytes } from "../../src/data-bytes.ts";
import { drawImages, generatorInputs, type Models } from "../../src/gan.ts";
import {
  decodeRealSide,
  digitsOf,
  frechetAgainst,
  judgeImages,
  sizeOf,
  type RealSide,
} from "../../src/web.ts";
import type { Bench, Subject } from "./bench.ts";
import { loadedJudge } from "./judge.ts";
import { JUDGED, MEASURED } from "./judged.ts";
import { fetchBytes } from "./fetching.ts";

/** What the judge says of a network's samples. */
export interface Verdict {
  /** The training step after which they were drawn; undefined for the trained network. */
  readonly step: number | undefined;
  readonly count: number;
  /** How many of the samples it takes for each digit. */
  readonly counts: readonly number[];
  /** Its mean probability for the digit that it takes a sample for. */
  readonly confidence: number;
  /** The share of samples that it takes for the digit that was asked for; undefined if the recipe knows no digits. */
  readonly asked: number | undefined;
  /** How much the samples differ from each other, as a share of how much real digits do. NaN if they aren't finite. */
  readonly spread: number;
  /** The Fréchet distance to the training images; undefined if it wasn't asked for, or can't be computed. */
  readonly distance: number | undefined;
  readonly seconds: number;
}

/** What is known of the judge and of real digits. */
export interface JudgeFacts {
  /** The share of the test images that the judge gets right. */
  readonly accuracy: number;
  /** The share of each digit among the training images. */
  readonly expected: readonly number[];
  /** The Fréchet distance of as many real test images as samples are measured: what perfect samples would have. */
  readonly attainable: number;
}

/** What the page may ask for. */
export interface JudgingMethods {
  /** Paints real digits on the canvas "real", and says what is known of the judge. */
  showReal(): Promise<JudgeFacts>;
  /** Judges samples of a network's current weights; with `distance` more of them, and their Fréchet distance. */
  judge(subject: Subject, options: { readonly distance: boolean }): Promise<Verdict>;
}

// Always the same noise, so that only the weights change from verdict to verdict; none that is shown or evaluated.
const SEED = 3_000_000;
const CHUNK = 125; // samples per turn: others wait no longer than for these

/** Returns the part of the lab with the judge. */
export function judging(bench: Bench): JudgingMethods {
  return {
    async showReal() {
      await bench.open();
      const [judge, real] = [await loadedJudge(bench), await loadedReal()];
      const count = real.digits.length / SIDE ** 2;
      const array = bench.device.upload(fromBytes(real.digits), [count, SIDE, SIDE], "f32", "real");
      await bench.painter.paint("real", { array, count, height: SIDE, width: SIDE, columns: 10 });
      const images = real.counts.reduce((sum, each) => sum + each, 0);
      return {
        accuracy: judge.accuracy,
        expected: real.counts.map((each) => each / images),
        attainable: real.attainable.find(({ count: of }) => of === MEASURED)!.distance,
      };
    },
    async judge(subject, { distance }) {
      const [judge, real] = [await loadedJudge(bench), await loadedReal()];
      const models = await bench.models(subject);
      const began = performance.now();
      const count = distance ? MEASURED : JUDGED;
      const step = subject === "run" ? bench.run!.step : undefined;
      const images = await samplesOf(bench, models, count);
      const [height, width] = models.recipe.image;
      const isFinite = images.every(Number.isFinite);
      const judged = await bench.turn(() => judgeImages(judge, images, count, height, width));
      const digits = digitsOf(judged);
      const { classes } = models.recipe;
      return {
        step,
        count,
        counts: countsOf(digits),
        confidence: meanOf(
          Array.from(digits, (digit, row) => judged.probabilities[row * CLASSES + digit]!),
        ),
        asked:
          classes === undefined
            ? undefined
            : meanOf(Array.from(digits, (digit, row) => Number(digit === row % classes))),
        spread: isFinite
          ? spreadOf(images, count, classes) / realSpread(real, classes)
          : Number.NaN,
        distance: distance && isFinite ? frechetAgainst(real, judge, judged) : undefined,
        seconds: (performance.now() - began) / 1000,
      };
    },
  };
}

const SIDE = 28;
const CLASSES = 10;

let loading: Promise<RealSide> | undefined;

/** Returns the real side of the distance. It needs no device. */
function loadedReal(): Promise<RealSide> {
  loading ??= fetchBytes(new URL("../assets/real.safetensors", import.meta.url))
    .then((bytes) => decodeRealSide(bytes, "the real digits"))
    .catch((error: unknown) => {
      loading = undefined; // so that one may try again
      throw error;
    });
  return loading;
}

async function samplesOf(bench: Bench, models: Models, count: number): Promise<Float32Array> {
  const inputs = await bench.turn(() => generatorInputs(models, SEED, count));
  const length = inputs.length / count;
  const size = sizeOf(models.recipe.image);
  const images = new Float32Array(count * size);
  for (let first = 0; first < count; first += CHUNK) {
    const rows = Math.min(CHUNK, count - first);
    const part = inputs.slice(first * length, (first + rows) * length);
    images.set(await bench.turn(() => drawImages(models, part, rows)), first * size);
  }
  return images;
}

const countsOf = (digits: Uint8Array): number[] =>
  Array.from({ length: CLASSES }, (_, digit) => digits.filter((each) => each === digit).length);

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** The variance between images that were drawn as the same class (in turn), pixel by pixel; the mean over all pixels. */
function spreadOf(images: Float32Array, count: number, classes = 1): number {
  const size = images.length / count;
  let total = 0;
  for (let group = 0; group < classes; group += 1) {
    for (let pixel = 0; pixel < size; pixel += 1) {
      let [sum, squares, rows] = [0, 0, 0];
      for (let row = group; row < count; row += classes) {
        const value = images[row * size + pixel]!;
        sum += value;
        squares += value * value;
        rows += 1;
      }
      total += squares / rows - (sum / rows) ** 2;
    }
  }
  return total / (classes * size);
}

function realSpread({ digits }: RealSide, classes: number | undefined): number {
  return spreadOf(fromBytes(digits), digits.length / SIDE ** 2, classes);
}
