// The inputs of `longhand classify`: pictures, folders of pictures, grids of samples and IDX files, read as digits.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { statusOf } from "../data/find-idx.ts";
import { readFileBytes } from "../checkpoint/files.ts";
import { loadImagesFile } from "../data/files.ts";
import { fromBytes } from "../data/pixels.ts";
import { CheckpointError, DataError, UsageError } from "../gpu/errors.ts";
import { SIDE } from "../judge/designs.ts";
import { isDarkOnLight } from "./sets/dark-on-light.ts";
import { isPicture, openPicture } from "../pictures/picture.ts";
import { cellsOf, couldBeGrid } from "../pictures/grid-cells.ts";
import { grayOf, readDigit } from "../pictures/read-digit.ts";

/** Images of one size to classify, (count, height, width) in [−1, 1], light on dark. */
export interface Input {
  readonly images: Float32Array;
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** The name of each image. */
  readonly names: readonly string[];
  /** For each image, why it may have been misread. */
  readonly doubts: readonly (readonly string[])[];
  /** The images' classes, if they are known. */
  readonly labels: Uint8Array | undefined;
  /** The IDX file that the images come from, if they come from one. */
  readonly source: string | undefined;
}

/** All inputs, and notes on what was skipped, one line each. */
export interface Inputs {
  readonly inputs: readonly Input[];
  readonly notes: readonly string[];
}

/** How an IDX file is to be read. */
export interface SetFlags {
  readonly labels?: string | undefined;
  readonly transpose?: boolean | undefined;
}

const MOST_SIDE = 512; // of an IDX file's images, because each of their bytes becomes a float
const MOST_TOLD = 5; // skipped files that are named, per folder

/**
 * Reads everything that `paths` name. In a folder, hidden files and pictures that can't be read are skipped, with a
 * note. Throws `DataError` or `UsageError` before anything is classified.
 */
export async function readInputs(paths: readonly string[], flags: SetFlags): Promise<Inputs> {
  const { labels } = flags;
  const notes: string[] = [];
  const pictures: Picture[] = [];
  const sets: Input[] = [];
  let files = 0;
  for (const path of paths) {
    if (statusOf(path)?.isDirectory()) {
      const folder = readFolder(path);
      pictures.push(...folder.pictures);
      notes.push(...folder.notes);
      files += folder.files;
      continue;
    }
    files += 1;
    const bytes = bytesOf(path);
    if (isPicture(bytes) || /\.(png|jpe?g)$/i.test(path))
      pictures.push(...readPicture(bytes, path));
    else {
      const set = await readSet(path, flags);
      sets.push(set.input);
      notes.push(...set.notes);
    }
  }
  if (labels !== undefined && (sets.length !== 1 || files !== 1)) {
    throw new UsageError(
      `--labels ${labels}: needs exactly one IDX file of images and nothing else; got ${files} files`,
    );
  }
  const sides = [...new Set(pictures.map(({ side }) => side))];
  const alike = sides.map((side) => joined(pictures.filter((each) => each.side === side)));
  return { inputs: [...alike, ...sets], notes };
}

/** One digit, (side, side) in [−1, 1]. */
interface Picture {
  readonly name: string;
  readonly side: number;
  readonly pixels: Float32Array;
  readonly doubts: readonly string[];
}

/** Joins pictures of one size into one input. */
function joined(pictures: readonly Picture[]): Input {
  const { side } = pictures[0]!;
  const images = new Float32Array(pictures.length * side * side);
  pictures.forEach(({ pixels }, i) => images.set(pixels, i * side * side));
  const names = pictures.map(({ name }) => name);
  const doubts = pictures.map((each) => each.doubts);
  const [count, height, width] = [pictures.length, side, side];
  return { images, count, height, width, names, doubts, labels: undefined, source: undefined };
}

const PICTURE_NAMES = /\.(png|jpe?g|jfif|webp|heic|heif|avif|gif|bmp|tiff?|jxl)$/i;
// Files that operating systems add to folders: `._0.png` and .DS_Store, Thumbs.db, desktop.ini.
const HIDDEN = /^(\..*|Thumbs\.db|desktop\.ini)$/i;

/** Reads the pictures of a folder in the order of their names. Throws `DataError` if none can be read. */
function readFolder(path: string): {
  readonly pictures: readonly Picture[];
  readonly notes: readonly string[];
  readonly files: number;
} {
  const entries = readdirSync(path, { withFileTypes: true }).filter(
    ({ name }) => name !== "__MACOSX",
  );
  const shown = entries.filter(({ name }) => !HIDDEN.test(name));
  const names = shown
    .filter((entry) => !entry.isDirectory() && PICTURE_NAMES.test(entry.name))
    .map(({ name }) => name)
    .toSorted();
  if (names.length === 0) throw new DataError(emptyWords(path, shown));
  const pictures: Picture[] = [];
  const refused: string[] = [];
  for (const name of names) {
    const file = join(path, name);
    try {
      pictures.push(...readPicture(bytesOf(file), file));
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      refused.push(error.message);
    }
  }
  if (pictures.length === 0) {
    const others = refused.length > 1 ? ` (and ${refused.length - 1} more that can't be read)` : "";
    throw new DataError(`${refused[0]!}${others}`);
  }
  const hidden = entries.length - shown.length;
  const told = refused.slice(0, MOST_TOLD).map((reason) => `Skipped: ${reason}`);
  const rest = refused.length - told.length;
  return {
    pictures,
    notes: [
      ...(hidden > 0
        ? [`${path}: ${hidden} hidden ${hidden === 1 ? "file was" : "files were"} skipped`]
        : []),
      ...told,
      ...(rest > 0 ? [`${path}: ${rest} more pictures can't be read and were skipped`] : []),
    ],
    files: names.length,
  };
}

/** Says what a folder without pictures holds, and what to do. */
function emptyWords(
  path: string,
  entries: readonly { readonly name: string; readonly isDirectory: () => boolean }[],
): string {
  const folders = entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .toSorted();
  const none = `${path}: holds no PNG or JPEG file`;
  if (folders.length === 0) return `${none}; name the files to read`;
  const some = folders
    .slice(0, 3)
    .map((name) => `${name}/`)
    .join(", ");
  const more = folders.length > 3 ? ", …" : "";
  return `${none}, but it has folders (${some}${more}); name those that hold pictures`;
}

function bytesOf(path: string): Uint8Array {
  try {
    return readFileBytes(path);
  } catch (error) {
    if (error instanceof CheckpointError) throw new DataError(error.message, { cause: error });
    throw error;
  }
}

/** Reads the digit in a picture, or the digits in a grid of samples. */
function readPicture(bytes: Uint8Array, file: string): Picture[] {
  const rows = openPicture(bytes, file);
  const cells = couldBeGrid(rows.width, rows.height) ? cellsOf(grayOf(rows)) : undefined;
  if (!cells) {
    const { pixels, doubts } = readDigit(bytes, file);
    return [{ name: file, side: SIDE, pixels, doubts }];
  }
  return cells.map(({ row, column, image }) => ({
    name: `${file} row ${row}, column ${column}`,
    side: image.width,
    pixels: fromBytes(image.pixels),
    doubts: [],
  }));
}

async function readSet(
  file: string,
  flags: SetFlags,
): Promise<{ readonly input: Input; readonly notes: readonly string[] }> {
  const set = await loadImagesFile(file, flags.labels, flags);
  const { images, count, height, width, labels } = set;
  if (Math.max(height, width) > MOST_SIDE) {
    throw new DataError(
      `${file}: images must be at most ${MOST_SIDE}×${MOST_SIDE}; got ${width}×${height}`,
    );
  }
  const light = isDarkOnLight(images, width) ? images.map((level) => 255 - level) : images;
  const names = Array.from({ length: count }, (_, i) => `${file} image ${i}`);
  const doubts = names.map(() => []);
  const size = { count, height, width };
  const input = { images: fromBytes(light), ...size, names, doubts, labels, source: file };
  return { input, notes: set.notes };
}
