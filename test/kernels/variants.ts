// The kernels' variants: which there are, how to make one run, and whether it did.
import { kernelChoices, type Variant } from "../../src/kernels/variant.ts";
import type { Device } from "../../src/gpu/device.ts";
import type { Dispatch } from "../../src/gpu/dispatch.ts";
import { shaderText } from "../../src/gpu/node/adapter.ts";
import { withinMemory } from "../../src/kernels/workgroup-tile.ts";
import type { Case } from "./case.ts";

/** The tiles through workgroup memory, in all their shapes. */
export const WORKGROUP = ["workgroup", "workgroup128", "workgroup256", "workgroup32"] as const;

/** A kernel's variants as the labels of their dispatches. */
type Labels = Readonly<Partial<Record<Variant, string>>>;

/** The entry points of a shader that are variants, and those that have a shader of their own. */
function tilesOf(shader: string): Labels {
  const entries = (["tiled", "narrow", "direct"] as const).filter((variant) =>
    shaderText(`${shader}.wgsl`).includes(`fn ${variant}(`),
  );
  const labels = entries.map((variant) => [variant, `${shader}.${variant}`]);
  return {
    ...Object.fromEntries(labels),
    ...Object.fromEntries(WORKGROUP.map((variant) => [variant, `${shader}-${variant}.tiled`])),
    lanes: `${shader}-lanes.tiled`,
  };
}

/** The variants of each kernel that has several. */
const HEAVY: Readonly<Record<string, Labels>> = {
  matmul: tilesOf("matmul"),
  "conv2d-forward": tilesOf("conv2d-forward"),
  "conv2d-data-gradient": tilesOf("conv2d-data-gradient"),
  "conv2d-weight-gradient": tilesOf("conv2d-weight-gradient"),
  reduce: { direct: "reduce.reduce", subgroup: "reduce-subgroup.reduce" },
};

const VARIANTS = ["tiled", "narrow", "direct", ...WORKGROUP, "subgroup", "lanes"] as const;

const offered = (kernel: string): readonly Variant[] =>
  VARIANTS.filter((variant) => HEAVY[kernel]?.[variant] !== undefined);

/** The kernel that a dispatch is a variant of, if its kernel has variants. */
const kernelOf = ({ label }: Dispatch): string =>
  Object.keys(HEAVY).find((kernel) => Object.values(HEAVY[kernel]!).includes(label)) ?? "";

/** Whether everything is crossed with everything, however long it takes. */
export const SOAK: boolean = (process.env["LONGHAND_SOAK"] ?? "") !== "";

/** The variants to run a case in that launches these; none where no kernel has a choice. */
export function variantsOf(
  device: Device,
  dispatches: readonly Dispatch[],
  { tiles, workgroup, subgroup, lanes }: Case,
): readonly Variant[] {
  const through = workgroup === true || SOAK;
  const can: Readonly<Record<Variant, boolean>> = {
    tiled: tiles !== false || SOAK,
    narrow: tiles !== false || SOAK,
    direct: true,
    workgroup: through,
    workgroup128: through,
    workgroup256: through && withinMemory(device, "workgroup256") === "workgroup256",
    workgroup32: through,
    subgroup: subgroup === true && device.gpu.features.has("subgroups"),
    lanes: (lanes ?? false) !== false && device.lanes > 0,
  };
  const all = new Set(dispatches.flatMap((dispatch) => offered(kernelOf(dispatch))));
  return [...all].filter((variant) => can[variant]);
}

/** Asks every kernel that has it for one variant while `body` runs. */
export async function withVariant<T>(
  device: Device,
  variant: Variant,
  body: () => Promise<T> | T,
): Promise<T> {
  for (const kernel of Object.keys(HEAVY)) {
    if (offered(kernel).includes(variant)) kernelChoices(device).forced.set(kernel, variant);
  }
  try {
    return await body();
  } finally {
    kernelChoices(device).forced.clear();
  }
}

/** Labels of the dispatches that ran another variant than the one asked for, without a reason. */
export function astray(
  variant: Variant,
  dispatches: readonly Dispatch[],
  { untiled = [], lanes }: Case,
): readonly string[] {
  return dispatches
    .filter((dispatch) => {
      const labels = HEAVY[kernelOf(dispatch)];
      if (labels?.[variant] === undefined) return false;
      const kernel = kernelOf(dispatch);
      if (variant === "lanes" && Array.isArray(lanes) && lanes.includes(kernel)) return false;
      const expected = untiled.includes(kernel) ? "direct" : variant;
      return dispatch.label !== labels[expected];
    })
    .map(({ label }) => label);
}
