// A walk through a generator's latent space from seed to seed: its images, and the frames of a loop.
import { type Models } from "../gan/gan.ts";
import { classInTurn, drawImages, generatorInputs } from "../gan/samples.ts";
import { walk } from "../gan/latent.ts";
import { addCaption } from "../pictures/caption.ts";
import { encodeGrid, planesOf } from "../pictures/colour-grid.ts";
import { encodePlanesGif } from "../pictures/gif.ts";
import { tileGrid, type GrayImage } from "../pictures/grid.ts";

/** Returns the images of each leg, both ends included. Two seeds make one leg, because the way back is the same. */
async function drawLegs(
  models: Models,
  seeds: readonly number[],
  steps: number,
  digit: number | undefined,
  onLeg: (done: number, total: number) => void = () => undefined,
): Promise<Float32Array[][]> {
  const { latent, classes } = models.recipe;
  const stops: Float32Array[] = [];
  for (const [index, seed] of seeds.entries()) {
    const each = digit ?? (classes === undefined ? undefined : classInTurn(index, classes));
    stops.push(await generatorInputs(models, seed, 1, each));
  }
  const way = walk(stops, steps, { closed: seeds.length > 2, latent });
  const legs: Float32Array[][] = [];
  onLeg(0, way.length);
  for (const leg of way) {
    const images = await drawImages(models, joined(leg), leg.length);
    const size = images.length / leg.length;
    legs.push(leg.map((_, index) => images.subarray(index * size, (index + 1) * size)));
    onLeg(legs.length, way.length);
  }
  return legs;
}

function joined(parts: readonly Float32Array[]): Float32Array<ArrayBuffer> {
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Returns the frames of the loop, each labelled with the nearest seed. */
function loopOf(
  legs: readonly (readonly Float32Array[])[],
  seeds: readonly number[],
  height: number,
  width: number,
): GrayImage[] {
  const there = legs.flatMap((leg, index) =>
    leg.slice(0, -1).map((image, step) => {
      const nearest = index + (2 * step >= leg.length ? 1 : 0);
      return { image, seed: seeds[nearest % seeds.length]! };
    }),
  );
  const [only] = legs.length === 1 ? legs : [];
  const last = only && { image: only.at(-1)!, seed: seeds[1]! };
  const back = last ? [last, ...there.slice(1).toReversed()] : [];
  return [...there, ...back].map(({ image, seed }) => {
    const picture = tileGrid(image, 1, height, width, { gap: 0, scale: 6 });
    const label = `seed ${seed}`;
    return addCaption(picture, label, label.length > 13 ? 1 : 2);
  });
}

/** How to draw a walk. */
export interface WalkRequest {
  /** Where to stop, in order. */
  readonly seeds: readonly number[];
  /** Steps from one seed to the next. */
  readonly steps: number;
  /** The digit to draw, for a conditional run (default: 0 to 9, one per seed). */
  readonly digit?: number | undefined;
  readonly onLeg?: (done: number, total: number) => void;
}

const FRAME_MS = 100;

/** Draws a walk: a strip with one row per leg as PNG, and the frames of its loop as GIF. */
export async function drawWalk(
  models: Models,
  { seeds, steps, digit, onLeg }: WalkRequest,
): Promise<{ png: Uint8Array; gif: Uint8Array; frames: number; legs: number }> {
  const { image: shape } = models.recipe;
  const [height, width] = shape;
  const legs = await drawLegs(models, seeds, steps, digit, onLeg);
  const columns = steps + 1;
  const strip = encodeGrid(joined(legs.flat()), legs.length * columns, shape, { columns });
  const planes = legs.map((leg) => leg.map((image) => planesOf(image, shape[2])));
  const loops = Array.from({ length: shape[2] }, (_, c) =>
    loopOf(
      planes.map((leg) => leg.map((image) => image[c]!)),
      seeds,
      height,
      width,
    ),
  );
  const frames = loops[0]!.map((_, i) => loops.map((loop) => loop[i]!));
  const gif = encodePlanesGif(frames, { delayMs: FRAME_MS, lastDelayMs: FRAME_MS });
  return { png: strip, gif, frames: frames.length, legs: legs.length };
}
