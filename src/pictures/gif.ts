// An animated GIF of a run's sample grids, one frame per epoch.

import { applyPalette, GIFEncoder, quantize } from "gifenc/dist/gifenc.esm.js";

import { AttributeError, ShapeError } from "../gpu/errors.ts";
import { requireFilled, type GrayImage } from "./grid.ts";

/** The frame times of `encodeGif`. */
export interface GifOptions {
  /** How many milliseconds a frame is shown. GIF counts in hundredths of a second: at least 20, at most 655,350. */
  delayMs?: number;
  /** How many milliseconds the last frame is held before the loop starts again. */
  lastDelayMs?: number;
}

/**
 * Returns the bytes of a GIF that shows `frames` in order, forever, and holds the last one longer. Every grey level is
 * kept: the palette holds those that the frames use, which fit into its 256 places.
 * Throws `ShapeError` if there are no frames or their sizes differ, `AttributeError` on options out of range.
 */
export function encodeGif(frames: GrayImage[], options: GifOptions = {}): Uint8Array {
  const { delayMs = 250, lastDelayMs = 2500 } = options;
  requireDelay("delayMs", delayMs);
  requireDelay("lastDelayMs", lastDelayMs);
  const [first] = frames;
  if (!first) {
    throw new ShapeError("encodeGif: got no frames, expected at least 1; pass one grid per epoch");
  }

  const used = new Uint8Array(256);
  for (const { pixels } of frames) for (const level of pixels) used[level] = 1;
  const levels = [...used.keys()].filter((level) => used[level] === 1);
  const colorDepth = Math.max(1, Math.ceil(Math.log2(levels.length)));
  const palette = levels.map((level) => [level, level, level]);
  const indexOfLevel = new Uint8Array(256);
  levels.forEach((level, index) => (indexOfLevel[level] = index));

  const encoder = GIFEncoder();
  for (const [index, frame] of frames.entries()) {
    requireFilled("encodeGif", frame);
    if (frame.width !== first.width || frame.height !== first.height) {
      throw new ShapeError(
        `encodeGif: got frame ${index} of ${frame.width}×${frame.height}, expected ` +
          `${first.width}×${first.height} as the first; tile all frames the same way`,
      );
    }
    encoder.writeFrame(
      frame.pixels.map((level) => indexOfLevel[level]!),
      frame.width,
      frame.height,
      {
        // Only the first frame carries the palette, which the others then share.
        ...(index === 0 ? { palette, repeat: 0 } : {}),
        colorDepth,
        delay: index === frames.length - 1 ? lastDelayMs : delayMs,
      },
    );
  }
  encoder.finish();
  return encoder.bytes();
}

/**
 * Does what `encodeGif` does for frames that are each one image, in grey, or three of one size: red, green and blue. Each
 * frame in colours has 256 of its own.
 */
export function encodePlanesGif(
  frames: readonly (readonly GrayImage[])[],
  options: GifOptions = {},
): Uint8Array {
  if (frames.every((planes) => planes.length === 1)) return encodeGif(frames.flat(), options);
  const { delayMs = 250, lastDelayMs = 2500 } = options;
  requireDelay("delayMs", delayMs);
  requireDelay("lastDelayMs", lastDelayMs);
  const encoder = GIFEncoder();
  for (const [index, frame] of frames.entries()) {
    const [red, green, blue] = frame.map(({ pixels }) => pixels) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    const rgba = new Uint8Array(4 * red.length).fill(255);
    red.forEach((level, i) => rgba.set([level, green[i]!, blue[i]!], 4 * i));
    const palette = quantize(rgba, 256);
    const { width, height } = frame[0]!;
    encoder.writeFrame(applyPalette(rgba, palette), width, height, {
      palette,
      ...(index === 0 ? { repeat: 0 } : {}),
      delay: index === frames.length - 1 ? lastDelayMs : delayMs,
    });
  }
  encoder.finish();
  return encoder.bytes();
}

// Below 20 ms browsers fall back to 100 ms; above 655,350 the 16-bit field wraps.
function requireDelay(name: string, milliseconds: number): void {
  if (milliseconds >= 20 && milliseconds <= 655_350) return;
  throw new AttributeError(
    `encodeGif: got ${name} ${milliseconds}, expected 20 to 655350 milliseconds; pass one in range`,
  );
}
