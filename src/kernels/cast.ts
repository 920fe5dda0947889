// Cast: elements converted to another type.
import type { GpuArray } from "../gpu/array.ts";
import { checkStored } from "../gpu/binding.ts";
import { needed, oneOf } from "./attributes.ts";
import { defineOp, type Op } from "./op.ts";

/** The attribute of `cast`. */
export interface CastAttributes {
  /** The type of the result. */
  readonly to: "f32" | "i32" | "u32" | "f16";
}

/** Fills `out` with the converted elements of `x`. At least one of the two has a floating-point type. */
function launch(x: GpuArray, out: GpuArray): void {
  const { device, size } = out;
  const toIntegers = out.dtype === "i32" || out.dtype === "u32";
  const shared = { shader: "cast", workgroups: device.linear(size), flop: size };
  if (toIntegers || x.dtype === "f16") {
    const constants = { TO: out.dtype.toUpperCase(), COUNT: size };
    device.launch({ ...shared, entry: "from_floats", constants, bind: { inp: x, out } });
    return;
  }
  const constants = { FROM: x.dtype.toUpperCase(), HALVES: out.dtype === "f16", COUNT: size };
  device.launch({ ...shared, entry: "to_floats", constants, bind: { words: x, floats: out } });
}

const FLOATS: readonly string[] = ["f32", "f16"];

/** x as another type. Gradients are f32 for either float type and pass through unchanged. */
export const cast: Op<readonly [GpuArray], CastAttributes> = defineOp({
  name: "cast",
  attributes: { to: needed(oneOf("f32", "i32", "u32", "f16")) },
  takes: [["f32", "i32", "u32", "f16"]],
  forward([x], { to }: CastAttributes) {
    const { device, shape, dtype } = x;
    const floats = [FLOATS.includes(dtype), FLOATS.includes(to)];
    checkStored("cast", device.gpu, to);
    // From integer to integer, and from a type to itself, the bits stay the same: a view is enough.
    if (dtype === to || !floats.includes(true)) {
      return { out: device.viewAt(x, 0, shape, to), saved: floats };
    }
    const out = device.empty(shape, to, "cast");
    launch(x, out);
    return { out, saved: floats };
  },
  backward: (dout, floats) => [floats.includes(false) ? undefined : dout],
});
