// Digits drawn by hand: strokes of a pen become an image as MNIST's are.
import { DataError } from "../gpu/errors.ts";
import { fitDigit } from "./fit-digit.ts";
import type { Plane } from "./orientation.ts";

/** A pen's way from touching the paper to leaving it: x and y by turns, on paper that is 1 wide and 1 high. */
export type Stroke = readonly number[];

const SIDE = 160; // of the paper, in pixels
const INNER = 136; // how long the longer side of a drawing is made, from pen's middle to pen's middle
// MNIST's strokes are 2 to 3 pixels wide, where the longer side of a digit is 20.
const PEN = 2.5 / 20;
const RADIUS = (INNER * PEN) / (1 - PEN) / 2;
const SMALLEST = 0.1; // what is shorter is a dot, which is not made longer
const SOFT = 1; // pixels over which an edge fades

/**
 * Draws strokes as MNIST's digits are: light on dark, cropped, scaled to a box of 20×20 and centred by mass in
 * (28, 28), in [−1, 1]. The pen is as wide in the end as MNIST's, however small the drawing.
 *
 * Throws `DataError` if there is no ink, or if it is too wide for a digit.
 */
export function drawnDigit(
  strokes: readonly Stroke[],
  name = "drawing",
): Float32Array<ArrayBuffer> {
  return fitDigit(inkOf(strokes, name), name);
}

/**
 * Returns the ink of strokes, 0 to 1, on paper of 160×160 pixels. Throws `DataError` if there is none, or if the
 * strokes aren't numbers.
 */
export function inkOf(strokes: readonly Stroke[], name = "drawing"): Plane {
  const xs = strokes.flatMap((stroke) => stroke.filter((_, i) => i % 2 === 0));
  const ys = strokes.flatMap((stroke) => stroke.filter((_, i) => i % 2 === 1));
  if (ys.length === 0) throw new DataError(`${name}: has no ink; draw a digit`);
  if (xs.length !== ys.length || ![...xs, ...ys].every(Number.isFinite)) {
    throw new DataError(`${name}: strokes must be x and y by turns, all finite numbers`);
  }
  const [left, right, top, bottom] = [least(xs), most(xs), least(ys), most(ys)];
  const scale = INNER / Math.max(SMALLEST, right - left, bottom - top);
  const place = (stroke: Stroke, at: number): readonly [number, number] => [
    (stroke[at]! - (left + right) / 2) * scale + SIDE / 2,
    (stroke[at + 1]! - (top + bottom) / 2) * scale + SIDE / 2,
  ];
  const values = new Float32Array(SIDE * SIDE);
  for (const stroke of strokes) {
    drawSegment(values, place(stroke, 0), place(stroke, 0)); // alone, a point is a dot
    for (let at = 2; at + 1 < stroke.length; at += 2) {
      drawSegment(values, place(stroke, at - 2), place(stroke, at));
    }
  }
  return { width: SIDE, height: SIDE, values };
}

/** Adds a segment with round ends to the ink. */
function drawSegment(
  values: Float32Array,
  [x0, y0]: readonly [number, number],
  [x1, y1]: readonly [number, number],
): void {
  const reach = RADIUS + SOFT;
  const clamp = (value: number): number => Math.min(SIDE - 1, Math.max(0, value));
  const [firstX, lastX] = [Math.min(x0, x1) - reach, Math.max(x0, x1) + reach];
  const [firstY, lastY] = [Math.min(y0, y1) - reach, Math.max(y0, y1) + reach];
  const [dx, dy] = [x1 - x0, y1 - y0];
  const squared = dx * dx + dy * dy;
  for (let y = clamp(Math.floor(firstY)); y <= clamp(Math.ceil(lastY)); y += 1) {
    for (let x = clamp(Math.floor(firstX)); x <= clamp(Math.ceil(lastX)); x += 1) {
      const [px, py] = [x + 0.5 - x0, y + 0.5 - y0];
      const along = squared > 0 ? Math.min(1, Math.max(0, (px * dx + py * dy) / squared)) : 0;
      const distance = Math.hypot(px - along * dx, py - along * dy);
      const ink = Math.min(1, Math.max(0, (RADIUS - distance) / SOFT + 0.5));
      const at = y * SIDE + x;
      if (ink > values[at]!) values[at] = ink;
    }
  }
}

const least = (values: readonly number[]): number => values.reduce((a, b) => Math.min(a, b));
const most = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b));
