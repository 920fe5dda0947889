// The ten digits as a hand would draw them: strokes on paper that is 1 wide and 1 high.
import type { Stroke } from "../../src/pictures/strokes.ts";

/** Points on an ellipse, from one angle to another in degrees; 0 is to the right, 90 below. */
function bow(
  [x, y]: readonly [number, number],
  [wide, high]: readonly [number, number],
  from: number,
  to: number,
): number[] {
  return Array.from({ length: 17 }, (_, i) => {
    const angle = ((from + ((to - from) * i) / 16) * Math.PI) / 180;
    return [x + wide * Math.cos(angle), y + high * Math.sin(angle)];
  }).flat();
}

/** The strokes of each digit, 0 to 9. */
export const handDigits: readonly (readonly Stroke[])[] = [
  [bow([0.5, 0.5], [0.2, 0.3], -90, 270)],
  [[0.53, 0.2, 0.48, 0.8]],
  [[...bow([0.48, 0.35], [0.18, 0.16], -160, 40), 0.32, 0.76, 0.72, 0.76]],
  [[...bow([0.47, 0.34], [0.17, 0.15], -150, 85), ...bow([0.47, 0.64], [0.2, 0.16], -85, 150)]],
  [
    [0.36, 0.2, 0.32, 0.5, 0.68, 0.48],
    [0.66, 0.2, 0.6, 0.82],
  ],
  [
    [0.36, 0.22, 0.36, 0.48, ...bow([0.46, 0.62], [0.19, 0.18], -100, 150)],
    [0.36, 0.22, 0.68, 0.2],
  ],
  [[0.6, 0.18, 0.4, 0.45, ...bow([0.5, 0.64], [0.15, 0.16], 190, -170)]],
  [[0.3, 0.24, 0.68, 0.22, 0.48, 0.82]],
  [[...bow([0.5, 0.34], [0.14, 0.15], 90, -270), ...bow([0.5, 0.66], [0.17, 0.17], -90, 270)]],
  [[...bow([0.5, 0.36], [0.15, 0.16], 0, -360), 0.65, 0.36, 0.6, 0.82]],
];
