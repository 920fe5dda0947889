// Two shapes of every heavy kernel: register tiles, or one output an invocation.
import type { Device } from "../gpu/device.ts";

/** An entry point that a heavy kernel's shader offers. */
export type Variant = "tiled" | "direct";

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
  const chosen = device.variants.get(shader) ?? preferred;
  return tilesServe && chosen === "tiled" ? "tiled" : "direct";
}
