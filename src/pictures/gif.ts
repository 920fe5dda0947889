// An animated GIF of a run's sample grids, one frame an epoch.

import { GIFEncoder } from "gifenc/dist/gifenc.esm.js";

import { AttributeError, ShapeError } from "../gpu/errors.ts";
import { requireFilled, type GrayImage } from "./grid.ts";

/** Frame times and colours of `encodeGif`. */
export interface GifOptions {
  /** Milliseconds a frame is shown. GIF counts in hundredths of a second: at least 20, at most 655,350. */
  delayMs?: number;
  /** Milliseconds the last frame is held before the loop starts over. */
  lastDelayMs?: number;
  /** Gray levels of the palette, a power of two from 16 to 256; fewer make a smaller file. */
  grays?: number;
}

/**
 * The bytes of a GIF that shows `frames` in order, for ever, and holds the last one longer.
 * Gray levels are rounded to an even ramp of `grays`, which keeps black and white exact.
 * Throws `ShapeError` if there are no frames or their sizes differ, `AttributeError` for options
 * out of range.
 */
export function encodeGif(frames: GrayImage[], options: GifOptions = {}): Uint8Array {
  const { delayMs = 250, lastDelayMs = 2500, grays = 64 } = options;
  requireDelay("delayMs", delayMs);
  requireDelay("lastDelayMs", lastDelayMs);
  if (![16, 32, 64, 128, 256].includes(grays)) {
    throw new AttributeError(
      `encodeGif: got ${grays} grays, expected 16, 32, 64, 128 or 256; pass one of them`,
    );
  }
  const [first] = frames;
  if (!first) {
    throw new ShapeError("encodeGif: got no frames, expected at least 1; pass a grid an epoch");
  }

  const top = grays - 1;
  const palette = Array.from({ length: grays }, (_, index) => {
    const level = Math.round((index * 255) / top);
    return [level, level, level];
  });
  const indexOfLevel = Uint8Array.from({ length: 256 }, (_, level) =>
    Math.round((level * top) / 255),
  );

  const encoder = GIFEncoder();
  for (const [index, frame] of frames.entries()) {
    requireFilled("encodeGif", frame);
    if (frame.width !== first.width || frame.height !== first.height) {
      throw new ShapeError(
        `encodeGif: got frame ${index} of ${frame.width}×${frame.height}, expected ` +
          `${first.width}×${first.height} as the first; tile all frames alike`,
      );
    }
    encoder.writeFrame(
      frame.pixels.map((level) => indexOfLevel[level]!),
      frame.width,
      frame.height,
      {
        // Only the first frame carries the palette: the others then share it.
        ...(index === 0 ? { palette, repeat: 0 } : {}),
        colorDepth: Math.log2(grays),
        delay: index === frames.length - 1 ? lastDelayMs : delayMs,
      },
    );
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
