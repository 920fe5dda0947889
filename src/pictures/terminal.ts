// Draws grey images with characters, for a look at the digits without leaving the terminal.

import { requireFilled, requireWhole, type GrayImage } from "./grid.ts";

// A character cell is about twice as tall as it is wide, so one cell holds two pixels, one above the other.
const PIXELS_A_CELL = 2;

// From dark to light on a dark terminal: each character has visibly more ink than the one before.
const RAMP = " .:-=+*#%@";

const UPPER_HALF = "\u2580";
const RESET = "\u001b[0m";

/** The options of `drawInTerminal`. */
export interface TerminalOptions {
  /** The most characters per line. */
  columns: number;
  /** Whether the terminal shows 24-bit colours. Without them, ten characters stand for the greys. */
  color: boolean;
}

/**
 * Returns `image` as lines of text, each ended by a newline, at most `columns` characters wide. A wider image is shrunk
 * by the smallest whole factor that fits; each pixel is then the mean of its block. No image is enlarged, so tile a
 * grid at `scale: 1` to draw it. With `color`, a character is two pixels: "▀" in the upper one's grey on the lower
 * one's. Without it, a character is the mean of the two as one of ten characters.
 * Throws `AttributeError` on less than one column, `ShapeError` if the pixels don't fill the image.
 */
export function drawInTerminal(image: GrayImage, options: TerminalOptions): string {
  requireFilled("drawInTerminal", image);
  requireWhole("columns", options.columns, 1);
  const factor = Math.ceil(image.width / options.columns);
  return options.color
    ? drawHalfBlocks(shrink(image, factor, factor))
    : drawRamp(shrink(image, factor, factor * PIXELS_A_CELL));
}

function drawHalfBlocks({ width, height, pixels }: GrayImage): string {
  let text = "";
  for (let y = 0; y < height; y += PIXELS_A_CELL) {
    let colours = "";
    for (let x = 0; x < width; x++) {
      const upper = pixels[y * width + x]!;
      const lower = y + 1 < height ? pixels[(y + 1) * width + x]! : undefined;
      // The last line of an odd height has no lower pixels, so the terminal's own background shows.
      const background = lower === undefined ? "49" : `48;2;${lower};${lower};${lower}`;
      const wanted = `\u001b[38;2;${upper};${upper};${upper};${background}m`;
      // A digit's picture consists mostly of runs of one colour; naming it once per run keeps the text short.
      text += wanted === colours ? UPPER_HALF : wanted + UPPER_HALF;
      colours = wanted;
    }
    text += `${RESET}\n`;
  }
  return text;
}

function drawRamp({ width, height, pixels }: GrayImage): string {
  const lines = Array.from({ length: height }, (_, y) =>
    Array.from(pixels.subarray(y * width, (y + 1) * width), (level) =>
      RAMP.charAt(Math.round((level / 255) * (RAMP.length - 1))),
    ).join(""),
  );
  return lines.map((line) => `${line}\n`).join("");
}

// Returns the mean of each block of `across`×`down` pixels; blocks at the far edges may hold fewer.
function shrink(image: GrayImage, across: number, down: number): GrayImage {
  const width = Math.ceil(image.width / across);
  const height = Math.ceil(image.height / down);
  const sums = new Float64Array(width * height);
  const counts = new Float64Array(width * height);
  for (let y = 0; y < image.height; y++) {
    for (let x = 0; x < image.width; x++) {
      const block = Math.floor(y / down) * width + Math.floor(x / across);
      sums[block]! += image.pixels[y * image.width + x]!;
      counts[block]! += 1;
    }
  }
  return { width, height, pixels: Uint8Array.from(sums, (sum, i) => Math.round(sum / counts[i]!)) };
}
