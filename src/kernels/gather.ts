// Gather: the rows of an array that indices select.
import { formatShape, sizeOf, type GpuArray } from "../gpu/array.ts";
import { AttributeError, ShapeError } from "../gpu/errors.ts";
import { anyWhole, axisOf, whole } from "./attributes.ts";
import { defineOp, WORDS, type Op } from "./op.ts";

/** The attributes of `gather`: the axis that indices count along, and the axes that they share with x. */
export interface GatherAttributes {
  /** The axis of x to gather from; negative ones count from the end. Default `batchDims`. */
  readonly axis?: number;
  /** How many leading axes x and indices have in common: each batch's indices select rows of that batch. Default 0. */
  readonly batchDims?: number;
}

/** x as (B, outer, rows, inner), indices as (B, picks), and the result's shape. */
interface Layout {
  readonly shape: readonly number[];
  readonly batch: number;
  readonly outer: number;
  readonly rows: number;
  readonly inner: number;
  readonly picks: number;
}

function layoutOf(
  x: GpuArray,
  indices: GpuArray,
  { batchDims = 0, axis = batchDims }: GatherAttributes,
): Layout {
  const at = axisOf("gather", axis, x.shape.length);
  if (batchDims > Math.min(x.shape.length, indices.shape.length)) {
    throw new AttributeError(
      `gather: batchDims must be at most the ranks of x ${formatShape(x.shape)} and indices ${formatShape(indices.shape)}; got ${batchDims}`,
    );
  }
  if (at < batchDims) {
    throw new AttributeError(
      `gather: axis must be ${batchDims} or more, after the batch axes; got ${axis}`,
    );
  }
  const batch = x.shape.slice(0, batchDims);
  if (batch.some((extent, i) => extent !== indices.shape[i])) {
    throw new ShapeError(
      `gather: the first ${batchDims} extents of x ${formatShape(x.shape)} and indices ${formatShape(indices.shape)} must be equal, because batchDims is ${batchDims}`,
    );
  }
  const rows = x.shape[at]!;
  if (rows === 0 && indices.size > 0) {
    throw new ShapeError(
      `gather: axis ${at} of x ${formatShape(x.shape)} is empty, so no index selects a row; got indices ${formatShape(indices.shape)}`,
    );
  }
  const named = indices.shape.slice(batchDims);
  return {
    shape: [...x.shape.slice(0, at), ...named, ...x.shape.slice(at + 1)],
    batch: sizeOf(batch),
    outer: sizeOf(x.shape.slice(batchDims, at)),
    rows,
    inner: sizeOf(x.shape.slice(at + 1)),
    picks: sizeOf(named),
  };
}

function constantsOf({ outer, rows, inner, picks }: Layout, count: number): Record<string, number> {
  return { COUNT: count, OUTER: outer, ROWS: rows, INNER: inner, PICKS: picks };
}

/** out[b, o, i, s] = x[b, o, indices[b, i], s]. */
function pick(x: GpuArray, indices: GpuArray, layout: Layout): GpuArray {
  const out = x.device.empty(layout.shape, x.dtype, "gather");
  x.device.launch({
    shader: "gather",
    entry: "gather",
    constants: constantsOf(layout, out.size),
    bind: { indices, inp: x, out },
    workgroups: x.device.linear(out.size),
  });
  return out;
}

/**
 * dx[b, o, n, s] = Σ dout[b, o, i, s] over the i with indices[b, i] = n. A first launch links the i of each row into a
 * chain, so that each element of dx walks only its own terms, in order.
 */
function gradient(
  dout: GpuArray,
  indices: GpuArray,
  shape: readonly number[],
  layout: Layout,
): GpuArray {
  const { device } = dout;
  const { batch, rows, picks } = layout;
  const dinp = device.empty(shape, "f32", "gather.gradient");
  if (dinp.size === 0) return dinp; // no chains are needed, and a modulus of 0 doesn't compile
  const links = device.empty([batch, rows + picks], "u32", "gather.links");
  device.launch({
    shader: "gather",
    entry: "link",
    constants: constantsOf(layout, links.size),
    bind: { indices, links },
    workgroups: device.linear(links.size),
  });
  device.launch({
    shader: "gather",
    entry: "gradient",
    constants: {
      ...constantsOf(layout, dinp.size),
      BLOCK: Math.max(1, Math.ceil(Math.sqrt(picks))),
    },
    bind: { dout, next: links, dinp },
    workgroups: device.linear(dinp.size),
    flop: dout.size,
  });
  return dinp;
}

/** The rows of x that indices select along an axis. */
export const gather: Op<readonly [GpuArray, GpuArray], GatherAttributes> = defineOp({
  name: "gather",
  attributes: { axis: anyWhole, batchDims: whole(0) },
  takes: [WORDS, ["i32"]],
  forward([x, indices], attributes: GatherAttributes) {
    const layout = layoutOf(x, indices, attributes);
    return { out: pick(x, indices, layout), saved: { indices, shape: x.shape, layout } };
  },
  backward: (dout, { indices, shape, layout }, _attributes, needs) => [
    needs[0] ? gradient(dout, indices, shape, layout) : undefined,
    undefined,
  ],
});
