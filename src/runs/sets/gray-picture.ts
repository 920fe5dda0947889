// Reads a PNG or a JPEG of any kind as an image of its own size, grey or in colours, for image sets. Nothing is fitted or
// evened out.
import { fitGray, grayOfPicture } from "../../data/fit-image.ts";
import { LUMA, sideBySide } from "../../data/gray-images.ts";
import { grayOfPng } from "../../data/png-gray.ts";
import { DataError } from "../../gpu/errors.ts";
import { upright, type Plane } from "../../pictures/orientation.ts";
import { openPicture, shrinkPicture } from "../../pictures/picture.ts";

const MOST_SIDE = 768; // pixels; networks take far smaller ones

/** A grey image, and whether it was in colour. */
export interface GrayPicture {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
  readonly coloured: boolean;
}

/**
 * Reads a picture by its content: colours by their luma, upright as EXIF says, on white under dark things and on black
 * under light ones where it is transparent. Throws `DataError` as `openPicture` does; errors call the file `name`.
 */
export function grayPicture(bytes: Uint8Array, name: string): GrayPicture {
  // Most sets are of plain PNGs, which node:zlib unpacks ten times faster than rows are read.
  const colour = colourOfPlain(bytes);
  if (colour !== undefined) return { ...grayOfPng(bytes, name), coloured: colour !== 0 };
  const rows = opened(bytes, name);
  const { width, height, orientation } = rows;
  const size = width * height;
  const luma = new Float32Array(size);
  let rgba: Uint8ClampedArray | undefined; // once a row isn't opaque
  let coloured = false;
  const { levels } = rows.each(({ x, y, dx, count, red, green, blue, alphas }) => {
    const isGray = red === green && red === blue;
    coloured ||= !isGray;
    for (let i = 0, at = y * width + x; i < count; i += 1, at += dx) {
      luma[at] = isGray ? red[i]! : LUMA[0] * red[i]! + LUMA[1] * green[i]! + LUMA[2] * blue[i]!;
    }
    if (!alphas && !rgba) return;
    rgba ??= asOpaque(luma);
    for (let i = 0, at = y * width + x; i < count; i += 1, at += dx) {
      rgba.fill(luma[at]!, 4 * at, 4 * at + 3);
      rgba[4 * at + 3] = alphas ? 255 * alphas[i]! : 255;
    }
  });
  const pixels = rgba
    ? grayOfPicture({ width, height, rgba }).pixels
    : Uint8Array.from(luma, (value) => Math.min(255, Math.round(value * levels)));
  if (orientation === 1) return { width, height, pixels, coloured };
  const turned = upright({ width, height, values: Float32Array.from(pixels) }, orientation);
  return {
    width: turned.width,
    height: turned.height,
    pixels: Uint8Array.from(turned.values),
    coloured,
  };
}

/** Opens a picture. Throws `DataError` as `openPicture` does, and on one that is too large. */
function opened(bytes: Uint8Array, name: string): ReturnType<typeof openPicture> {
  const rows = openPicture(bytes, name);
  const { width, height } = rows;
  if (width <= MOST_SIDE && height <= MOST_SIDE) return rows;
  throw new DataError(
    `${name}: is ${width}×${height}; images to train on have at most ${MOST_SIDE}×${MOST_SIDE}: shrink them all to one small size, such as 28×28`,
  );
}

/**
 * Reads a picture as `grayPicture` does, but keeps its colours: `pixels` is (height, width, 3). What is transparent gets
 * the same ground, white or black by its luma.
 */
export function colourPicture(bytes: Uint8Array, name: string): GrayPicture {
  const { planes, ...picture } = planesOf(opened(bytes, name));
  return { ...picture, pixels: sideBySide(planes) };
}

/**
 * Reads a picture of up to 4096×4096 and fits it into a square, as `fitGray` does: in luma for 1 channel, or each of its
 * colours for 3. Throws `DataError` as `openPicture` does.
 */
export function fittedPicture(
  bytes: Uint8Array,
  name: string,
  { channels, size }: { readonly channels: number; readonly size: number },
): GrayPicture {
  const { planes, width, height, coloured } = planesOf(openPicture(bytes, name));
  const [red, green, blue] = planes;
  const luma = (): Uint8Array =>
    red!.map((level, i) =>
      Math.round(LUMA[0] * level + LUMA[1] * green![i]! + LUMA[2] * blue![i]!),
    );
  const shown = channels === 3 ? planes : [coloured ? luma() : red!];
  const fitted = shown.map((pixels) => fitGray({ width, height, pixels }, size, size).pixels);
  const pixels = channels === 3 ? sideBySide(fitted) : fitted[0]!;
  return { width: size, height: size, pixels, coloured };
}

/** Returns the colours of a picture as levels, upright and opaque; of one above 768 pixels, shrunk by a whole factor. */
function planesOf(rows: ReturnType<typeof openPicture>): {
  readonly width: number;
  readonly height: number;
  readonly planes: readonly Uint8Array[];
  readonly coloured: boolean;
} {
  const { red, green, blue, alphas } = shrinkPicture(rows);
  const turned = [red, green, blue].map((plane) => upright(plane, rows.orientation));
  const alpha = alphas && upright(alphas, rows.orientation).values;
  const under = alpha ? groundUnder(turned, alpha) : 0;
  const planes = turned.map(({ values }) =>
    Uint8Array.from(values, (value, at) =>
      Math.min(255, Math.round(value + (1 - (alpha?.[at] ?? 1)) * under)),
    ),
  );
  const { width, height } = turned[0]!;
  return { width, height, planes, coloured: red !== green || red !== blue };
}

/** White under dark things, black under light ones, by the mean luma of what is opaque. Levels are times alpha. */
function groundUnder(planes: readonly Plane[], alpha: Float32Array): number {
  let [sum, opaque] = [0, 0];
  for (const [at, share] of alpha.entries()) {
    if (share < 0.5) continue;
    sum += LUMA.reduce((total, part, c) => total + part * planes[c]!.values[at]!, 0) / share;
    opaque += 1;
  }
  return opaque < alpha.length && sum / Math.max(1, opaque) >= 128 ? 0 : 255;
}

/** Returns a picture's levels as opaque greys. */
function asOpaque(luma: Float32Array): Uint8ClampedArray {
  const rgba = new Uint8ClampedArray(4 * luma.length);
  luma.forEach((level, at) => rgba.fill(level, 4 * at, 4 * at + 3));
  for (let at = 3; at < rgba.length; at += 4) rgba[at] = 255;
  return rgba;
}

// Parts of a PNG that say more than its pixels: transparency, gamma, orientation.
const TELLING = ["tRNS", "gAMA", "eXIf"];

/** Returns the colour type of a small PNG of opaque 8-bit pixels and nothing else; undefined for all other files. */
function colourOfPlain(bytes: Uint8Array): number | undefined {
  if (bytes.length < 57 || bytes[0] !== 0x89 || bytes[1] !== 0x50) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const [depth, colour = 0, , , interlaced] = bytes.subarray(24);
  if (depth !== 8 || ![0, 2, 3].includes(colour) || interlaced !== 0) return undefined;
  if (view.getUint32(16) > MOST_SIDE || view.getUint32(20) > MOST_SIDE) return undefined;
  for (let at = 8; at + 12 <= bytes.length; at += 12 + view.getUint32(at)) {
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (type === "IDAT") return colour;
    if (TELLING.includes(type)) return undefined;
  }
  return undefined;
}
