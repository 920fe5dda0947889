// Reads a JPEG's pixels as levels. jpeg-js unpacks it: plain JavaScript without dependencies, typed, and it reads
// progressive files. WebAssembly decoders load asynchronously and never return their memory. The bounds are ours.

import { decode } from "jpeg-js";
import { DataError } from "../gpu/errors.ts";
import { orientationOf } from "./orientation.ts";
import { COLOURFUL } from "./colourful.ts";
import type { Rows } from "./picture.ts";
import { MOST_SIDE } from "./png-file.ts";

/** The header of a JPEG's frame. */
interface Frame {
  readonly width: number;
  readonly height: number;
  /** 1 to 8, as in EXIF. */
  readonly orientation: number;
}

/** Returns the rows of a JPEG. Throws `DataError` on damage, on unsupported kinds, and on sides above 4096 pixels. */
export function jpegRows(bytes: Uint8Array, name: string): Rows {
  const { width, height, orientation } = frameOf(bytes, name);
  return {
    width,
    height,
    orientation,
    each: (visit) => {
      const pixels = unpack(bytes, name);
      const [red, green, blue] = [0, 1, 2].map(() => new Float32Array(width)) as Colours;
      for (let y = 0; y < height; y += 1) {
        for (let x = 0, at = 3 * y * width; x < width; x += 1, at += 3) {
          red[x] = pixels[at]!;
          green[x] = pixels[at + 1]!;
          blue[x] = pixels[at + 2]!;
        }
        visit({ x: 0, y, dx: 1, count: width, red, green, blue, alphas: undefined });
      }
      return { levels: 1, alphas: 1, colourful: isColourful(pixels) };
    },
  };
}

type Colours = [red: Float32Array, green: Float32Array, blue: Float32Array];

function isColourful(pixels: Uint8Array): boolean {
  for (let i = 0; i < pixels.length; i += 3) {
    const [r, g, b] = [pixels[i]!, pixels[i + 1]!, pixels[i + 2]!];
    if (Math.max(r, g, b) - Math.min(r, g, b) >= COLOURFUL) return true;
  }
  return false;
}

function unpack(bytes: Uint8Array, name: string): Uint8Array {
  try {
    const options = { useTArray: true, formatAsRGBA: false, tolerantDecoding: false } as const;
    return decode(bytes, { ...options, maxResolutionInMP: 17, maxMemoryUsageInMB: 512 }).data;
  } catch (error) {
    throw damaged(name, "its pixels can't be unpacked", error);
  }
}

function damaged(name: string, what: string, cause?: unknown): DataError {
  return new DataError(`${name}: is a damaged JPEG: ${what}; save the picture again`, { cause });
}

const WITHOUT_LENGTH = new Set([0x01, 0xd0, 0xd1, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8]);
const FRAMES_NOT_READ: Readonly<Record<number, string>> = {
  0xc3: "lossless",
  0xc5: "hierarchical",
  0xc6: "hierarchical",
  0xc7: "lossless",
  0xc9: "arithmetic-coded",
  0xca: "arithmetic-coded",
  0xcb: "arithmetic-coded",
  0xcd: "arithmetic-coded",
  0xce: "arithmetic-coded",
  0xcf: "arithmetic-coded",
};

/** Walks a JPEG's markers (ITU T.81, B.1) to the header of its frame. */
function frameOf(bytes: Uint8Array, name: string): Frame {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let orientation = 1;
  for (let at = 2; at + 4 <= bytes.length;) {
    if (bytes[at] !== 0xff) throw damaged(name, "a marker is missing");
    const marker = bytes[at + 1]!;
    if (marker === 0xff) at += 1; // fill bytes
    else if (WITHOUT_LENGTH.has(marker)) at += 2;
    else {
      const body = bytes.subarray(at + 4, at + 2 + view.getUint16(at + 2));
      const isExif = String.fromCharCode(...body.subarray(0, 6)) === "Exif\0\0";
      if (marker === 0xe1 && isExif) orientation = orientationOf(body.subarray(6));
      const other = FRAMES_NOT_READ[marker];
      if (other) {
        throw new DataError(
          `${name}: is a JPEG of the ${other} kind, which can't be read; save it as PNG`,
        );
      }
      if (marker >= 0xc0 && marker <= 0xc2) return frameIn(body, orientation, bytes.length, name);
      if (marker === 0xda || marker === 0xd9) break; // pixels, or the end
      at += 2 + view.getUint16(at + 2);
    }
  }
  throw damaged(name, "it ends before it says how large it is");
}

function frameIn(body: Uint8Array, orientation: number, held: number, name: string): Frame {
  if (body.length < 6) throw damaged(name, "its header is cut short");
  const view = new DataView(body.buffer, body.byteOffset);
  const [precision, height, width] = [body[0]!, view.getUint16(1), view.getUint16(3)];
  if (precision !== 8) {
    throw new DataError(
      `${name}: is a JPEG of ${precision} bits, which can't be read; save it as PNG`,
    );
  }
  if (width === 0 || height === 0) throw damaged(name, `it is ${width}×${height}`);
  if (width > MOST_SIDE || height > MOST_SIDE) {
    throw new DataError(
      `${name}: is ${width}×${height}; shrink it to ${MOST_SIDE}×${MOST_SIDE} or less`,
    );
  }
  // Each block of 8×8 takes at least one bit of the first scan.
  const blocks = Math.ceil(width / 8) * Math.ceil(height / 8);
  if (blocks > 8 * held) {
    throw damaged(
      name,
      `it promises ${width}×${height} pixels, more than its ${held} bytes can hold`,
    );
  }
  return { width, height, orientation };
}
