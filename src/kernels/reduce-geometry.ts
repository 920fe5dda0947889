// Which elements a reduction reads for each output, and how long sums are cut into runs.
import { formatShape, sizeOf } from "../gpu/array.ts";
import { AttributeError, ShapeError } from "../gpu/errors.ts";
import type { Constant } from "../gpu/shader.ts";

const LONG = 2048; // a reduction longer than this, with few outputs, is cut into runs

/** One axis or several; negative ones count from the end. */
export type Axes = number | readonly number[];

/** Returns axes as distinct numbers from 0, ascending. Throws `AttributeError`. */
export function normaliseAxes(op: string, axes: Axes | undefined, rank: number): readonly number[] {
  const all =
    typeof axes === "number" ? [axes] : (axes ?? Array.from({ length: rank }, (_, axis) => axis));
  const positive = all.map((axis) => (axis < 0 ? axis + rank : axis));
  if (
    positive.some((axis) => !Number.isInteger(axis) || axis < 0 || axis >= rank) ||
    new Set(positive).size !== positive.length
  ) {
    throw new AttributeError(
      `${op}: axes must be distinct and in [${-rank}, ${rank - 1}] for rank ${rank}; got [${all.join(", ")}]`,
    );
  }
  return positive.toSorted((a, b) => a - b);
}

/** Whether more than four groups of kept axes, or of reduced ones, remain after neighbours are joined. */
export function alternates(shape: readonly number[], axes: readonly number[]): boolean {
  const kinds = shape.flatMap((extent, axis) => (extent === 1 ? [] : [axes.includes(axis)]));
  const groups = kinds.filter((kind, i) => kind !== kinds[i - 1]);
  return [true, false].some((kind) => groups.filter((group) => group === kind).length > 4);
}

/**
 * Returns how the shader walks the picked axes of a shape. Neighbours are joined into one; throws `ShapeError` if more
 * than four groups remain.
 */
function walk(
  op: string,
  shape: readonly number[],
  picked: (axis: number) => boolean,
): { extents: number[]; strides: number[] } {
  const extents: number[] = [];
  const strides: number[] = [];
  let stride = sizeOf(shape);
  let joined = false;
  shape.forEach((extent, axis) => {
    stride /= Math.max(extent, 1);
    if (!picked(axis)) {
      if (extent !== 1) joined = false;
      return;
    }
    if (extent === 1) return;
    if (joined) {
      extents[extents.length - 1]! *= extent;
      strides[strides.length - 1] = stride;
    } else {
      extents.push(extent);
      strides.push(stride);
    }
    joined = true;
  });
  if (extents.length > 4) {
    throw new ShapeError(
      `${op}: ${formatShape(shape)} alternates between kept and reduced axes too often: at most four groups of each are allowed; transpose it so that they are adjacent`,
    );
  }
  // An empty axis isn't walked, but a modulus of 0 wouldn't compile.
  extents.forEach((extent, at) => (extents[at] = Math.max(extent, 1)));
  while (extents.length < 4) {
    extents.unshift(1);
    strides.unshift(0);
  }
  return { extents, strides };
}

/** Returns the shape after reducing over `axes`. Throws `ShapeError` on an empty mean, max or min. */
export function reducedShape(
  op: string,
  from: readonly number[],
  axes: readonly number[],
  keepDims: boolean,
): readonly number[] {
  if (op !== "sum" && op !== "prod" && axes.some((axis) => from[axis] === 0)) {
    throw new ShapeError(`${op}: the axes to reduce must not be empty; got ${formatShape(from)}`);
  }
  return keepDims
    ? from.map((extent, axis) => (axes.includes(axis) ? 1 : extent))
    : from.filter((_, axis) => !axes.includes(axis));
}

/** How each output's reduction is cut: into how many runs, and of how many elements. */
export interface Cut {
  readonly runs: number;
  readonly chunk: number;
}

/** What all reductions of the shader have in common. */
export interface Reducing {
  /** The result's shape. */
  readonly shape: readonly number[];
  /** How many runs each output's reduction is cut into; a second launch reduces their results. */
  readonly runs: number;
  readonly constants: Readonly<Record<string, Constant>>;
}

/** Returns the cut for one invocation per run. */
function usualCut(count: number, outputs: number): Cut {
  const splits = count > LONG && outputs < 4096 ? Math.min(64, Math.ceil(count / (LONG / 8))) : 1;
  const chunk = Math.ceil(count / splits);
  return { runs: Math.max(1, Math.ceil(count / Math.max(chunk, 1))), chunk };
}

/** Returns how to reduce a shape over `axes`, which come from `normaliseAxes`. Throws `ShapeError`. */
export function reducing(
  op: string,
  from: readonly number[],
  axes: readonly number[],
  keepDims: boolean,
  cut?: Cut,
): Reducing {
  const shape = reducedShape(op, from, axes, keepDims);
  const reduced = new Set(axes);
  const kept = walk(op, from, (axis) => !reduced.has(axis));
  const folded = walk(op, from, (axis) => reduced.has(axis));
  const count = axes.reduce((product, axis) => product * from[axis]!, 1);
  const outputs = sizeOf(shape);
  const { runs, chunk } = cut ?? usualCut(count, outputs);
  const constants = {
    OUTPUTS: outputs,
    COUNT: count,
    CHUNK: chunk,
    SPLITS: runs,
    KEPT: kept.extents,
    KEPT_STRIDES: kept.strides,
    REDUCED: folded.extents,
    REDUCED_STRIDES: folded.strides,
  };
  return { shape, runs, constants };
}

/** Whether the elements reduced to one output are contiguous: no kept axis follows a reduced one. */
export function inRows(shape: readonly number[], axes: readonly number[]): boolean {
  const kinds = shape.flatMap((extent, axis) => (extent === 1 ? [] : [axes.includes(axis)]));
  return !kinds.slice(kinds.indexOf(true)).includes(false);
}
