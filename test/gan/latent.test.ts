// Walks along the sphere: their ends, speed and norms, also between ends that are nearly or exactly parallel or
// opposite.
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arc, normOf, walk } from "../../src/gan/latent.ts";
import { AttributeError, ShapeError } from "../../src/gpu/errors.ts";

const f32 = (...values: number[]): Float32Array => Float32Array.of(...values);

/** The angle between two vectors, exact at all angles (Kahan). */
function angleBetween(a: Float32Array, b: Float32Array): number {
  const [u, v] = [a, b].map((vector) => Float64Array.from(vector, (x) => x / normOf(vector)));
  const part = (sign: 1 | -1): number => Math.hypot(...u!.map((value, i) => value + sign * v![i]!));
  return 2 * Math.atan2(part(-1), part(1));
}

const number = fc.float({ min: -3, max: 3, noNaN: true });
const latent = fc
  .array(number, { minLength: 8, maxLength: 8 })
  .map((values) => Float32Array.from(values))
  .filter((vector) => normOf(vector) > 0.1);
const ends = fc.tuple(latent, latent);
const part = fc.double({ min: 0, max: 1, noNaN: true });

describe("arc", () => {
  it("starts and ends at the very latents", () => {
    fc.assert(
      fc.property(ends, ([from, to]) => {
        const { at } = arc(from, to);
        expect(at(0)).toEqual(from);
        expect(at(1)).toEqual(to);
        expect(normOf(at(1 - 1e-9).map((value, i) => value - to[i]!))).toBeLessThan(1e-5);
      }),
    );
  });

  it("turns at a constant rate, by the angle between the ends in all", () => {
    fc.assert(
      fc.property(ends, part, ([from, to], t) => {
        const { angle, at } = arc(from, to);
        expect(angle).toBeCloseTo(angleBetween(from, to), 6);
        expect(angleBetween(from, at(t))).toBeCloseTo(t * angle, 5);
        expect(angleBetween(at(t), to)).toBeCloseTo((1 - t) * angle, 5);
      }),
    );
  });

  it("goes evenly from one norm to the other", () => {
    fc.assert(
      fc.property(ends, part, ([from, to], t) => {
        const norm = (1 - t) * normOf(from) + t * normOf(to);
        expect(normOf(arc(from, to).at(t)) / norm).toBeCloseTo(1, 6);
      }),
    );
  });

  it("is White's formula where both norms are equal", () => {
    const [from, to] = [f32(3, 0, 4), f32(0, -5, 0)];
    const angle = Math.acos(0);
    const expected = f32(
      ...from.map(
        (value, i) =>
          (Math.sin(0.7 * angle) * value + Math.sin(0.3 * angle) * to[i]!) / Math.sin(angle),
      ),
    );
    arc(from, to)
      .at(0.3)
      .forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 6));
  });

  it("stays still, or on the ray, between ends in one direction", () => {
    const from = f32(1, -2, 2);
    expect(arc(from, from).at(0.4)).toEqual(from);
    expect(arc(from, from).angle).toBeLessThan(1e-15);
    const double = arc(from, f32(2, -4, 4)).at(0.5);
    double.forEach((value, i) => expect(value).toBeCloseTo(1.5 * from[i]!, 6));
  });

  it("moves evenly between ends that are a few roundings apart", () => {
    const from = f32(1, 1, 1, 1);
    const to = f32(1, 1, 1, 1 + 2 ** -21);
    const { angle, at } = arc(from, to);
    expect(angle / angleBetween(from, to)).toBeCloseTo(1, 6);
    expect(at(0.5)[3]).toBeGreaterThan(1);
    expect(at(0.5)[3]).toBeLessThan(1 + 2 ** -21);
    expect([...at(0.5)].every((value) => Math.abs(value - 1) < 1e-6)).toBe(true);
  });

  it("goes around 0 between opposite ends, and nearly opposite ones", () => {
    const from = f32(3, 4, 0, 0);
    for (const to of [f32(-3, -4, 0, 0), f32(-6, -8, 0, 0), f32(-3, -4, 1e-6, 0)]) {
      const { angle, at } = arc(from, to);
      expect(angle).toBeCloseTo(Math.PI, 5);
      const middle = at(0.5);
      expect(normOf(middle)).toBeCloseTo((5 + normOf(to)) / 2, 5);
      expect(angleBetween(from, middle)).toBeCloseTo(Math.PI / 2, 5);
      expect(at(0.25)).toEqual(arc(from, to).at(0.25));
    }
    const [alike, opposite] = [f32(1, 1, 1), f32(-1, -1, -1)];
    expect(angleBetween(alike, arc(alike, opposite).at(0.5))).toBeCloseTo(Math.PI / 2, 6);
  });

  it("refuses latents of two lengths, and those without a direction", () => {
    expect(() => arc(f32(1, 2), f32(1))).toThrow(ShapeError);
    expect(() => arc(f32(1), f32(-1))).toThrow(/no path around 0/);
    expect(() => arc(f32(0, 0), f32(1, 0))).toThrow(AttributeError);
    expect(() => arc(f32(1, 0), f32(Number.NaN, 0))).toThrow(/norm NaN/);
    expect(() => arc(f32(Infinity, 0), f32(1, 0))).toThrow(AttributeError);
  });
});

describe("walk", () => {
  const stops = [f32(1, 0, 0), f32(0, 2, 0), f32(0, 0, 3)];

  it("makes a leg between neighbours, both ends included, and one back if it is closed", () => {
    const open = walk(stops, 4, { closed: false });
    expect(open.map((leg) => leg.length)).toEqual([5, 5]);
    const closed = walk(stops, 4, { closed: true });
    expect(closed.length).toBe(3);
    expect(closed.slice(0, 2)).toEqual(open);
    closed.forEach((leg, index) => {
      expect(leg[0]).toEqual(stops[index]);
      expect(leg.at(-1)).toEqual(stops[(index + 1) % 3]);
    });
    expect(angleBetween(closed[2]![1]!, closed[2]![2]!)).toBeCloseTo(Math.PI / 8, 6);
  });

  it("takes shares of what stands behind the latents", () => {
    const [from, to] = [f32(3, 4, 1, 0), f32(-4, 3, 0, 1)];
    const [leg] = walk([from, to], 4, { closed: false, latent: 2 });
    expect(leg![0]).toEqual(from);
    expect(leg![4]).toEqual(to);
    expect(leg![1]!.subarray(0, 2)).toEqual(arc(f32(3, 4), f32(-4, 3)).at(0.25));
    expect(leg![1]!.subarray(2)).toEqual(f32(0.75, 0.25));
  });

  it("refuses a single stop and no steps", () => {
    expect(() => walk([stops[0]!], 4, { closed: true })).toThrow(/two stops/);
    expect(() => walk(stops, 0, { closed: true })).toThrow(/steps per leg must be a whole number/);
    expect(() => walk(stops, 1.5, { closed: true })).toThrow(AttributeError);
  });
});
