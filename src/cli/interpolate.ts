// `longhand interpolate`: a walk through a run's latent space from seed to seed, as a PNG strip and a GIF.
import { join } from "node:path";
import { writeFileAtomic } from "../checkpoint/files.ts";
import { classInTurn, drawImages, generatorInputs, type Models } from "../gan/gan.ts";
import { walk } from "../gan/latent.ts";
import { UsageError } from "../gpu/errors.ts";
import { addCaption } from "../pictures/caption.ts";
import { encodeGif } from "../pictures/gif.ts";
import { tileGrid, type GrayImage } from "../pictures/grid.ts";
import { encodePng } from "../pictures/png.ts";
import { print } from "./print.ts";
import { createBars } from "./progress.ts";
import { withDevice } from "./session.ts";
import type { WhichCheckpoint } from "../runs/checkpoint-places.ts";
import { readTrainedRun } from "../runs/trained-models.ts";

/** The flags of `interpolate`. */
export interface InterpolateFlags {
  readonly seeds?: readonly number[];
  readonly from?: number;
  readonly to?: number;
  readonly steps?: number;
  readonly digit?: number;
  readonly out?: string;
  readonly checkpoint?: WhichCheckpoint;
  readonly adapter?: string;
}

const FRAME_MS = 100;
const MOST_SEEDS = 32;
const MOST_STEPS = 100; // a strip of more would be wider than viewers show

/** Walks from seed to seed, and leaves a strip with a row a leg, and a GIF that loops. */
export async function interpolateCommand(run: string, flags: InterpolateFlags): Promise<void> {
  const seeds = seedsOf(flags);
  const { steps = 10, out = join(run, "interpolation.png") } = flags;
  if (steps > MOST_STEPS) throw new UsageError(`--steps ${steps}: choose at most ${MOST_STEPS}`);
  if (!out.endsWith(".png")) {
    throw new UsageError(`--out ${out}: must end in .png; the GIF lies beside it`);
  }
  const trained = readTrainedRun(run, flags.checkpoint);
  await withDevice(flags.adapter, async (device, opened) => {
    print(opened.line);
    for (const note of trained.notes) print(note);
    const models = trained.models(device);
    const [height, width] = models.recipe.image;
    const legs = await drawLegs(models, seeds, steps, flags.digit);
    const all = joined(legs.flat());
    const columns = steps + 1;
    const strip = tileGrid(all, legs.length * columns, height, width, { columns });
    writeFileAtomic(out, encodePng(strip));
    const stops = [...seeds, ...(legs.length > 1 ? [seeds[0]] : [])].join(" to ");
    print(`${out} (seeds ${stops}: a row each leg, ${columns} images in it)`);
    const frames = framesOf(legs, seeds, height, width);
    const gif = out.replace(/\.png$/, ".gif");
    writeFileAtomic(gif, encodeGif(frames, { delayMs: FRAME_MS, lastDelayMs: FRAME_MS }));
    print(`${gif} (${frames.length} frames, in a loop)`);
  });
}

/** The seeds to visit. Throws `UsageError` where the walk would stand still. */
function seedsOf({ seeds, from, to }: InterpolateFlags): readonly number[] {
  if (from !== undefined || to !== undefined) {
    if (seeds) throw new UsageError("--seeds: lists all stops; leave --from and --to out");
    if (from === undefined || to === undefined) {
      const missing = from === undefined ? "--from" : "--to";
      throw new UsageError(`${missing}: missing; --from and --to are the two ends of one walk`);
    }
  }
  const stops = seeds ?? (from === undefined ? [0, 1, 2, 3, 4] : [from, to!]);
  const flag = seeds ? "--seeds" : "--from and --to";
  if (stops.length < 2 || stops.length > MOST_SEEDS) {
    throw new UsageError(`${flag}: name 2 to ${MOST_SEEDS} seeds; got ${stops.length}`);
  }
  const still = stops.findIndex((seed, index) => seed === stops[(index + 1) % stops.length]);
  if (still >= 0) {
    const why =
      still < stops.length - 1 || stops.length === 2
        ? "follows itself"
        : "is the first, where the walk ends anyway";
    throw new UsageError(`${flag}: ${stops[still]} ${why}, which is no way to go; leave it out`);
  }
  return stops;
}

/** The images of each leg, both ends included. Two seeds make one leg, as the way back is the same. */
async function drawLegs(
  models: Models,
  seeds: readonly number[],
  steps: number,
  digit: number | undefined,
): Promise<Float32Array[][]> {
  const { latent, classes } = models.recipe;
  const stops: Float32Array[] = [];
  for (const [index, seed] of seeds.entries()) {
    const each = digit ?? (classes === undefined ? undefined : classInTurn(index, classes));
    stops.push(await generatorInputs(models, seed, 1, each));
  }
  const way = walk(stops, steps, { closed: seeds.length > 2, latent });
  const bars = createBars("{bar} {value}/{total} legs");
  const bar = bars?.create(way.length, 0);
  try {
    const legs: Float32Array[][] = [];
    for (const leg of way) {
      const images = await drawImages(models, joined(leg), leg.length);
      const size = images.length / leg.length;
      legs.push(leg.map((_, index) => images.subarray(index * size, (index + 1) * size)));
      bar?.increment();
    }
    return legs;
  } finally {
    bars?.stop();
  }
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

/** The frames of the loop, each under the seed that it is nearest to. */
function framesOf(
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
