// The kernels' variants: which ones exist, how to make one run, and whether it did.
import { kernelChoices, VARIANTS, type Variant } from "../src/kernels/variant.ts";
import type { Device } from "../src/gpu/device.ts";
import type { Dispatch } from "../src/gpu/dispatch.ts";
import type { Case } from "./case.ts";

/** The label of a kernel's dispatches in a variant. */
function labelOf(kernel: string, variant: Variant): string {
  switch (variant) {
    case "workgroup":
    case "lanes":
      return `${kernel}-${variant}.tiled`;
    case "subgroup":
      return `${kernel}-${variant}.${kernel}`;
    default:
      return `${kernel}.${kernel === "reduce" ? kernel : variant}`;
  }
}

/** The variants of each kernel that has several, as the labels of their dispatches. */
const HEAVY: Readonly<Record<string, Readonly<Partial<Record<Variant, string>>>>> =
  Object.fromEntries(
    Object.entries(VARIANTS).map(([kernel, variants]) => [
      kernel,
      Object.fromEntries(variants.map((variant) => [variant, labelOf(kernel, variant)])),
    ]),
  );

const offered = (kernel: string): readonly Variant[] => VARIANTS[kernel] ?? [];

/** The kernel that a dispatch is a variant of, if its kernel has variants. */
const kernelOf = ({ label }: Dispatch): string =>
  Object.keys(HEAVY).find((kernel) => Object.values(HEAVY[kernel]!).includes(label)) ?? "";

/** Whether everything is crossed with everything, however long it takes. */
export const SOAK: boolean =
  typeof process !== "undefined" && (process.env["LONGHAND_SOAK"] ?? "") !== "";

/** The variants to run a case in that launches these; none where no kernel has a choice. */
export function variantsOf(
  device: Device,
  dispatches: readonly Dispatch[],
  { tiles, workgroup, subgroup, lanes }: Case,
): readonly Variant[] {
  const can = {
    tiled: tiles !== false || SOAK,
    narrow: tiles !== false || SOAK,
    direct: true,
    workgroup: workgroup === true || SOAK,
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
