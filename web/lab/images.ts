// The lab's part for the visitor's own images: it decodes pictures and IDX files, shows what a network will see of them,
// and hands them to the next run.
import { fromBytes } from "../../src/data-bytes.ts";
import {
  addIdxFiles,
  collectImages,
  drawnDigit,
  grayOfPicture,
  looksLikeIdx,
  toGray,
  type Gray,
  type ImageSet,
  type OwnOptions,
  type SkippedFile,
  type Stroke,
} from "../../src/web.ts";
import type { Bench } from "./bench.ts";
import { breathe } from "./breathe.ts";

/** A file with its path in the folder that it came in. */
export interface Dropped {
  readonly path: string;
  readonly file: File;
}

/** What is known of the images so far. */
export interface ImageFacts {
  readonly count: number;
  readonly isLabelled: boolean;
  /** How many of them were drawn here. */
  readonly drawn: number;
  /** The files that aren't used: the first of them, and how many there are. */
  readonly skipped: readonly SkippedFile[];
  readonly skippedCount: number;
  /** How many images the next run trains on; undefined for those of the server. */
  readonly inUse: number | undefined;
}

/** What the page may ask for. */
export interface ImageMethods {
  /** Adds pictures and IDX files. `onProgress` is told how many of them are done. */
  addImages(files: readonly Dropped[], onProgress: (done: number) => unknown): Promise<ImageFacts>;
  /** Adds a digit drawn by hand. */
  addDrawing(strokes: readonly Stroke[], label: number | undefined): Promise<ImageFacts>;
  /** Forgets all images. */
  clearImages(): Promise<ImageFacts>;
  /** Paints the first images as a network will see them, so many per row. */
  previewImages(options: OwnOptions, columns: number): Promise<void>;
  /** Makes the next runs train on the images, or on those of the server again. */
  useImages(options: OwnOptions | undefined): Promise<ImageFacts>;
}

const SIDE = 28;
const SHOWN = 60;
const MOST_BYTES = 2 ** 26; // of a picture's file
const MOST_PIXELS = 2 ** 26;
const MOST_SIDE = 512; // a larger picture is shrunk by the browser first
const MOST_NAMED = 50; // of the skipped files
const CHUNK = 16;

/** Returns the part of the lab for the visitor's images; `images.own` is what the next run trains on. */
export function ownImages(bench: Bench, images: { own: ImageSet | undefined }): ImageMethods {
  let collection = collectImages(SIDE, SIDE);
  let drawn = 0;
  const facts = (): ImageFacts => ({
    count: collection.count,
    isLabelled: collection.isLabelled,
    drawn,
    skipped: collection.skipped.slice(0, MOST_NAMED),
    skippedCount: collection.skipped.length,
    inUse: images.own?.count,
  });

  return {
    async addImages(files, onProgress) {
      const into = collection;
      const idx: { readonly name: string; readonly bytes: Uint8Array<ArrayBuffer> }[] = [];
      for (let first = 0; first < files.length; first += CHUNK) {
        for (const { path, file } of files.slice(first, first + CHUNK)) {
          const start = new Uint8Array(await file.slice(0, 4).arrayBuffer());
          if (looksLikeIdx(start)) {
            idx.push({ name: path, bytes: new Uint8Array(await file.arrayBuffer()) });
            continue;
          }
          const found = await grayOfFile(file);
          if (typeof found === "string") into.skip(path, found);
          else into.addPicture(path, found);
        }
        await onProgress(Math.min(files.length, first + CHUNK));
        await breathe();
        if (into !== collection) return facts(); // they were forgotten meanwhile
      }
      await addIdxFiles(into, idx);
      return facts();
    },

    async addDrawing(strokes, label) {
      const pixels = toGray(drawnDigit(strokes));
      drawn += 1;
      collection.addPicture(`drawing ${drawn}`, { width: SIDE, height: SIDE, pixels }, label);
      return facts();
    },

    async clearImages() {
      collection = collectImages(SIDE, SIDE);
      drawn = 0;
      images.own = undefined;
      return facts();
    },

    async previewImages(options, columns) {
      if (collection.count === 0) return;
      const {
        images: bytes,
        count,
        height,
        width,
      } = collection.images({ ...options, most: SHOWN });
      const values = fromBytes(bytes);
      await bench.turn(async () => {
        const array = bench.device.upload(values, [count, height, width], "f32", "preview");
        await bench.painter.paint("preview", {
          array,
          count,
          height,
          width,
          columns: Math.min(columns, count),
        });
      });
    },

    async useImages(options) {
      images.own = options === undefined ? undefined : collection.images(options);
      return facts();
    },
  };
}

/** Decodes a picture to grey, or returns why it can't be. */
async function grayOfFile(file: File): Promise<Gray | string> {
  if (file.size === 0) return "it is empty";
  if (file.size > MOST_BYTES) return `it is larger than ${MOST_BYTES / 2 ** 20} MB`;
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    return "it is no picture that this browser reads, such as PNG or JPEG, and no IDX file";
  }
  try {
    if (bitmap.width * bitmap.height > MOST_PIXELS) {
      return `it has more than ${MOST_PIXELS / 2 ** 20} million pixels`;
    }
    const scale = Math.min(1, MOST_SIDE / Math.max(bitmap.width, bitmap.height));
    const width = Math.max(1, Math.round(bitmap.width * scale));
    const height = Math.max(1, Math.round(bitmap.height * scale));
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext("2d", { willReadFrequently: true })!;
    context.imageSmoothingQuality = "high";
    context.drawImage(bitmap, 0, 0, width, height);
    return grayOfPicture({ width, height, rgba: context.getImageData(0, 0, width, height).data });
  } finally {
    bitmap.close();
  }
}
