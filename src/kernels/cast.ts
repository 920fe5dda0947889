// Elements as another type.
import type { GpuArray } from "../gpu/array.ts";
import { checkStored } from "../gpu/binding.ts";
import { needed, oneOf } from "./attributes.ts";
import { defineOp, type Op } from "./op.ts";

/** What `cast` takes. */
export interface CastAttributes {
  /** The type of the result. */
  readonly to: "f32" | "i32" | "u32" | "f16";
}

/** Fills `out` with `x`, one of which at least is of floats. */
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

/** x as another type. Gradients are f32 whatever the type, and flow as they are. */
export const cast: Op<readonly [GpuArray], CastAttributes> = defineOp({
  name: "cast",
  attributes: { to: needed(oneOf("f32", "i32", "u32", "f16")) },
  takes: [["f32", "i32", "u32", "f16"]],
  forward([x], { to }: CastAttributes) {
    const { device, shape, dtype } = x;
    const floats = [FLOATS.includes(dtype), FLOATS.includes(to)];
    checkStored("cast", device.gpu, to);
    // The bits of integers stay as they are, as those of the same type do.
    if (dtype === to || !floats.includes(true)) {
      return { out: device.viewAt(x, 0, shape, to), saved: floats };
    }
    const out = device.empty(shape, to, "cast");
    launch(x, out);
    return { out, saved: floats };
  },
  backward: (dout, floats) => [floats.includes(false) ? undefined : dout],
});
