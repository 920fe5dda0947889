// Samples as files for other programs: an .npz for NumPy, or CSV tables with a row per sample as Kaggle has digits.
import { zipSync } from "fflate";
import { encodeNpy, type NpyArray } from "../data/npy.ts";
import { drawImages, generatorInputs } from "../gan/samples.ts";
import type { Models } from "../gan/gan.ts";
import { toGray } from "../pictures/grid.ts";

/** Samples, and what they were drawn from. */
export interface DrawnSamples {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** (count, height, width, channels) in [−1, 1]. */
  readonly images: Float32Array<ArrayBuffer>;
  readonly latent: number;
  /** (count, latent). */
  readonly latents: Float32Array<ArrayBuffer>;
  /** What the generator was told of each sample, if it is told of anything. */
  readonly told: { readonly name: "classes" | "clusters"; readonly each: Int32Array } | undefined;
}

/** Draws samples as `drawSamples` does, and keeps their latents. */
export async function drawWithLatents(
  models: Models,
  seed: number,
  count: number,
  digit?: number,
): Promise<DrawnSamples> {
  const { latent, image, classes } = models.recipe;
  const inputs = await generatorInputs(models, seed, count, digit);
  const images = await drawImages(models, inputs, count);
  const width = inputs.length / count;
  const latents = new Float32Array(count * latent);
  const each = new Int32Array(count);
  for (let i = 0; i < count; i += 1) {
    const row = inputs.subarray(i * width, (i + 1) * width);
    latents.set(row.subarray(0, latent), i * latent);
    each[i] = row.subarray(latent).indexOf(1);
  }
  const name = classes === undefined ? "clusters" : "classes";
  return {
    count,
    height: image[0],
    width: image[1],
    channels: image[2],
    images,
    latent,
    latents,
    told: width > latent ? { name, each } : undefined,
  };
}

const EPOCH = new Date(1980, 0, 1); // the earliest time that a zip can hold: equal samples make equal files

/**
 * Returns samples as an .npz: `images` (N, H, W), or (N, H, W, 3) in colours, and `latents` (N, L) as float32, and `classes` or `clusters` (N) as
 * int32. Nothing is packed, as by numpy.savez.
 */
export function samplesNpz(samples: DrawnSamples): Uint8Array {
  const { count, height, width, channels, images, latent, latents, told } = samples;
  const colours = channels === 1 ? [] : [channels];
  const arrays: Readonly<Record<string, NpyArray>> = {
    images: { shape: [count, height, width, ...colours], data: images },
    latents: { shape: [count, latent], data: latents },
    ...(told ? { [told.name]: { shape: [count], data: told.each } } : {}),
  };
  return zipSync(
    Object.fromEntries(
      Object.entries(arrays).map(([name, array]) => [
        `${name}.npy`,
        [encodeNpy(array), { level: 0, mtime: EPOCH }] as const,
      ]),
    ),
  );
}

/** Returns samples as a table: `label` if the recipe has classes, then `pixel0` … with the levels 0 to 255. */
export function pixelsCsv({ count, height, width, images, told }: DrawnSamples): Uint8Array {
  const size = height * width;
  const levels = toGray(images);
  const labels = told?.name === "classes" ? told.each : undefined;
  return table([...(labels ? ["label"] : []), ...named("pixel", size)], count, (row) => [
    ...(labels ? [labels[row]!] : []),
    ...levels.subarray(row * size, (row + 1) * size),
  ]);
}

/** Returns what samples were drawn from as a table: `label` or `cluster` if there are any, then `z0` …. */
export function latentsCsv({ count, latent, latents, told }: DrawnSamples): Uint8Array {
  const first = told && (told.name === "classes" ? "label" : "cluster");
  return table([...(first ? [first] : []), ...named("z", latent)], count, (row) => [
    ...(told ? [told.each[row]!] : []),
    ...latents.subarray(row * latent, (row + 1) * latent),
  ]);
}

const named = (what: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${what}${i}`);

/** Returns a table as bytes. Row by row, because a text of all of them may be longer than JavaScript allows. */
function table(
  header: readonly string[],
  count: number,
  row: (index: number) => readonly number[],
): Uint8Array {
  const lines = [Buffer.from(`${header.join(",")}\n`)];
  for (let i = 0; i < count; i += 1) lines.push(Buffer.from(`${row(i).join(",")}\n`));
  return Buffer.concat(lines);
}
