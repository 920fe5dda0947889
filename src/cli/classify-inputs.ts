// What `longhand classify` is given: PNGs, folders of them, grids of samples, IDX files; as digits of 28×28.
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { readFileBytes } from "../checkpoint/files.ts";
import { loadImagesFile } from "../data/files.ts";
import { CheckpointError, DataError, UsageError } from "../gpu/errors.ts";
import { fromBytes } from "../judge/judge.ts";
import { cellsOf, inverted, isDarkOnLight, toDigit } from "../pictures/digit-image.ts";
import { GAP_GRAY, type GrayImage } from "../pictures/grid.ts";
import { decodePng, isPng } from "../pictures/png.ts";

/** Images of one size to classify, (count, height, width) in [−1, 1], light on dark. */
export interface Input {
  readonly images: Float32Array;
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** What each image is called. */
  readonly names: readonly string[];
  /** The images' classes, where they are known. */
  readonly labels: Uint8Array | undefined;
  /** Set where the images are those of an IDX file. */
  readonly source: string | undefined;
}

const MOST_SIDE = 512; // of an IDX file's images, whose bytes all become floats

/** Reads everything that paths name. Throws `DataError` or `UsageError` before anything is classified. */
export async function readInputs(
  paths: readonly string[],
  labels: string | undefined,
): Promise<readonly Input[]> {
  const files = paths.flatMap(filesAt);
  const idx = files.filter((file) => !isPng(bytesOf(file)));
  if (labels !== undefined && (idx.length !== 1 || files.length !== 1)) {
    throw new UsageError(
      `--labels ${labels}: goes with one IDX file of images, and nothing else; got ${files.length} files`,
    );
  }
  const sets: Input[] = [];
  const digits: { readonly name: string; readonly image: GrayImage }[] = [];
  for (const file of files) {
    if (idx.includes(file)) sets.push(await readSet(file, labels));
    else digits.push(...readPng(file));
  }
  if (digits.length > 0) {
    const size = digits[0]!.image.pixels.length;
    const images = new Float32Array(digits.length * size);
    digits.forEach(({ image }, i) => images.set(fromBytes(image.pixels), i * size));
    const { width, height } = digits[0]!.image;
    const names = digits.map(({ name }) => name);
    const none = { labels: undefined, source: undefined };
    sets.unshift({ images, count: digits.length, height, width, names, ...none });
  }
  return sets;
}

/** A path's file, or the PNGs of its folder in order. */
function filesAt(path: string): string[] {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return [path];
  const found = readdirSync(path)
    .filter((name) => name.toLowerCase().endsWith(".png"))
    .toSorted();
  if (found.length === 0) throw new DataError(`${path}: holds no PNG file; name the files to read`);
  return found.map((name) => join(path, name));
}

function bytesOf(path: string): Uint8Array {
  try {
    return readFileBytes(path);
  } catch (error) {
    if (error instanceof CheckpointError) throw new DataError(error.message, { cause: error });
    throw error;
  }
}

/** The digit in a PNG, or those in a grid of samples. */
function readPng(file: string): { readonly name: string; readonly image: GrayImage }[] {
  const picture = decodePng(bytesOf(file), file);
  const cells = cellsOf(picture, GAP_GRAY);
  if (!cells) return [{ name: file, image: toDigit(picture, file) }];
  return cells.map(({ row, column, image }) => {
    const name = `${file} row ${row}, column ${column}`;
    return { name, image: toDigit(image, name) };
  });
}

async function readSet(file: string, labelsFile: string | undefined): Promise<Input> {
  const { images, count, height, width, labels } = await loadImagesFile(file, labelsFile);
  if (Math.max(height, width) > MOST_SIDE) {
    throw new DataError(
      `${file}: its images are ${width}×${height}; at most ${MOST_SIDE}×${MOST_SIDE} are classified`,
    );
  }
  // All images of a set are drawn alike, so its border is judged as one.
  const column: GrayImage = { width, height: height * count, pixels: images };
  const { pixels } = isDarkOnLight(column) ? inverted(column) : column;
  const names = Array.from({ length: count }, (_, i) => `${file} image ${i}`);
  return { images: fromBytes(pixels), count, height, width, names, labels, source: file };
}
