// What `longhand classify` is given: PNGs, folders of them, grids of samples, IDX files; as digits of 28×28.
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { readFileBytes } from "../checkpoint/files.ts";
import { loadImagesFile } from "../data/files.ts";
import { fromBytes } from "../data/pixels.ts";
import { CheckpointError, DataError, UsageError } from "../gpu/errors.ts";
import { SIDE } from "../judge/designs.ts";
import { cellsOf } from "../pictures/grid-cells.ts";
import { isPng, readDigit, readGrayPng } from "../pictures/read-digit.ts";

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
  const idx = files.filter((file) => !file.endsWith(".png") && !isPng(bytesOf(file)));
  if (labels !== undefined && (idx.length !== 1 || files.length !== 1)) {
    throw new UsageError(
      `--labels ${labels}: goes with one IDX file of images, and nothing else; got ${files.length} files`,
    );
  }
  const sets: Input[] = [];
  const pictures = new Map<number, Picture[]>(); // by their side
  for (const file of files) {
    if (idx.includes(file)) {
      sets.push(await readSet(file, labels));
      continue;
    }
    for (const picture of readPng(file)) {
      const alike = pictures.get(picture.side) ?? [];
      pictures.set(picture.side, [...alike, picture]);
    }
  }
  return [...[...pictures.values()].map(joined), ...sets];
}

/** A digit on its own: (side, side) in [−1, 1]. */
interface Picture {
  readonly name: string;
  readonly side: number;
  readonly pixels: Float32Array;
}

/** Pictures of one size as one input. */
function joined(pictures: readonly Picture[]): Input {
  const { side } = pictures[0]!;
  const images = new Float32Array(pictures.length * side * side);
  pictures.forEach(({ pixels }, i) => images.set(pixels, i * side * side));
  const names = pictures.map(({ name }) => name);
  const [count, height, width] = [pictures.length, side, side];
  return { images, count, height, width, names, labels: undefined, source: undefined };
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

/** The digit in a PNG, or those in a grid of samples as they were drawn. */
function readPng(file: string): Picture[] {
  const bytes = bytesOf(file);
  const cells = cellsOf(readGrayPng(bytes, file));
  if (!cells) return [{ name: file, side: SIDE, pixels: readDigit(bytes, file).pixels }];
  return cells.map(({ row, column, image }) => ({
    name: `${file} row ${row}, column ${column}`,
    side: image.width,
    pixels: fromBytes(image.pixels),
  }));
}

async function readSet(file: string, labelsFile: string | undefined): Promise<Input> {
  const { images, count, height, width, labels } = await loadImagesFile(file, labelsFile);
  if (Math.max(height, width) > MOST_SIDE) {
    throw new DataError(
      `${file}: its images are ${width}×${height}; at most ${MOST_SIDE}×${MOST_SIDE} are classified`,
    );
  }
  const light = isDarkOnLight(images, width) ? images.map((level) => 255 - level) : images;
  const names = Array.from({ length: count }, (_, i) => `${file} image ${i}`);
  return { images: fromBytes(light), count, height, width, names, labels, source: file };
}

/** Whether images are dark on light: by the mean of their first and last columns, as all of a set are drawn alike. */
function isDarkOnLight(images: Uint8Array, width: number): boolean {
  const rows = images.length / width;
  let sum = 0;
  for (let row = 0; row < rows; row += 1) {
    sum += images[row * width]! + images[row * width + width - 1]!;
  }
  return sum > 2 * 127.5 * rows;
}
