// Reductions over any axes: sum, mean, max and min. The op of the product is in prod.ts.
import { formatShape, sizeOf, type GpuArray } from "../gpu/array.ts";
import { AttributeError, ShapeError } from "../gpu/errors.ts";
import type { Constant } from "../gpu/shader.ts";
import { anyAxes, flag } from "./attributes.ts";
import { binary, scale } from "./binary.ts";
import { defineOp, type Op } from "./op.ts";
import { chooseVariant, type Workload } from "./variant.ts";

/** What `reduce` computes. */
export type Reduction = "sum" | "mean" | "max" | "min" | "prod";

/** One axis or several; negative ones count from the end. */
export type Axes = number | readonly number[];

/** Which axes to reduce (all by default), and whether to keep them as 1. */
export interface ReduceAttributes {
  readonly axes?: Axes;
  readonly keepDims?: boolean;
}

const LONG = 2048; // a reduction longer than this, with few outputs, is cut into runs
const SUBGROUPS_FROM = 1024; // elements per contiguous row that keep 64 lanes of a GPU busy
const ROW = 16_384; // elements that one workgroup takes, if rows are longer and outputs are few

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
function alternates(shape: readonly number[], axes: readonly number[]): boolean {
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
function reducedShape(
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

/** What all reductions of the shader have in common. */
export interface Reducing {
  /** The result's shape. */
  readonly shape: readonly number[];
  /** How many runs each output's reduction is cut into; a second launch reduces their results. */
  readonly runs: number;
  readonly constants: Readonly<Record<string, Constant>>;
}

/** Returns how to reduce a shape over `axes`, which come from `normaliseAxes`. Throws `ShapeError`. */
export function reducing(
  op: string,
  from: readonly number[],
  axes: readonly number[],
  keepDims: boolean,
): Reducing {
  const shape = reducedShape(op, from, axes, keepDims);
  const reduced = new Set(axes);
  const kept = walk(op, from, (axis) => !reduced.has(axis));
  const folded = walk(op, from, (axis) => reduced.has(axis));
  const count = axes.reduce((product, axis) => product * from[axis]!, 1);
  const outputs = sizeOf(shape);
  const splits = count > LONG && outputs < 4096 ? Math.min(64, Math.ceil(count / (LONG / 8))) : 1;
  const chunk = Math.ceil(count / splits);
  const runs = Math.max(1, Math.ceil(count / Math.max(chunk, 1)));
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
function inRows(shape: readonly number[], axes: readonly number[]): boolean {
  const kinds = shape.flatMap((extent, axis) => (extent === 1 ? [] : [axes.includes(axis)]));
  return !kinds.slice(kinds.indexOf(true)).includes(false);
}

/** Reduces contiguous rows to a shape: one workgroup per row, or several if rows are long and few. */
function reduceRows(
  x: GpuArray,
  reduction: Reduction,
  shape: readonly number[],
  divisor?: number,
): GpuArray {
  const rows = sizeOf(shape);
  const count = x.size / rows;
  const splits = Math.min(64, Math.ceil(count / ROW), Math.ceil(512 / rows));
  const chunk = Math.ceil(count / splits);
  const runs = Math.ceil(count / chunk);
  const last = runs === 1;
  const out = x.device.empty(last ? shape : [...shape, runs], "f32", reduction);
  x.device.launch({
    shader: "reduce-subgroup",
    entry: "reduce",
    constants: {
      OP: reduction === "mean" && !last ? "SUM" : reduction.toUpperCase(),
      OUTPUTS: rows,
      COUNT: count,
      CHUNK: chunk,
      SPLITS: runs,
      DIVISOR: divisor ?? count,
    },
    bind: { inp: x, out },
    workgroups: x.device.linear(rows * runs, 1),
    flop: x.size,
  });
  return last ? out : reduce(out, reduction, [shape.length], false, divisor ?? count);
}

/**
 * Reduces `x` over `axes` on raw arrays. An empty sum is 0 and an empty product 1. `divisor` replaces the count that a
 * mean divides by. Throws `ShapeError` on an empty mean, max or min.
 */
export function reduce(
  x: GpuArray,
  reduction: Reduction,
  axes: readonly number[],
  keepDims: boolean,
  divisor?: number,
): GpuArray {
  const shape = reducedShape(reduction, x.shape, axes, keepDims);
  const count = x.size / Math.max(sizeOf(shape), 1);
  if (alternates(x.shape, axes)) {
    // Reduce three axes at a time: that leaves at most four groups of kept axes between them.
    const first = reduce(x, reduction === "mean" ? "sum" : reduction, axes.slice(0, 3), true);
    return reduce(first, reduction, axes.slice(3), true, divisor ?? Math.max(count, 1)).view(shape);
  }
  const preferred = x.device.software || count < SUBGROUPS_FROM ? "direct" : "subgroup";
  const serves =
    count > 1 &&
    reduction !== "prod" &&
    inRows(x.shape, axes) &&
    x.device.gpu.features.has("subgroups");
  const mean = count / (divisor ?? Math.max(count, 1));
  const most = { sum: count, mean, max: 1, min: 1, prod: count };
  const workload: Workload = {
    kernel: "reduce",
    key: `reduce ${reduction} ${x.shape.join("x")} over ${axes.join(",")}`,
    inputs: [x],
    terms: most[reduction],
    launch: (y) => reduce(y, reduction, axes, keepDims, divisor),
  };
  if (chooseVariant(x.device, workload, preferred, serves, false) === "subgroup") {
    return reduceRows(x, reduction, shape, divisor);
  }
  const { runs, constants } = reducing(reduction, x.shape, axes, keepDims);
  const out = x.device.empty(runs === 1 ? shape : [runs, ...shape], "f32", reduction);
  const last = runs === 1;
  x.device.launch({
    shader: "reduce",
    entry: "reduce",
    constants: {
      ...constants,
      OP: reduction === "mean" && !last ? "SUM" : reduction.toUpperCase(),
      DIVISOR: divisor ?? Math.max(count, 1),
    },
    bind: { inp: x, out },
    workgroups: x.device.linear(out.size),
    flop: x.size,
  });
  return last ? out : reduce(out, reduction, [0], false, divisor ?? count).view(shape);
}

/** Sums `x` down to `shape`, as the gradient of a broadcast operand needs. */
export function sumTo(x: GpuArray, shape: readonly number[]): GpuArray {
  const lead = x.shape.length - shape.length;
  const axes = x.shape.flatMap((extent, axis) =>
    axis < lead || (shape[axis - lead] === 1 && extent !== 1) ? [axis] : [],
  );
  return axes.length === 0 ? x : reduce(x, "sum", axes, false).view(shape);
}

function linearRule(name: "sum" | "mean"): Op<readonly [GpuArray], ReduceAttributes> {
  return defineOp({
    name,
    attributes: { axes: anyAxes, keepDims: flag },
    forward([x], { axes, keepDims = false }: ReduceAttributes) {
      const over = normaliseAxes(name, axes, x.shape.length);
      const kept = x.shape.map((extent, axis) => (over.includes(axis) ? 1 : extent));
      return { out: reduce(x, name, over, keepDims), saved: { shape: x.shape, kept } };
    },
    backward(dout, { shape, kept }) {
      const share = name === "sum" ? 1 : sizeOf(kept) / sizeOf(shape);
      return [scale(dout.view(kept), share, shape)];
    },
  });
}

/** The sum over some axes. */
export const sum: Op<readonly [GpuArray], ReduceAttributes> = linearRule("sum");

/** The mean over some axes. */
export const mean: Op<readonly [GpuArray], ReduceAttributes> = linearRule("mean");

function extremeRule(name: "max" | "min"): Op<readonly [GpuArray], ReduceAttributes> {
  return defineOp({
    name,
    attributes: { axes: anyAxes, keepDims: flag },
    forward([x], { axes, keepDims = false }: ReduceAttributes) {
      const over = normaliseAxes(name, axes, x.shape.length);
      const extreme = reduce(x, name, over, true);
      const shape = keepDims ? extreme.shape : x.shape.filter((_, axis) => !over.includes(axis));
      return { out: extreme.view(shape), saved: { x, extreme, over } };
    },
    // Ties share the gradient evenly, as PyTorch's amax and amin do.
    backward(dout, { x, extreme, over }) {
      const ties = binary("equal", x, extreme);
      const share = binary("div", dout.view(extreme.shape), reduce(ties, "sum", over, true));
      return [binary("mul", ties, share)];
    },
  });
}

/** The largest element over some axes; NaN if any element is NaN. */
export const max: Op<readonly [GpuArray], ReduceAttributes> = extremeRule("max");

/** The smallest element over some axes; NaN if any element is NaN. */
export const min: Op<readonly [GpuArray], ReduceAttributes> = extremeRule("min");
