// Paths through latent space, on the host in float64: from one latent to another along the sphere.
import { AttributeError, ShapeError } from "../gpu/errors.ts";

/** The path from one latent to another. */
export interface Arc {
  /** The angle between the two ends, in radians, 0 to π. */
  readonly angle: number;
  /** Returns the latent at a fraction `t` of the path, 0 to 1. */
  readonly at: (t: number) => Float32Array<ArrayBuffer>;
}

/** Returns the length of a vector, √Σx². */
export function normOf(vector: Float32Array | Float64Array): number {
  let sum = 0;
  for (const value of vector) sum += value * value;
  return Math.sqrt(sum);
}

// A direction at right angles that is shorter than this consists of rounding. The ends are float32: if they differ at
// all, they differ by more.
const NO_DIRECTION = 1e-9;

/**
 * Returns the path from `from` to `to`, two latents (n). The direction turns at a constant rate in the plane of both,
 * and the norm changes at a constant rate. Normal latents of n numbers have a norm of about √n, which a straight line
 * doesn't keep (White 2016, Sampling Generative Networks). White's formula takes the ends as they are, so ends of
 * unequal norm make both rates uneven; here norms are interpolated separately. Both ends are exact. Of the many paths
 * between opposite latents, it is the one along the axis on which `from` is smallest.
 *
 * Throws `ShapeError` if the lengths differ, or on opposite latents of one number; `AttributeError` on a latent without
 * a direction: with a norm of 0, or not finite.
 */
export function arc(from: Float32Array, to: Float32Array): Arc {
  if (from.length !== to.length) {
    throw new ShapeError(
      `arc: both latents must have the same length; got ${from.length} and ${to.length}`,
    );
  }
  const [start, end] = [normOf(from), normOf(to)];
  for (const norm of [start, end]) {
    if (norm > 0 && norm < Infinity) continue;
    throw new AttributeError(`arc: a latent of norm ${norm} has no direction; draw another one`);
  }
  const along = Float64Array.from(from, (value) => value / start);
  const goal = Float64Array.from(to, (value) => value / end);
  const cosine = dot(along, goal);
  let across: Float64Array = goal.map((value, i) => value - cosine * along[i]!);
  let sine = normOf(across);
  if (sine < NO_DIRECTION && cosine < 0) {
    across = besides(along);
    sine = 0;
  }
  const scale = normOf(across);
  if (scale > 0) across = across.map((value) => value / scale);
  const angle = Math.atan2(sine, cosine); // exact where acos is steep: near 0 and π
  return {
    angle,
    at(t) {
      if (t === 0) return Float32Array.from(from);
      if (t === 1) return Float32Array.from(to);
      const norm = (1 - t) * start + t * end;
      const [ahead, aside] = [norm * Math.cos(t * angle), norm * Math.sin(t * angle)];
      return Float32Array.from(along, (value, i) => ahead * value + aside * across[i]!);
    },
  };
}

/** Returns the inner product of two vectors of one length. */
export const dot = (a: Float64Array, b: Float64Array): number =>
  a.reduce((sum, value, i) => sum + value * b[i]!, 0);

/** Returns a direction at right angles to `unit`: its smallest axis, minus the part of it along `unit`. */
function besides(unit: Float64Array): Float64Array {
  if (unit.length < 2) {
    throw new ShapeError("arc: opposite latents of one number have no path around 0 between them");
  }
  const least = unit.reduce(
    (best, value, i) => (Math.abs(value) < Math.abs(unit[best]!) ? i : best),
    0,
  );
  return unit.map((value, i) => (i === least ? 1 : 0) - unit[least]! * value);
}

/** The options of `walk`. */
export interface WalkOptions {
  /** Whether a last leg leads from the last stop back to the first. */
  readonly closed: boolean;
  /** How many numbers of a stop are its latent (all). A class may follow them, which legs mix linearly. */
  readonly latent?: number;
}

/**
 * Returns the points on the way from one stop to the next, leg by leg: (legs, steps + 1, n), including both ends of
 * each leg. Throws `AttributeError` unless there are at least two stops and one step per leg, and whatever `arc`
 * throws.
 */
export function walk(
  stops: readonly Float32Array[],
  steps: number,
  { closed, latent = stops[0]?.length }: WalkOptions,
): Float32Array<ArrayBuffer>[][] {
  if (stops.length < 2) {
    throw new AttributeError(`walk: takes two stops or more; got ${stops.length}`);
  }
  if (!Number.isInteger(steps) || steps < 1) {
    throw new AttributeError(`walk: steps per leg must be a whole number ≥ 1; got ${steps}`);
  }
  return Array.from({ length: stops.length - (closed ? 0 : 1) }, (_, leg) => {
    const [from, to] = [stops[leg]!, stops[(leg + 1) % stops.length]!];
    const { at } = arc(from.subarray(0, latent), to.subarray(0, latent));
    return Array.from({ length: steps + 1 }, (__, step) => {
      const t = step / steps;
      const point = from.map((value, i) => (1 - t) * value + t * to[i]!);
      point.set(at(t));
      return Float32Array.from(point);
    });
  });
}
