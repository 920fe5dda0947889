// One-hot: class indices as vectors of zeros with a single one.
import { sizeOf, type GpuArray } from "../gpu/array.ts";
import { floatBits } from "../gpu/shader.ts";
import { anyNumber, anyWhole, axisOf, flag, needed, whole } from "./attributes.ts";
import { defineOp, type Op } from "./op.ts";

/** The attributes of `oneHot`: how many classes, where their axis goes, and what to write. */
export interface OneHotAttributes {
  /** The number of classes: the extent of the new axis. */
  readonly depth: number;
  /** The new axis in the result; negative ones count from the end. Default −1. */
  readonly axis?: number;
  /** The value at the index: any number, including infinities and NaN. Default 1. */
  readonly on?: number;
  /** The value everywhere else: any number, including infinities and NaN. Default 0. */
  readonly off?: number;
  /** Whether an index in [−depth, −1] counts from the end, as in ONNX. By default (false) it yields `off` everywhere. */
  readonly wrapNegative?: boolean;
}

/** `on` where the new axis's coordinate equals the index, `off` elsewhere. */
export const oneHot: Op<readonly [GpuArray], OneHotAttributes> = defineOp({
  name: "oneHot",
  attributes: {
    depth: needed(whole(0)),
    axis: anyWhole,
    on: anyNumber,
    off: anyNumber,
    wrapNegative: flag,
  },
  takes: [["i32"]],
  forward([indices], attributes: OneHotAttributes) {
    const { depth, axis = -1, on = 1, off = 0, wrapNegative = false } = attributes;
    const { device, shape } = indices;
    const at = axisOf("oneHot", axis, shape.length + 1);
    const out = device.empty(shape.toSpliced(at, 0, depth), "f32", "oneHot");
    device.launch({
      shader: "one-hot",
      entry: "one_hot",
      constants: {
        COUNT: out.size,
        DEPTH: depth,
        INNER: sizeOf(shape.slice(at)),
        WRAP: wrapNegative,
        ON: floatBits(on),
        OFF: floatBits(off),
      },
      bind: { indices, out },
      workgroups: device.linear(out.size),
    });
    return { out, saved: undefined };
  },
  backward: () => [undefined],
});
