// How arrays are walked: row-major strides, and neighbouring axes joined into one.
import { sizeOf } from "../gpu/array.ts";

/** Returns row-major strides for `rank` axes, missing ones first; 0 along axes of 1, so that they broadcast. */
export function stridesIn(shape: readonly number[], rank: number = shape.length): number[] {
  let stride = sizeOf(shape);
  const strides = shape.map((extent) => {
    stride /= Math.max(extent, 1);
    return extent === 1 ? 0 : stride;
  });
  return [...Array.from({ length: rank - shape.length }, () => 0), ...strides];
}

/** Axes along which several arrays are walked together, outermost first: extents, and each array's strides. */
export interface Walk {
  readonly shape: readonly number[];
  readonly strides: readonly (readonly number[])[];
}

/**
 * Joins neighbouring axes that every array walks alike, which leaves one or two in most calls, and prepends axes of 1
 * up to `rank`. Returns undefined if more than `rank` remain.
 */
export function collapse(
  shape: readonly number[],
  strides: readonly (readonly number[])[],
  rank: number,
): Walk | undefined {
  const extents: number[] = [];
  const joined: number[][] = strides.map(() => []);
  shape.forEach((extent, axis) => {
    if (extent === 1) return;
    const last = extents.length - 1;
    if (last >= 0 && joined.every((own, i) => own[last] === strides[i]![axis]! * extent)) {
      extents[last]! *= extent;
      joined.forEach((own, i) => (own[last] = strides[i]![axis]!));
    } else {
      extents.push(extent);
      joined.forEach((own, i) => own.push(strides[i]![axis]!));
    }
  });
  if (extents.length > rank) return undefined;
  const lead = (list: readonly number[], fill: number): readonly number[] => [
    ...Array.from({ length: rank - list.length }, () => fill),
    ...list,
  ];
  return { shape: lead(extents, 1), strides: joined.map((own) => lead(own, 0)) };
}
