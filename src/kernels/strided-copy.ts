// Moving 32-bit words from any strided path through one array to any through another. Nothing is
// computed, so every 32-bit type will do, and NaN keeps its bits. The ops are in moves.ts and pad.ts.
import { formatShape, sizeOf, type GpuArray } from "../gpu/array.ts";
import { ShapeError } from "../gpu/errors.ts";
import { collapse, stridesIn, type Walk } from "./strides.ts";

const RANK = 8;

/** A path through an array of `shape`: where it starts, in elements, and how far each axis steps. */
export interface Path {
  readonly shape: readonly number[];
  readonly start: number;
  readonly strides: readonly number[];
}

/** The path through all of an array of a shape, or through every `steps`th element from `starts` on. */
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
    `${op}: takes up to ${RANK} axes that don't join with their neighbours; got ${formatShape(part)}: move some of them at a time`,
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

/** Copies `part` elements on a path through `inp` to one through `out`. Throws `ShapeError` past 8 axes. */
export function move(
  op: string,
  part: readonly number[],
  [inp, from]: readonly [GpuArray, Path],
  [out, to]: readonly [GpuArray, Path],
): void {
  launch(walkOf(op, part, from, to), inp, from, out, to);
}

/** Puts the word `bits` everywhere. */
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
 * A new array with `part` elements of `x`, on a path, put on a path of its own, and the word `bits`
 * everywhere else. Throws `ShapeError` past 8 axes.
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

/** The elements on a path through `x`, as an array of `shape`. Throws `ShapeError` past 8 axes. */
export function gathered(op: string, x: GpuArray, shape: readonly number[], from: Path): GpuArray {
  return moved(op, shape, x, from, pathIn(shape));
}

/** `x` stretched to a shape that it broadcasts to. Throws `ShapeError` past 8 axes. */
export function stretched(op: string, x: GpuArray, shape: readonly number[]): GpuArray {
  const strides = stridesIn(x.shape, shape.length);
  return gathered(op, x, shape, { shape: x.shape, start: 0, strides });
}
