// The pictures of a run: grids, the GIF, the loss plot and the models, written into its folder.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { PNG } from "pngjs";
import { outputError, readFileBytes, writeFileAtomic } from "../checkpoint/files.ts";
import { drawSamples, type Models } from "../gan/gan.ts";
import type { StepRecord } from "../gan/train.ts";
import { CheckpointError } from "../gpu/errors.ts";
import { parameterCount, type Network } from "../nn/network.ts";
import { addCaption } from "../pictures/caption.ts";
import { encodeGif } from "../pictures/gif.ts";
import { tileGrid, type GrayImage } from "../pictures/grid.ts";
import { modelDiagram, type ModelPicture } from "../pictures/model.ts";
import { lossPlot } from "../pictures/plot.ts";
import { encodePng } from "../pictures/png.ts";
import type { RunFolder, RunRecord } from "./run-folder.ts";

/** Images of a run's grids. */
export const GRID = 16;

/** Draws the grid of a run's 16 fixed latents to `path`, and returns the images, as floats in [−1, 1]. */
export async function writeGrid(models: Models, seed: number, path: string): Promise<Float32Array> {
  const [height, width] = models.recipe.image;
  const images = await drawSamples(models, seed, GRID);
  writeFileAtomic(path, encodePng(tileGrid(images, GRID, height, width)));
  return images;
}

/** A PNG of ours, read back. Throws `CheckpointError` if it can't be. */
export function readGray(path: string): GrayImage {
  try {
    const { width, height, data } = PNG.sync.read(Buffer.from(readFileBytes(path)));
    const pixels = Uint8Array.from({ length: width * height }, (_, i) => data[4 * i]!);
    return { width, height, pixels };
  } catch (error) {
    if (error instanceof CheckpointError) throw error;
    throw new CheckpointError(`${path}: is no PNG that can be read; draw the run's samples again`);
  }
}

interface Frame {
  readonly step: number;
  readonly label: string;
  readonly path: string;
}

/** The grids of a run in the order of training, the untrained one first. */
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

/** Writes the GIF of all grids. Throws `CheckpointError` if there is none. */
export function writeGif(folder: RunFolder, record: RunRecord): number {
  const frames = framesOf(folder, record);
  if (frames.length === 0) {
    throw new CheckpointError(`${folder.samples}: holds no grids yet; train for an epoch first`);
  }
  const pictures = frames.map(({ label, path }) => addCaption(readGray(path), label));
  writeFileAtomic(folder.gif, encodeGif(pictures));
  return frames.length;
}

/** Writes the plot of both losses. */
export function writeLossPlot(
  folder: RunFolder,
  record: RunRecord,
  records: readonly StepRecord[],
): void {
  const title = `${record.recipe}: batch ${record.batch}, seed ${record.seed}`;
  const { stepsPerEpoch } = record;
  writeFileAtomic(folder.losses, lossPlot([...records], { title, stepsPerEpoch }));
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

/** Writes the picture of both networks. */
export function writeModels(folder: RunFolder, models: Models): void {
  const pictures = [pictureOf(models.generator), pictureOf(models.discriminator)];
  writeFileAtomic(folder.models, modelDiagram(pictures));
}
