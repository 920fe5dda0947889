// Padding with a constant, which is a fill and a move, or with copies of elements, one axis at a time.
import { formatShape, sizeOf, type DType, type GpuArray } from "../gpu/array.ts";
import { AttributeError } from "../gpu/errors.ts";
import { floatBits } from "../gpu/shader.ts";
import { anyNumber, needed, oneOf, pairs } from "./attributes.ts";
import { moved, pathIn } from "./strided-copy.ts";
import { defineOp, WORDS, type Op } from "./op.ts";

/** How many elements to add before and after those along an axis. */
export type AxisPadding = readonly [before: number, after: number];

/** The attributes of `pad`: how much to add, and what. */
export interface PadAttributes {
  /** (before, after) for each axis. Negative numbers crop; only `constant` allows them. */
  readonly padding: readonly AxisPadding[];
  /**
   * `constant` adds `value`; `reflect` mirrors about the outermost elements (3 2 | 1 2 3); `symmetric` mirrors about
   * the borders beyond them (2 1 | 1 2 3); `edge` repeats them (1 1 | 1 2 3). Default `constant`.
   */
  readonly mode?: "constant" | "reflect" | "symmetric" | "edge";
  /** What `constant` adds, which may be infinite or NaN. The other modes don't use it. Default 0. */
  readonly value?: number;
}

type Mode = Exclude<PadAttributes["mode"], undefined>;

const LEAST_EXTENT: Readonly<Record<Mode, (padding: number) => number>> = {
  constant: () => 0,
  reflect: (padding) => padding + 1,
  symmetric: (padding) => padding,
  edge: () => 1,
};

/** Throws `AttributeError` unless an axis of that extent can be padded this way. */
function checkAxis(mode: Mode, extent: number, [before, after]: AxisPadding, axis: number): void {
  const refuse = (why: string): never => {
    throw new AttributeError(
      `pad: axis ${axis} of ${extent} elements can't be padded by (${before}, ${after}): ${why}`,
    );
  };
  if (mode === "constant") {
    const cropped = Math.max(-before, 0) + Math.max(-after, 0);
    if (cropped > extent) refuse("that would crop more elements than it has");
    return;
  }
  if (before < 0 || after < 0) refuse(`mode '${mode}' can't crop; slice first`);
  const most = Math.max(before, after);
  if (most > 0 && extent < LEAST_EXTENT[mode](most)) {
    refuse(`mode '${mode}' needs ${LEAST_EXTENT[mode](most)} or more elements to copy from`);
  }
}

/** Returns the 32 bits of a number as an element of a type. Throws `AttributeError` if the type can't hold it. */
function bitsOf(value: number, dtype: DType): number {
  if (dtype === "f32") return floatBits(value);
  const [low, high] = dtype === "i32" ? [-(2 ** 31), 2 ** 31 - 1] : [0, 2 ** 32 - 1];
  if (Number.isInteger(value) && value >= low && value <= high) return value >>> 0;
  throw new AttributeError(
    `pad: value must be a whole number in [${low}, ${high}] for ${dtype}; got ${value}`,
  );
}

/** Returns the part of x that remains when it is padded with a constant, as paths through x and the result. */
function windows(
  shape: readonly number[],
  padding: readonly AxisPadding[],
): { part: readonly number[]; from: ReturnType<typeof pathIn>; to: ReturnType<typeof pathIn> } {
  const padded = shape.map((extent, axis) => padding[axis]![0] + extent + padding[axis]![1]);
  return {
    part: shape.map(
      (n, axis) => n + Math.min(padding[axis]![0], 0) + Math.min(padding[axis]![1], 0),
    ),
    from: pathIn(
      shape,
      padding.map(([before]) => Math.max(-before, 0)),
    ),
    to: pathIn(
      padded,
      padding.map(([before]) => Math.max(before, 0)),
    ),
  };
}

/** Extends one axis by copies, or computes the gradient of that: the sum over all copies of each element. */
function alongAxis(
  entry: "forward" | "backward",
  x: GpuArray,
  shape: readonly number[],
  axis: number,
  mode: Mode,
  [before, after]: AxisPadding,
): GpuArray {
  const out = x.device.empty(shape, x.dtype, "pad");
  const narrow = entry === "forward" ? x : out;
  x.device.launch({
    shader: "pad",
    entry,
    constants: {
      MODE: mode.toUpperCase(),
      COUNT: out.size,
      EXTENT: narrow.shape[axis]!,
      INNER: sizeOf(narrow.shape.slice(axis + 1)),
      BEFORE: before,
      AFTER: after,
    },
    bind: entry === "forward" ? { inp: x, out } : { dout: x, dinp: out },
    workgroups: x.device.linear(out.size),
    flop: entry === "forward" ? 0 : x.size,
  });
  return out;
}

/** x with elements added around it, or cropped. */
export const pad: Op<readonly [GpuArray], PadAttributes> = defineOp({
  name: "pad",
  attributes: {
    padding: needed(pairs),
    mode: oneOf("constant", "reflect", "symmetric", "edge"),
    value: anyNumber,
  },
  takes: [WORDS],
  forward([x], { padding, mode = "constant", value = 0 }: PadAttributes) {
    const { shape } = x;
    if (padding.length !== shape.length) {
      throw new AttributeError(
        `pad: padding must have one pair per axis of ${formatShape(shape)}; got ${padding.length}`,
      );
    }
    shape.forEach((extent, axis) => checkAxis(mode, extent, padding[axis]!, axis));
    if (mode === "constant") {
      const { part, from, to } = windows(shape, padding);
      return { out: moved("pad", part, x, from, to, bitsOf(value, x.dtype)), saved: shape };
    }
    const out = padding.reduce((grown, [before, after], axis) => {
      if (before + after === 0) return grown;
      const wider = grown.shape.with(axis, before + grown.shape[axis]! + after);
      return alongAxis("forward", grown, wider, axis, mode, [before, after]);
    }, x);
    return { out, saved: shape };
  },
  backward(dout, shape, { padding, mode = "constant" }) {
    if (mode === "constant") {
      const { part, from, to } = windows(shape, padding);
      return [moved("pad", part, dout, to, from)];
    }
    const dinp = padding.reduceRight((grown, [before, after], axis) => {
      if (before + after === 0) return grown;
      const narrower = grown.shape.with(axis, shape[axis]!);
      return alongAxis("backward", grown, narrower, axis, mode, [before, after]);
    }, dout);
    return [dinp];
  },
});
