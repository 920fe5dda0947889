// Writes images of a tensor to a PNG file, as a grid.
import { crc32, deflateSync } from "node:zlib";
import type { HostArray } from "../gpu/array.ts";
import { AttributeError, ShapeError } from "../gpu/errors.ts";
import { show } from "../gpu/foreign-text.ts";
import { checkOptions, checkPath } from "../gpu/options.ts";
import { writeFileAtomic } from "./files.ts";

/** Images on a device: a tensor. */
export interface Images {
  readonly shape: readonly number[];
  readonly read: () => Promise<HostArray>;
}

/** How `savePng` shows images. */
export interface SavePngOptions {
  /** Images per row. Default: as many as make the grid about square. */
  readonly columns?: number;
  /** The values that are black and white; those outside are clamped. Default [−1, 1]. */
  readonly range?: readonly [black: number, white: number];
  /** Each value becomes a square of `scale` × `scale` pixels. Default 1. */
  readonly scale?: number;
}

const GAP = 2; // pixels between images and around them
const GAP_LEVEL = 72; // grey: images that are black at their edges don't run into each other
const MOST = 2 ** 28; // bytes of a picture

/**
 * Writes images to a PNG file, row by row in a grid. `images` is a tensor (N, H, W) or (N, H, W, 1) of grey values, or
 * (N, H, W, 3) of red, green and blue, in [−1, 1] unless a `range` is given. NaN is black. Rejects with `ShapeError` on
 * other shapes, `AttributeError` on other options, `OutputError` if the file can't be written.
 */
export async function savePng(
  path: string,
  images: Images,
  options: SavePngOptions = {},
): Promise<void> {
  checkPath("savePng", "the file", path);
  const [count, height, width, channels] = extentsOf(images);
  checkOptions("savePng", options, ["columns", "range", "scale"]);
  const { columns = Math.ceil(Math.sqrt(count)), range = [-1, 1], scale = 1 } = options;
  checkWhole("columns", columns);
  checkWhole("scale", scale);
  checkRange(range);
  const [stepX, stepY] = [width * scale + GAP, height * scale + GAP];
  const across = Math.min(columns, count);
  const wide = across * stepX + GAP;
  const high = Math.ceil(count / across) * stepY + GAP;
  const stride = 1 + wide * channels; // a row begins with the name of its filter: 0, none
  if (stride * high > MOST) {
    throw new ShapeError(
      `savePng: the grid must have at most ${MOST} bytes; got ${wide} × ${high} pixels: save fewer images, or a smaller scale`,
    );
  }
  const levels = levelsOf(await images.read(), range);
  const rows = new Uint8Array(stride * high).fill(GAP_LEVEL);
  for (let y = 0; y < high; y += 1) rows[stride * y] = 0;
  for (let i = 0; i < count; i += 1) {
    const [left, top] = [GAP + (i % across) * stepX, GAP + Math.floor(i / across) * stepY];
    for (let y = 0; y < height * scale; y += 1) {
      const from = (i * height + Math.floor(y / scale)) * width;
      for (let x = 0; x < width * scale; x += 1) {
        const pixel = (from + Math.floor(x / scale)) * channels;
        rows.set(
          levels.subarray(pixel, pixel + channels),
          stride * (top + y) + 1 + (left + x) * channels,
        );
      }
    }
  }
  writeFileAtomic(path, pngOf(wide, high, channels, rows));
}

/** Returns the number of images, their height, width and channels. Throws `ShapeError`. */
function extentsOf(images: Images): readonly [number, number, number, 1 | 3] {
  const given: unknown = images;
  const isTensor = typeof given === "object" && given !== null && "read" in given;
  const shape = isTensor && "shape" in given ? given.shape : undefined;
  if (Array.isArray(shape) && !shape.includes(0) && typeof images.read === "function") {
    const [count, height, width, channels = 1] = shape;
    const rank = shape.length;
    if ((rank === 3 || rank === 4) && (channels === 1 || channels === 3)) {
      return [count, height, width, channels];
    }
  }
  throw new ShapeError(
    `savePng: images must be a tensor (N, H, W), (N, H, W, 1) or (N, H, W, 3), with one image or more; got ${Array.isArray(shape) ? `shape (${shape.join(", ")})` : show(given)}`,
  );
}

function checkWhole(name: string, value: number): void {
  if (Number.isInteger(value) && value >= 1) return;
  throw new AttributeError(`savePng: ${name} must be a whole number ≥ 1; got ${show(value)}`);
}

function checkRange(range: readonly [number, number]): void {
  const isPair = Array.isArray(range) && range.length === 2 && Array.from(range).every(isFinite);
  if (isPair && range[0] !== range[1]) return;
  throw new AttributeError(
    `savePng: range must be two different numbers, those of black and of white, such as [0, 1]; got ${show(range)}`,
  );
}

const isFinite = (value: unknown): boolean => Number.isFinite(value);

/** Returns values as levels from 0 to 255, rounded and clamped; NaN is 0. */
function levelsOf(values: HostArray, [black, white]: readonly [number, number]): Uint8Array {
  // A clamped array turns NaN into 0, and rounds.
  return new Uint8Array(
    Uint8ClampedArray.from(values, (value) => ((value - black) / (white - black)) * 255).buffer,
  );
}

/** Returns a PNG file of rows that begin with their filters (PNG, third edition, W3C 2025). */
function pngOf(width: number, height: number, channels: 1 | 3, rows: Uint8Array): Uint8Array {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, channels === 1 ? 0 : 2], 8); // bits, grey or RGB
  return Buffer.concat([
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", new Uint8Array(0)),
  ]);
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(data.length, 0);
  ends.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
}
