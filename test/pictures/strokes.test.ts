// Drawings by hand become images like MNIST's: in size, place and width of the pen, and so alike that MNIST's nearest
// images are of the same digit.
import { describe, expect, it } from "vitest";
import { mnist } from "../../src/data.ts";
import { DataError } from "../../src/gpu/errors.ts";
import { drawnDigit, inkOf, type Stroke } from "../../src/pictures/strokes.ts";
import { handDigits } from "../support/hand-digits.ts";

const SIDE = 28;

/** Ink, 0 to 1. */
const ink = (image: Float32Array): Float64Array =>
  Float64Array.from(image, (value) => (value + 1) / 2);

/** The first and the last row or column with ink, and the centre of mass along both axes. */
function boundsOf(image: Float32Array): { rows: number[]; columns: number[]; centre: number[] } {
  const masses = ink(image);
  const inked = [...masses.keys()].filter((i) => masses[i]! > 0.02);
  const ys = inked.map((i) => Math.floor(i / SIDE));
  const xs = inked.map((i) => i % SIDE);
  const whole = masses.reduce((sum, mass) => sum + mass, 0);
  const along = (at: (i: number) => number): number =>
    masses.reduce((sum, mass, i) => sum + mass * (at(i) + 0.5), 0) / whole;
  return {
    rows: [Math.min(...ys), Math.max(...ys)],
    columns: [Math.min(...xs), Math.max(...xs)],
    centre: [along((i) => Math.floor(i / SIDE)), along((i) => i % SIDE)],
  };
}

const moved = (strokes: readonly Stroke[], scale: number, by: number): Stroke[] =>
  strokes.map((stroke) => stroke.map((value) => scale * value + by));

describe("a drawing", () => {
  it("fills a box of 20 pixels around the middle, as black and white", () => {
    for (const strokes of handDigits) {
      const image = drawnDigit(strokes);
      const { rows, columns, centre } = boundsOf(image);
      const longer = Math.max(rows[1]! - rows[0]!, columns[1]! - columns[0]!) + 1;
      expect(longer).toBeGreaterThanOrEqual(19);
      expect(longer).toBeLessThanOrEqual(21);
      for (const at of centre) expect(Math.abs(at - 14.5)).toBeLessThan(2);
      expect([Math.min(...image), Math.max(...image)]).toEqual([-1, 1]);
    }
  });

  it("looks the same wherever and however small it is drawn", () => {
    for (const strokes of handDigits) {
      const image = drawnDigit(strokes);
      const other = drawnDigit(moved(strokes, 0.4, 0.35));
      image.forEach((value, i) => expect(Math.abs(value - other[i]!)).toBeLessThan(0.02));
    }
  });

  it("has strokes as wide as MNIST's", async () => {
    const { images, labels } = await mnist("test");
    const ones = [...labels!.keys()].filter((i) => labels![i] === 1).slice(0, 200);
    // A 1 is one stroke: its ink in the middle row is the stroke's width.
    const widthOf = (pixels: ArrayLike<number>, most: number): number => {
      const middle = Array.from({ length: SIDE }, (_, x) => pixels[14 * SIDE + x]! / most);
      return middle.reduce((sum, value) => sum + value, 0);
    };
    const widths = ones
      .map((i) => widthOf(images.subarray(i * 784, (i + 1) * 784), 255))
      .toSorted((a, b) => a - b);
    const drawn = widthOf(ink(drawnDigit(handDigits[1]!)), 1);
    expect(drawn).toBeGreaterThan(widths[20]!);
    expect(drawn).toBeLessThan(widths[180]!);
  });

  it("is nearest to MNIST's images of the same digit", async () => {
    const { images, labels } = await mnist();
    const most = 10_000;
    const found = handDigits.map((strokes) => {
      const image = drawnDigit(strokes);
      const nearest = Array.from({ length: most }, (_, i) => {
        let distance = 0;
        for (let at = 0; at < 784; at += 1) {
          distance += (image[at]! - (images[i * 784 + at]! / 127.5 - 1)) ** 2;
        }
        return { distance, digit: labels![i]! };
      })
        .toSorted((a, b) => a.distance - b.distance)
        .slice(0, 5)
        .map(({ digit }) => digit);
      const votes = Array.from({ length: 10 }, (_, d) => nearest.filter((n) => n === d).length);
      return votes.indexOf(Math.max(...votes));
    });
    expect(found).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});

describe("ink", () => {
  it("of a dot is round, and of two strokes is that of either", () => {
    const { values, width } = inkOf([[0.3, 0.7]]);
    const at = (x: number, y: number): number => values[(80 + y) * width + 80 + x]!;
    expect(at(0, 0)).toBe(1);
    expect(at(5, 0)).toBe(at(0, 5));
    expect(at(30, 0)).toBe(0);
    const both = inkOf(handDigits[4]!).values;
    const [first, second] = handDigits[4]!;
    const frame: Stroke[] = [
      [0.32, 0.2],
      [0.68, 0.82],
    ];
    const parts = [
      [first!, ...frame],
      [second!, ...frame],
    ].map((each) => inkOf(each).values);
    const dots = inkOf(frame).values;
    const apart = [...both.keys()].filter((i) => dots[i] === 0);
    expect(apart.length).toBeGreaterThan(10_000);
    for (const i of apart) {
      expect(both[i]!).toBeCloseTo(Math.max(parts[0]![i]!, parts[1]![i]!), 5);
    }
  });

  it("is asked for, and a line is not a digit", () => {
    expect(() => drawnDigit([])).toThrow("drawing: has no ink; draw a digit");
    expect(() => drawnDigit([[]])).toThrow(DataError);
    expect(() => drawnDigit([[0, 1, 0.5]])).toThrow("x and y by turns");
    expect(() => drawnDigit([[0, Number.NaN]])).toThrow(DataError);
    expect(() => drawnDigit([[0.1, 0.5, 0.9, 0.5]])).toThrow("which is not a digit");
  });
});
