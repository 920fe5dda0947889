// What "equal" means: to the PyTorch answers within their file's tolerance, and to this reference within a bound on
// float32 rounding.
import type { Ref } from "./array.ts";

/** How far an answer may be from the expected value; `compareToOracle` defines each kind. */
export type Tolerance =
  | { readonly type: "ulp"; readonly value: number }
  | { readonly type: "atol"; readonly value: number }
  | { readonly type: "atol_rtol"; readonly atol: number; readonly rtol: number };

/** The smallest float32 that isn't subnormal. */
const SMALLEST_NORMAL = 2 ** -126;

/** The outcome of a comparison. `why` names the first element that is too far off. */
export interface Comparison {
  readonly ok: boolean;
  readonly why?: string;
  /** The largest error, as a share of what was allowed; 1 is just within. */
  readonly worst: number;
}

/**
 * Compares values, rounded to float32, with expected ones. `ulp` counts float32 steps between them,
 * `atol` bounds the difference (with 1e-7 to spare, for the rounding of both to float32), and
 * `atol_rtol` bounds it by atol + rtol·|expected|. NaN equals only NaN, an infinity only itself.
 */
export function compareToOracle(
  actual: ArrayLike<number>,
  expected: Ref,
  tolerance: Tolerance,
): Comparison {
  return compareEach(actual, expected, (a, e) => {
    const [got, want] = [Math.fround(a), Math.fround(e)];
    if (!Number.isFinite(got) || !Number.isFinite(want)) return Object.is(got, want) ? 0 : Infinity;
    const error = Math.abs(got - want);
    switch (tolerance.type) {
      case "ulp":
        return share(Math.abs(ordinal(got) - ordinal(want)), tolerance.value);
      case "atol":
        return share(error, tolerance.value + 1e-7);
      case "atol_rtol":
        return share(error, tolerance.atol + tolerance.rtol * Math.abs(want));
    }
  });
}

/**
 * Compares a device's sums of products with float64 ones: |error| ≤ units · 2⁻²⁴ · Σ|terms|, where
 * `terms` comes from `absTerms`; a result may also be off by less than a normal float32, as a
 * device may flush subnormal ones to 0. NaN equals only NaN, an infinity only itself.
 */
export function compareToTerms(
  actual: ArrayLike<number>,
  expected: Ref,
  terms: Ref,
  units = 16,
): Comparison {
  return compareEach(actual, expected, (a, e, i) => {
    if (!Number.isFinite(a) || !Number.isFinite(e)) return Object.is(a, e) ? 0 : Infinity;
    return share(Math.abs(a - e), units * 2 ** -24 * terms.data[i]! + SMALLEST_NORMAL);
  });
}

/** Compares integers, which must be equal. */
export function compareWhole(actual: ArrayLike<number>, expected: Ref): Comparison {
  return compareEach(actual, expected, (a, e) => (a === e ? 0 : Infinity));
}

/**
 * Compares values, rounded to float32, with expected ones, by the float32 steps between them. One may
 * also be off by less than a normal float32, as a device may flush subnormal ones to 0. NaN equals only
 * NaN, an infinity only itself.
 */
export function compareBySteps(
  actual: ArrayLike<number>,
  expected: Ref,
  steps: number,
): Comparison {
  return compareEach(actual, expected, (a, e) => {
    const want = Math.fround(e);
    if (!Number.isFinite(a) || !Number.isFinite(want)) return Object.is(a, want) ? 0 : Infinity;
    if (Math.abs(a - e) < SMALLEST_NORMAL && Math.min(Math.abs(a), Math.abs(e)) < SMALLEST_NORMAL) {
      return 0;
    }
    return share(Math.abs(ordinal(a) - ordinal(want)), steps);
  });
}

function compareEach(
  actual: ArrayLike<number>,
  expected: Ref,
  errorShare: (actual: number, expected: number, index: number) => number,
): Comparison {
  if (actual.length !== expected.data.length) {
    const why = `got ${actual.length} values, expected ${expected.data.length}`;
    return { ok: false, why, worst: Infinity };
  }
  let worst = 0;
  let why: string | undefined;
  for (let i = 0; i < actual.length; i++) {
    const off = errorShare(actual[i]!, expected.data[i]!, i);
    worst = Math.max(worst, off);
    if (!(off <= 1)) why ??= `[${i}] got ${actual[i]}, expected ${expected.data[i]}`;
  }
  return why === undefined ? { ok: true, worst } : { ok: false, why, worst };
}

/** The error as a share of what is allowed; 0 for no error, even where none is allowed. */
function share(error: number, allowed: number): number {
  return error === 0 ? 0 : error / allowed;
}

const bits = new DataView(new ArrayBuffer(4));

/** A float32's place in the order of all of them, so that neighbours differ by 1; both zeros are 0. */
function ordinal(x: number): number {
  bits.setFloat32(0, x);
  const word = bits.getInt32(0);
  return word < 0 ? -(word & 0x7fffffff) : word;
}
