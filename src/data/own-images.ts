// Collects a person's own images for training: pictures of any size, IDX files, drawings. It runs in browsers too; the
// caller decodes pictures.
import { DataError } from "../gpu/errors.ts";
import { fitGray, type Fitted, type Gray } from "./fit-image.ts";
import { imageSet, parseIdx, type IdxFile, type ImageSet } from "./idx.ts";

/** Whether images are turned light on dark: each as it needs it, none, or all. */
export type Invert = "auto" | "never" | "always";

/** How the collected images are handed over. */
export interface OwnOptions {
  /** Default `auto`. */
  readonly invert?: Invert;
  /** Whether rows and columns are exchanged, as EMNIST needs it (false). */
  readonly transpose?: boolean;
  /** Only the first so many images are handed over (all). */
  readonly most?: number;
  /** Images are repeated, all of them alike, until there are at least so many (1). */
  readonly least?: number;
}

/** A file that isn't used, and why. */
export interface SkippedFile {
  readonly name: string;
  readonly reason: string;
}

/** Images as they come in. */
export interface OwnImages {
  readonly count: number;
  /** Whether there are images, and all of them have labels. */
  readonly isLabelled: boolean;
  readonly skipped: readonly SkippedFile[];
  /**
   * Adds a picture. Its label is the one given, or its folder's name if that is a digit. Skips it if it is blank, or
   * one too many.
   */
  readonly addPicture: (path: string, gray: Gray, label?: number) => void;
  /** Adds the images of an IDX file, and their labels. Skips those that are one too many. */
  readonly addSet: (set: ImageSet, name: string) => void;
  /** Names a file that isn't used. Of the reason only the first line is kept. */
  readonly skip: (name: string, reason: string) => void;
  /** Returns the images so far. They have labels if every one of them does. Throws `DataError` if there are none. */
  readonly images: (options?: OwnOptions) => ImageSet;
}

/** A file of a person's, in memory. */
export interface OwnFile {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const MOST_IMAGES = 100_000; // 75 MiB at 28×28
const MOST_UNPACKED = 2 ** 28; // bytes of one file
const LIGHT = 128;

/** Starts a collection of images of one size. */
export function collectImages(height: number, width: number): OwnImages {
  const kept: { readonly fitted: Fitted; readonly label: number | undefined }[] = [];
  const skipped: SkippedFile[] = [];
  const skip = (name: string, reason: string): void => {
    skipped.push({ name, reason: reason.split("\n")[0]! });
  };
  return {
    get count() {
      return kept.length;
    },
    get isLabelled() {
      return kept.length > 0 && kept.every(({ label }) => label !== undefined);
    },
    skipped,
    skip,
    addPicture(path, gray, label = labelOf(path)) {
      if (kept.length === MOST_IMAGES) return skip(path, `there are ${MOST_IMAGES} images already`);
      const fitted = fitGray(gray, height, width);
      if (fitted.blank) return skip(path, "it is blank: all its pixels are the same");
      kept.push({ fitted, label });
    },
    addSet({ images, count, height: rows, width: columns, labels }, name) {
      const room = Math.min(count, MOST_IMAGES - kept.length);
      const size = rows * columns;
      for (let i = 0; i < room; i += 1) {
        const pixels = images.subarray(i * size, (i + 1) * size);
        const fitted = fitGray({ width: columns, height: rows, pixels }, height, width);
        kept.push({ fitted, label: labels?.[i] });
      }
      if (room < count) skip(name, `only its first ${room} images fit: ${MOST_IMAGES} at most`);
    },
    images({ invert = "auto", transpose = false, least = 1, most = Infinity } = {}) {
      const some = kept.slice(0, most);
      const count = some.length;
      if (count === 0) throw new DataError("images: there are none yet; add pictures or drawings");
      const size = height * width;
      const times = Math.ceil(least / count);
      const images = new Uint8Array(times * count * size);
      some.forEach(({ fitted: { pixels, ground } }, i) => {
        const turn = invert === "always" || (invert === "auto" && ground >= LIGHT);
        const own = transpose ? exchanged(pixels, height, width) : pixels;
        images.set(turn ? own.map((value) => 255 - value) : own, i * size);
      });
      for (let time = 1; time < times; time += 1)
        images.copyWithin(time * count * size, 0, count * size);
      const [rows, columns] = transpose ? [width, height] : [height, width];
      const known = some.flatMap(({ label }) => label ?? []);
      const labels =
        known.length < count
          ? undefined
          : Uint8Array.from({ length: times * count }, (_, i) => known[i % count]!);
      const classes = labels ? 1 + Math.max(...new Set(labels)) : 0;
      return { images, count: times * count, height: rows, width: columns, labels, classes };
    },
  };
}

/** Returns the digit that the last folder of a path is named; undefined if it is no digit. */
function labelOf(path: string): number | undefined {
  const folder = path.split("/").at(-2) ?? "";
  return /^\d$/.test(folder) ? Number(folder) : undefined;
}

function exchanged(pixels: Uint8Array, height: number, width: number): Uint8Array {
  return pixels.map((_, i) => pixels[(i % height) * width + Math.floor(i / height)]!);
}

/** Whether a file's first bytes are those of an IDX file, or of a gzipped file. */
export function looksLikeIdx([first, second, third]: Uint8Array): boolean {
  return (
    (first === 0 && second === 0 && third! >= 8 && third! <= 14) ||
    (first === 0x1f && second === 0x8b)
  );
}

/**
 * Adds IDX files, plain or gzipped, to a collection: each file of images, with the labels of as many entries, if there
 * are any among the files. Files that are damaged, or of which nothing comes, are skipped with the reason.
 */
export async function addIdxFiles(to: OwnImages, files: readonly OwnFile[]): Promise<void> {
  const parsed: { readonly name: string; readonly idx: IdxFile }[] = [];
  for (const { name, bytes } of files) {
    try {
      parsed.push({ name, idx: parseIdx(await unpacked(bytes, name), name) });
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      to.skip(name, withoutName(error.message, name));
    }
  }
  const used = new Set<string>();
  for (const { name, idx } of parsed.filter((file) => file.idx.shape.length !== 1)) {
    const labels = parsed.find(
      (file) =>
        file.idx.shape.length === 1 && file.idx.shape[0] === idx.shape[0] && !used.has(file.name),
    );
    try {
      const set = imageSet(idx, labels?.idx, { images: name, labels: labels?.name });
      if (labels) used.add(labels.name);
      to.addSet(set, name);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      to.skip(name, withoutName(error.message, name));
    }
  }
  for (const { name, idx } of parsed) {
    if (idx.shape.length !== 1 || used.has(name)) continue;
    to.skip(name, `it has ${idx.shape[0]} labels, but no file has as many images`);
  }
}

const withoutName = (message: string, name: string): string =>
  message.startsWith(`${name}: `) ? message.slice(name.length + 2) : message;

/** Unpacks gzipped bytes; returns others as they are. Throws `DataError` on damage and beyond 256 MiB. */
async function unpacked(bytes: Uint8Array<ArrayBuffer>, name: string): Promise<Uint8Array> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const reader = new Blob([bytes])
    .stream()
    .pipeThrough(new DecompressionStream("gzip"))
    .getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read().catch((error: unknown) => {
      throw new DataError(`${name}: its gzip data is damaged; fetch it again.`, { cause: error });
    });
    if (done) break;
    chunks.push(value);
    length += value.length;
    if (length <= MOST_UNPACKED) continue;
    await reader.cancel();
    throw new DataError(`${name}: unpacks to more than ${MOST_UNPACKED / 2 ** 20} MiB`);
  }
  const out = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    out.set(chunk, at);
    at += chunk.length;
  }
  return out;
}
