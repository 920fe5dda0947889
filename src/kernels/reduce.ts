// Reductions over any axes: sum, mean, max and min. The op of the product is in prod.ts.
import { sizeOf, type GpuArray } from "../gpu/array.ts";
import { anyAxes, flag } from "./attributes.ts";
import { binary, scale } from "./binary.ts";
import { defineOp, type Op } from "./op.ts";
import {
  alternates,
  inRows,
  normaliseAxes,
  reducedShape,
  reducing,
  type Axes,
  type Cut,
} from "./reduce-geometry.ts";

export type { Axes } from "./reduce-geometry.ts";
import { chooseVariant, onEmptyGpus, type Workload } from "./variant.ts";
import { ENOUGH_WORKGROUPS } from "./workgroup-tile.ts";

/** What `reduce` computes. */
export type Reduction = "sum" | "mean" | "max" | "min" | "prod";

/** Which axes to reduce (all by default), and whether to keep them as 1. */
export interface ReduceAttributes {
  readonly axes?: Axes;
  readonly keepDims?: boolean;
}

const SUBGROUPS_FROM = 1024; // elements per contiguous row that keep 64 lanes of a GPU busy
const ROW = 16_384; // elements that one workgroup takes, if rows are longer and outputs are few
const FEWEST = 32; // elements per output from which 16 lanes may share them
const MOST_OUTPUTS = 65_536; // so many that nobody gains from sharing
const NEIGHBOURS = 16; // adjacent outputs per workgroup of `split`: 64 bytes

/** Reduces contiguous rows: one workgroup per row, or several if rows are long and few. Returns (…, runs). */
function reduceRows(x: GpuArray, reduction: Reduction, rows: number, divisor: number): GpuArray {
  const count = x.size / rows;
  const splits = Math.min(64, Math.ceil(count / ROW), Math.ceil(512 / rows));
  const chunk = Math.ceil(count / splits);
  const runs = Math.ceil(count / chunk);
  const out = x.device.empty([rows, runs], "f32", reduction);
  x.device.launch({
    shader: "reduce-subgroup",
    entry: "reduce",
    constants: {
      OP: reduction === "mean" && runs > 1 ? "SUM" : reduction.toUpperCase(),
      OUTPUTS: rows,
      COUNT: count,
      CHUNK: chunk,
      SPLITS: runs,
      DIVISOR: divisor,
    },
    bind: { inp: x, out },
    workgroups: x.device.linear(rows * runs, 1),
    flop: x.size,
  });
  return out;
}

/** Returns how to cut a reduction whose elements the 256 lanes of a workgroup share, for `spread` outputs at a time. */
function sharedCut(outputs: number, count: number, spread: number): Cut {
  const workgroups = Math.ceil(outputs / spread);
  const parts = 256 / spread;
  const wanted = Math.min(
    64,
    Math.ceil(ENOUGH_WORKGROUPS / workgroups),
    Math.ceil(count / (64 * parts)),
  );
  const chunk = Math.ceil(count / wanted);
  return { chunk, runs: Math.ceil(count / chunk) };
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
  const outputs = sizeOf(shape);
  const contiguous = inRows(x.shape, axes);
  const serve = {
    subgroup:
      count > 1 && reduction !== "prod" && contiguous && x.device.gpu.features.has("subgroups"),
    split: count >= FEWEST && outputs > 0 && outputs < MOST_OUTPUTS,
  };
  const long = !x.device.software && serve.subgroup && count >= SUBGROUPS_FROM;
  const fewest = contiguous ? FEWEST * NEIGHBOURS : FEWEST; // two elements per lane
  const few = serve.split ? onEmptyGpus(x.device, outputs, count, "direct", fewest) : "direct";
  const divide = divisor ?? Math.max(count, 1);
  const mean = count / divide;
  const most = { sum: count, mean, max: 1, min: 1, prod: count };
  const workload: Workload = {
    kernel: "reduce",
    key: `reduce ${reduction} ${x.shape.join("x")} over ${axes.join(",")}`,
    inputs: [x],
    terms: most[reduction],
    launch: (y) => reduce(y, reduction, axes, keepDims, divisor),
  };
  const preferred = long ? "subgroup" : few;
  const serves = serve.subgroup || serve.split;
  const variant = chooseVariant(x.device, workload, preferred, serves, false, serve);
  if (variant === "subgroup") {
    const rows = reduceRows(x, reduction, outputs, divide);
    const last = rows.shape[1] === 1;
    return (last ? rows : reduce(rows, reduction, [1], false, divide)).view(shape);
  }
  const spread = contiguous ? 1 : NEIGHBOURS;
  const shared = variant === "split";
  const cut = shared ? sharedCut(outputs, count, spread) : undefined;
  const { runs, constants } = reducing(reduction, x.shape, axes, keepDims, cut);
  const last = runs === 1;
  const out = x.device.empty(last ? shape : [runs, ...shape], "f32", reduction);
  x.device.launch({
    shader: "reduce",
    entry: shared ? "split" : "reduce",
    constants: {
      ...constants,
      ...(shared && { SPREAD: spread }),
      OP: reduction === "mean" && !last ? "SUM" : reduction.toUpperCase(),
      DIVISOR: divide,
    },
    bind: { inp: x, out },
    workgroups: shared
      ? x.device.linear(Math.ceil(outputs / spread) * runs, 1)
      : x.device.linear(out.size),
    flop: x.size,
  });
  return last ? out : reduce(out, reduction, [0], false, divide).view(shape);
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
