// The pictures of a run, written into its folder: grids, the GIF, the loss plot and the networks.
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { PNG } from "pngjs";
import { outputError, readFileBytes, writeFileAtomic } from "../../checkpoint/files.ts";
import type { ImageSet } from "../../data/idx.ts";
import { fromBytes } from "../../data/pixels.ts";
import { type Models } from "../../gan/gan.ts";
import { drawSamples } from "../../gan/samples.ts";
import type { StepRecord } from "../../gan/train-steps.ts";
import { CheckpointError } from "../../gpu/errors.ts";
import { wordsOf } from "../../gpu/foreign-text.ts";
import { type Network } from "../../nn/network.ts";
import { parameterCount } from "../../nn/parameters.ts";
import { addCaption } from "../../pictures/caption.ts";
import { encodePlanesGif } from "../../pictures/gif.ts";
import { encodeGrid } from "../../pictures/colour-grid.ts";
import type { GrayImage } from "../../pictures/grid.ts";
import { modelDiagram, type ModelPicture } from "../../pictures/model.ts";
import { rasterizeSvg } from "../../pictures/raster.ts";
import { readGrayPicture } from "../../pictures/read-digit.ts";
import type { RunFolder } from "../run-folder.ts";
import type { RunRecord } from "../run-record.ts";

/** Images per grid. */
export const GRID = 16;

/** Draws the grid of a run's 16 fixed latents to `path`, and returns the images, as floats in [−1, 1]. */
export async function writeGrid(models: Models, seed: number, path: string): Promise<Float32Array> {
  const images = await drawSamples(models, seed, GRID);
  writeFileAtomic(path, encodeGrid(images, GRID, models.recipe.image));
  return images;
}

/** Reads back a PNG that a run wrote. Throws `CheckpointError` if it can't be read. */
export function readGray(path: string): GrayImage {
  const bytes = readFileBytes(path);
  try {
    return readGrayPicture(bytes, path);
  } catch {
    throw new CheckpointError(
      `${path}: is not a picture that can be read; draw the run's samples again`,
    );
  }
}

/** Reads back a grid: one plane if it is grey, or red, green and blue. Throws `CheckpointError` as `readGray` does. */
function readPlanes(path: string): readonly GrayImage[] {
  const RGB = 2; // PNG's colour type, in its header
  const bytes = readFileBytes(path);
  const gray = readGray(path); // says what is wrong, if anything is
  if (bytes[25] !== RGB) return [gray];
  const { width, height, data } = PNG.sync.read(Buffer.from(bytes)); // red, green, blue, alpha
  return [0, 1, 2].map((c) => ({
    width,
    height,
    pixels: Uint8Array.from({ length: width * height }, (_, i) => data[4 * i + c]!),
  }));
}

interface Frame {
  readonly step: number;
  readonly label: string;
  readonly path: string;
}

/** Returns the grids of a run in the order of training, the untrained one first. */
export function framesOf(folder: RunFolder, record: RunRecord): readonly Frame[] {
  let names: string[];
  try {
    names = readdirSync(folder.samples);
  } catch (error) {
    throw outputError(folder.samples, error);
  }
  const untrained = { step: 0, label: "untrained", path: folder.untrained };
  const trained = names
    .flatMap((name): Frame[] => {
      const [, kind, digits] = /^(epoch|step)-(\d+)\.png$/.exec(name) ?? [];
      if (!kind || !digits) return [];
      const number = Number(digits);
      const step = kind === "epoch" ? number * record.stepsPerEpoch : number;
      return [{ step, label: `${kind} ${number}`, path: join(folder.samples, name) }];
    })
    .toSorted((a, b) => a.step - b.step);
  return [...(existsSync(folder.untrained) ? [untrained] : []), ...trained];
}

/** Writes the GIF of all grids, and returns their number. Throws `CheckpointError` if there are none. */
export function writeGif(folder: RunFolder, record: RunRecord): number {
  const frames = framesOf(folder, record);
  if (frames.length === 0) {
    throw new CheckpointError(`${folder.samples}: holds no grids yet; train for an epoch first`);
  }
  const pictures = frames.map(({ label, path }) =>
    readPlanes(path).map((plane) => addCaption(plane, label)),
  );
  writeFileAtomic(folder.gif, encodePlanesGif(pictures));
  return frames.length;
}

/**
 * Loads what draws the plot of both losses: slow, so it is for after the first step. Ctrl-C reaches the process that
 * compiles TypeScript too: what isn't loaded by then can't be.
 */
export const loadPlot = (): Promise<typeof import("../../pictures/plot.ts")> =>
  import("../../pictures/plot.ts");

/** Writes the plot of both losses. Calls `say` if a PNG of it can't be drawn. */
export async function writeLossPlot(
  folder: RunFolder,
  record: Pick<RunRecord, "recipe" | "batch" | "seed" | "stepsPerEpoch">,
  records: readonly StepRecord[],
  say: (line: string) => void,
): Promise<void> {
  const title = `${record.recipe}: batch ${record.batch}, seed ${record.seed}`;
  const { stepsPerEpoch } = record;
  const { lossPlot } = await loadPlot();
  await writeDrawing(folder.losses, lossPlot([...records], { title, stepsPerEpoch }), say);
}

/**
 * Writes what a new run begins with: samples of the data and of the untrained generator, and diagrams of both networks.
 */
export async function writeFirstPictures(
  folder: RunFolder,
  models: Models,
  data: ImageSet,
  seed: number,
  say: (line: string) => void,
): Promise<void> {
  writeFileAtomic(folder.trainingSamples, trainingGrid(data));
  await writeGrid(models, seed, folder.untrained);
  for (const network of [models.generator, models.discriminator]) {
    const drawing = modelDiagram([pictureOf(network)]);
    await writeDrawing(folder.network(network.name), drawing, say);
  }
}

/** The first 16 images of a dataset, in its own order and size: greys dark on light, colours as they are. */
function trainingGrid({ images, count, height, width, channels = 1 }: ImageSet): Uint8Array {
  const shown = Math.min(16, count);
  const values = fromBytes(images.subarray(0, shown * height * width * channels));
  return encodeGrid(values, shown, [height, width, channels], { invert: channels === 1 });
}

function pictureOf(network: Network): ModelPicture {
  return {
    name: network.name,
    inputShape: [...network.inputShape],
    layers: network.layers.map(({ layer, outputShape, parameters }) => ({
      name: layer.kind,
      detail: layer.detail,
      outputShape: [...outputShape],
      parameters: parameterCount(Object.values(parameters)),
    })),
  };
}

let saidWhy = false;

/**
 * Writes an SVG to `path`, and a PNG next to it. If the PNG can't be drawn, calls `say` once and goes on. An earlier
 * PNG is then removed, because it would no longer match the SVG.
 */
async function writeDrawing(path: string, svg: string, say: (line: string) => void): Promise<void> {
  writeFileAtomic(path, svg);
  const beside = path.replace(/\.svg$/, ".png");
  let png: Uint8Array;
  try {
    png = await rasterizeSvg(svg);
  } catch (error) {
    rmSync(beside, { force: true });
    if (!saidWhy) {
      const reason = wordsOf(error);
      say(`Plots are written only as SVG; PNGs can't be drawn: ${reason}`);
    }
    saidWhy = true;
    return;
  }
  writeFileAtomic(beside, png);
}
