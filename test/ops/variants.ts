// The heavy kernels' variants: which there are, how to make one run, and whether it did.
import type { Device } from "../../src/gpu/device.ts";
import type { Dispatch, Variant } from "../../src/gpu/dispatch.ts";
import { shaderText } from "../../src/gpu/node.ts";
import type { Case } from "./case.ts";

const VARIANTS: readonly Variant[] = ["tiled", "narrow", "direct"];

/** The variants of each shader that offers several. */
const HEAVY: ReadonlyMap<string, readonly Variant[]> = new Map(
  ["matmul", "conv2d-forward", "conv2d-data-gradient", "conv2d-weight-gradient"].map((shader) => [
    shader,
    VARIANTS.filter((variant) => shaderText(`${shader}.wgsl`).includes(`fn ${variant}(`)),
  ]),
);

const shaderOf = ({ label }: Dispatch): string => label.slice(0, label.lastIndexOf("."));

/** Whether everything is crossed with everything, however long it takes. */
export const SOAK: boolean = (process.env["LONGHAND_SOAK"] ?? "") !== "";

/** The variants to run a case in that launches these; none where no kernel has a choice. */
export function variantsOf(dispatches: readonly Dispatch[], { tiles }: Case): readonly Variant[] {
  const offered = dispatches.flatMap((dispatch) => HEAVY.get(shaderOf(dispatch)) ?? []);
  if (offered.length > 0 && tiles === false && !SOAK) return ["direct"];
  return [...new Set(offered)];
}

/** Asks every heavy kernel that has it for one variant while `body` runs. */
export async function withVariant<T>(
  device: Device,
  variant: Variant,
  body: () => Promise<T> | T,
): Promise<T> {
  for (const [shader, offered] of HEAVY) {
    if (offered.includes(variant)) device.variants.set(shader, variant);
  }
  try {
    return await body();
  } finally {
    device.variants.clear();
  }
}

/** Labels of the heavy dispatches that ran another variant than the one asked for, without a reason. */
export function astray(
  variant: Variant,
  dispatches: readonly Dispatch[],
  { untiled = [] }: Case,
): readonly string[] {
  return dispatches
    .filter((dispatch) => {
      const shader = shaderOf(dispatch);
      if (!HEAVY.get(shader)?.includes(variant)) return false;
      const expected = untiled.includes(shader) ? "direct" : variant;
      return dispatch.label !== `${shader}.${expected}`;
    })
    .map(({ label }) => label);
}
