// Moves 32-bit words from a strided path through one array to a path through another. Nothing is computed, so it works
// for every 32-bit type, and NaN keeps its bits. The ops are in moves.ts and pad.ts.
import { formatShape, sizeOf, type GpuArray } from "../gpu/array.ts";
import { ShapeError } from "../gpu/errors.ts";
import { collapse, stridesIn, type Walk } from "./strides.ts";

const RANK = 8;

/** A path through an array of `shape`: its start and the stride of each axis, in elements. */
export interface Path {
  readonly shape: readonly number[];
  readonly start: number;
  readonly strides: readonly number[];
}

/** Returns the path through a whole array of a shape, or through every `steps`th element from `starts` on. */
export function pathIn(
  shape: readonly number[],
  starts: readonly number[] = [],
  steps: readonly number[] = [],
): Path {
  const strides = stridesIn(shape);
  return {
    shape,
    start: strides.reduce((sum, stride, axis) => sum + stride * (starts[axis] ?? 0), 0),
    strides: strides.map((stride, axis) => stride * (steps[axis] ?? 1)),
  };
}

function walkOf(op: string, part: readonly number[], from: Path, to: Path): Walk {
  const walk = collapse(part, [from.strides, to.strides], RANK);
  if (walk) return walk;
  throw new ShapeError(
    `${op}: at most ${RANK} axes may remain after neighbouring ones are joined; got ${formatShape(part)}; move some axes at a time`,
  );
}

function launch(walk: Walk, inp: GpuArray, from: Path, out: GpuArray, to: Path): void {
  const count = sizeOf(walk.shape);
  out.device.launch({
    shader: "move",
    entry: "copy",
    constants: {
      COUNT: count,
      SHAPE: walk.shape,
      INP_START: from.start,
      INP_STRIDES: walk.strides[0]!,
      OUT_START: to.start,
      OUT_STRIDES: walk.strides[1]!,
    },
    bind: { inp, out },
    workgroups: out.device.linear(count),
  });
}

/** Copies elements of shape `part` from a path through `inp` to one through `out`. Throws `ShapeError` past 8 axes. */
export function move(
  op: string,
  part: readonly number[],
  [inp, from]: readonly [GpuArray, Path],
  [out, to]: readonly [GpuArray, Path],
): void {
  launch(walkOf(op, part, from, to), inp, from, out, to);
}

/** Fills an array with the word `bits`. */
export function fill(out: GpuArray, bits: number): void {
  out.device.launch({
    shader: "move",
    entry: "fill",
    constants: { COUNT: out.size, VALUE: bits },
    bind: { out },
    workgroups: out.device.linear(out.size),
  });
}

/**
 * Returns a new array with elements of shape `part`, moved from a path through `x` to the path `to`, and the word
 * `bits` everywhere else. Throws `ShapeError` past 8 axes.
 */
export function moved(
  op: string,
  part: readonly number[],
  x: GpuArray,
  from: Path,
  to: Path,
  bits = 0,
): GpuArray {
  const walk = walkOf(op, part, from, to);
  const out = x.device.empty(to.shape, x.dtype, op);
  if (sizeOf(part) < out.size) fill(out, bits);
  launch(walk, x, from, out, to);
  return out;
}

/** Returns the elements on a path through `x`, as an array of `shape`. Throws `ShapeError` past 8 axes. */
export function gathered(op: string, x: GpuArray, shape: readonly number[], from: Path): GpuArray {
  return moved(op, shape, x, from, pathIn(shape));
}

/** Returns `x` stretched to a shape that it broadcasts to. Throws `ShapeError` past 8 axes. */
export function stretched(op: string, x: GpuArray, shape: readonly number[]): GpuArray {
  const strides = stridesIn(x.shape, shape.length);
  return gathered(op, x, shape, { shape: x.shape, start: 0, strides });
}
