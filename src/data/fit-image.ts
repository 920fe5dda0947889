// Makes pictures of any size and colour into small grey images: by their luma, shrunk by area, centred, light on dark.
import { LUMA } from "./gray-images.ts";

/** Pixels as canvases have them: red, green, blue and alpha, row by row. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8Array | Uint8ClampedArray;
}

/** Grey bytes, row by row; 0 is black. */
export interface Gray {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

/** An image of the wanted size, and the grey around what it shows. */
export interface Fitted {
  readonly pixels: Uint8Array;
  /** The median along the picture's edges, 0 to 255. */
  readonly ground: number;
  /** Whether all its pixels are the same. */
  readonly blank: boolean;
}

const OPAQUE = 128;

/**
 * Returns a picture's luma. What is transparent becomes white under dark things and black under light ones, because a
 * drawing without a background must not vanish in the one that it gets.
 */
export function grayOfPicture({ width, height, rgba }: Picture): Gray {
  const count = width * height;
  const luma = new Float64Array(count);
  let [sum, opaque] = [0, 0];
  for (let i = 0; i < count; i += 1) {
    luma[i] = LUMA.reduce((total, share, c) => total + share * rgba[4 * i + c]!, 0);
    if (rgba[4 * i + 3]! < OPAQUE) continue;
    sum += luma[i]!;
    opaque += 1;
  }
  const under = opaque < count && sum / Math.max(1, opaque) >= 128 ? 0 : 255;
  const pixels = Uint8Array.from(luma, (value, i) => {
    const alpha = rgba[4 * i + 3]! / 255;
    return Math.round(alpha * value + (1 - alpha) * under);
  });
  return { width, height, pixels };
}

/**
 * Fits an image into (height, width): the whole of it, with its sides in proportion, in the middle, and the grey of its
 * edges around it. Shrunk, a pixel is the mean of the area that it covers; enlarged, it lies between its nearest ones.
 */
export function fitGray(image: Gray, height: number, width: number): Fitted {
  const ground = edgeOf(image);
  const first = image.pixels[0];
  const blank = image.pixels.every((value) => value === first);
  if (image.height === height && image.width === width) {
    return { pixels: image.pixels.slice(), ground, blank };
  }
  const scale = Math.min(height / image.height, width / image.width);
  const down = weights(image.height, height, scale);
  const across = weights(image.width, width, scale);
  // One axis after the other: (height of the image, width), then (height, width).
  const rows = new Float64Array(image.height * width);
  for (let y = 0; y < image.height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const { parts, rest } = across[x]!;
      let sum = rest * ground;
      for (const [at, part] of parts) sum += part * image.pixels[y * image.width + at]!;
      rows[y * width + x] = sum;
    }
  }
  const pixels = Uint8Array.from({ length: height * width }, (_, i) => {
    const { parts, rest } = down[Math.floor(i / width)]!;
    let sum = rest * ground;
    for (const [at, part] of parts) sum += part * rows[at * width + (i % width)]!;
    return Math.round(sum);
  });
  return { pixels, ground, blank };
}

/** What a pixel is made of: the image's pixels with their parts, and the part that lies outside of it. */
interface Weights {
  readonly parts: readonly (readonly [number, number])[];
  readonly rest: number;
}

/** Returns the weights of each of `to` pixels along an axis of `from` pixels that is scaled and put in the middle. */
function weights(from: number, to: number, scale: number): Weights[] {
  const middle = (to - from * scale) / 2;
  const start = scale === 1 ? Math.floor(middle) : middle; // half a pixel would blur what needs no scaling
  return Array.from({ length: to }, (_, pixel) => {
    const [left, right] = [(pixel - start) / scale, (pixel + 1 - start) / scale];
    const inside = Math.max(0, Math.min(right, from) - Math.max(left, 0)) / (right - left);
    if (inside === 0) return { parts: [], rest: 1 };
    const parts: [number, number][] = [];
    if (scale < 1) {
      for (let i = Math.max(0, Math.floor(left)); i < Math.min(from, right); i += 1) {
        const covered = Math.min(i + 1, right) - Math.max(i, left);
        if (covered > 0) parts.push([i, covered / (right - left)]);
      }
    } else {
      const at = (left + right) / 2 - 0.5;
      const below = Math.floor(at);
      const clamp = (i: number): number => Math.min(from - 1, Math.max(0, i));
      parts.push(
        [clamp(below), inside * (1 - at + below)],
        [clamp(below + 1), inside * (at - below)],
      );
    }
    return { parts, rest: 1 - inside };
  });
}

/** Returns the median of the pixels along the edges. */
function edgeOf({ width, height, pixels }: Gray): number {
  const edge = pixels.filter((_, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    return x === 0 || y === 0 || x === width - 1 || y === height - 1;
  });
  return edge.toSorted()[Math.floor(edge.length / 2)]!;
}
