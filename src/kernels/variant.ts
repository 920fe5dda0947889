// The shapes of a heavy kernel: register tiles (narrow ones for images of few channels), or one output
// an invocation.
import type { Device } from "../gpu/device.ts";
import type { Variant } from "../gpu/dispatch.ts";

/**
 * The variant to launch: the one that `device.variants` names for the shader, else `preferred`; but
 * always `direct` where tiles can't serve the shapes.
 */
export function chooseVariant(
  device: Device,
  shader: string,
  preferred: Variant,
  tilesServe: boolean,
): Variant {
  return tilesServe ? (device.variants.get(shader) ?? preferred) : "direct";
}
