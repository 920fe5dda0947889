// The ops that only move elements: transpose, slice, concat, tile and broadcastTo. Padding is in pad.ts.
import { formatShape, type GpuArray } from "../gpu/array.ts";
import { AttributeError, DTypeError, ShapeError } from "../gpu/errors.ts";
import { anyWhole, axisOf, needed, wholes } from "./attributes.ts";
import { gathered, move, moved, pathIn, stretched } from "./strided-copy.ts";
import { reduce, sumTo } from "./reduce.ts";
import { defineOp, WORDS, type Op } from "./op.ts";
import { stridesIn } from "./strides.ts";

type Shape = readonly number[];
type Array1 = readonly [GpuArray];

/** The order of the axes. */
export interface TransposeAttributes {
  /** For each axis of the result, the axis of x; negative ones count from the end (default: reversed). */
  readonly permutation?: readonly number[];
}

/** Returns x with its axes in another order; `permutation` counts axes from 0. */
export function permuted(x: GpuArray, permutation: readonly number[]): GpuArray {
  const strides = stridesIn(x.shape);
  return gathered(
    "transpose",
    x,
    permutation.map((axis) => x.shape[axis]!),
    { shape: x.shape, start: 0, strides: permutation.map((axis) => strides[axis]!) },
  );
}

/** x with its axes in another order. */
export const transpose: Op<Array1, TransposeAttributes> = defineOp({
  name: "transpose",
  attributes: { permutation: wholes() },
  takes: [WORDS],
  forward([x], { permutation }: TransposeAttributes) {
    const { shape } = x;
    const rank = shape.length;
    const order = permutation?.map((axis) => axisOf("transpose", axis, rank));
    if (order && (order.length !== rank || new Set(order).size !== rank)) {
      throw new AttributeError(
        `transpose: permutation must name each axis of ${formatShape(shape)} once; got [${permutation!.join(", ")}]`,
      );
    }
    const saved = order ?? shape.map((_, axis) => rank - 1 - axis);
    return { out: permuted(x, saved), saved };
  },
  backward: (dout, order) => [
    permuted(
      dout,
      order.map((_, axis) => order.indexOf(axis)),
    ),
  ],
});

/** Where a slice lies. Each list has one entry per axis; axes past its end are taken whole. */
export interface SliceAttributes {
  /** The first element along each axis; negative ones count from the end. */
  readonly starts: readonly number[];
  /** How many elements to take along each axis; −1 or no entry takes all in the step's direction. */
  readonly sizes?: readonly number[];
  /** The distance from one element to the next along each axis; negative ones walk backwards (default 1). */
  readonly steps?: readonly number[];
}

/** Returns the slice's first element, number of elements and step along one axis. Throws `AttributeError`. */
function sliceAxis(
  axis: number,
  extent: number,
  { starts, sizes = [], steps = [] }: SliceAttributes,
): { start: number; size: number; step: number } {
  const step = steps[axis] ?? 1;
  const told = starts[axis] ?? (step > 0 ? 0 : Math.max(extent - 1, 0));
  const start = told < 0 ? told + extent : told;
  const back = extent === 0 ? 0 : Math.floor(start / -step) + 1;
  const ahead = step > 0 ? Math.ceil((extent - start) / step) : back;
  const size = (sizes[axis] ?? -1) === -1 ? ahead : sizes[axis]!;
  // A slice may start just past the last element if it takes nothing.
  if (start < 0 || start > extent || size > ahead || (size > 0 && start === extent)) {
    throw new AttributeError(
      `slice: axis ${axis} has ${extent} elements; got start ${told}, size ${sizes[axis] ?? -1}, step ${step}, which reach outside it`,
    );
  }
  return { start, size, step };
}

/** A strided part of x. */
export const slice: Op<Array1, SliceAttributes> = defineOp({
  name: "slice",
  attributes: { starts: needed(wholes()), sizes: wholes(-1), steps: wholes() },
  takes: [WORDS],
  forward([x], attributes: SliceAttributes) {
    const { shape } = x;
    for (const name of ["starts", "sizes", "steps"] as const) {
      const list = attributes[name] ?? [];
      if (list.length > shape.length) {
        throw new AttributeError(
          `slice: ${name} may have at most one entry per axis of ${formatShape(shape)}; got [${list.join(", ")}]`,
        );
      }
    }
    if (attributes.steps?.includes(0)) {
      throw new AttributeError(`slice: steps must not be 0; got [${attributes.steps.join(", ")}]`);
    }
    const axes = shape.map((extent, axis) => sliceAxis(axis, extent, attributes));
    const path = pathIn(
      shape,
      axes.map(({ start }) => start),
      axes.map(({ step }) => step),
    );
    const sizes = axes.map(({ size }) => size);
    return { out: gathered("slice", x, sizes, path), saved: path };
  },
  backward: (dout, path) => [moved("slice", dout.shape, dout, pathIn(dout.shape), path)],
});

/** The attribute of `concat`. */
export interface ConcatAttributes {
  /** The axis along which they follow one another; negative ones count from the end. */
  readonly axis: number;
}

/** Arrays joined one after another along an axis. */
export const concat: Op<readonly GpuArray[], ConcatAttributes> = defineOp({
  name: "concat",
  attributes: { axis: needed(anyWhole) },
  takes: [WORDS],
  forward(parts: readonly GpuArray[], attributes: ConcatAttributes) {
    const { device, dtype, shape: first } = parts[0]!;
    const axis = axisOf("concat", attributes.axis, first.length);
    let length = 0;
    const starts = parts.map((part, index) => {
      if (part.dtype !== dtype) {
        throw new DTypeError(
          `concat: all inputs must have the same type; got ${dtype} as input 0 and ${part.dtype} as input ${index}`,
        );
      }
      const { shape } = part;
      if (shape.length !== first.length || shape.some((n, i) => i !== axis && n !== first[i])) {
        throw new ShapeError(
          `concat: shapes may differ only along axis ${axis}; got ${formatShape(first)} as input 0 and ${formatShape(shape)} as input ${index}`,
        );
      }
      const start = length;
      length += shape[axis]!;
      return start;
    });
    const shape = first.with(axis, length);
    const saved = parts.map((part, index) => ({
      shape: part.shape,
      path: pathIn(
        shape,
        Array.from(shape, (_, i) => (i === axis ? starts[index]! : 0)),
      ),
    }));
    const out = device.empty(shape, dtype, "concat");
    parts.forEach((part, index) => {
      move("concat", part.shape, [part, pathIn(part.shape)], [out, saved[index]!.path]);
    });
    return { out, saved };
  },
  backward: (dout, saved, _attributes, needs) =>
    saved.map(({ shape, path }, index) =>
      needs[index] ? gathered("concat", dout, shape, path) : undefined,
    ),
});

/** The attribute of `tile`. */
export interface TileAttributes {
  /** How often the whole of x is repeated along each of its axes. */
  readonly repetitions: readonly number[];
}

/** Repeats x along its axes, three axes per launch, so that at most 8 repetitions and extents remain to walk. */
function tiled(x: GpuArray, repetitions: readonly number[]): GpuArray {
  const repeated = repetitions.flatMap((n, axis) => (n === 1 ? [] : [axis]));
  const now = repetitions.map((n, axis) => (repeated.indexOf(axis) < 3 ? n : 1));
  const strides = stridesIn(x.shape);
  const out = gathered(
    "tile",
    x,
    x.shape.flatMap((extent, axis) => [now[axis]!, extent]),
    { shape: x.shape, start: 0, strides: strides.flatMap((stride) => [0, stride]) },
  ).view(x.shape.map((extent, axis) => now[axis]! * extent));
  if (repeated.length <= 3) return out;
  return tiled(
    out,
    repetitions.map((n, axis) => (repeated.indexOf(axis) < 3 ? 1 : n)),
  );
}

/** x repeated along its axes. */
export const tile: Op<Array1, TileAttributes> = defineOp({
  name: "tile",
  attributes: { repetitions: needed(wholes(0)) },
  takes: [WORDS],
  forward([x], { repetitions }: TileAttributes) {
    if (repetitions.length !== x.shape.length) {
      throw new AttributeError(
        `tile: repetitions must have one entry per axis of ${formatShape(x.shape)}; got [${repetitions.join(", ")}]`,
      );
    }
    return { out: tiled(x, repetitions), saved: x.shape };
  },
  backward(dout, shape, { repetitions }) {
    const copies = dout.view(shape.flatMap((extent, axis) => [repetitions[axis]!, extent]));
    const axes = shape.map((_, axis) => 2 * axis);
    return [reduce(copies, "sum", axes, false).view(shape)];
  },
});

/** The attribute of `broadcastTo`. */
export interface BroadcastAttributes {
  /** The result's shape. */
  readonly shape: Shape;
}

/** x repeated along new axes and along axes of 1. */
export const broadcastTo: Op<Array1, BroadcastAttributes> = defineOp({
  name: "broadcastTo",
  attributes: { shape: needed(wholes(0)) },
  takes: [WORDS],
  forward([x], { shape }: BroadcastAttributes) {
    const lead = shape.length - x.shape.length;
    if (lead < 0 || x.shape.some((extent, axis) => extent !== 1 && extent !== shape[lead + axis])) {
      throw new ShapeError(
        `broadcastTo: ${formatShape(x.shape)} doesn't broadcast to ${formatShape(shape)}: each extent, counted from the last, must be equal or 1`,
      );
    }
    return { out: stretched("broadcastTo", x, shape), saved: x.shape };
  },
  backward: (dout, shape) => [sumTo(dout, shape)],
});
