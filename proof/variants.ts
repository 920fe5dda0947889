// The kernels' variants: which ones exist, how to make one run, and whether it did.
import { kernelChoices, VARIANTS, type Variant } from "../src/kernels/variant.ts";
import { isWorkgroup, withinMemory, WORKGROUP_VARIANTS } from "../src/kernels/workgroup-tile.ts";
import type { Device } from "../src/gpu/device.ts";
import type { Dispatch } from "../src/gpu/dispatch.ts";
import type { Case } from "./case.ts";

/** The variants that are for GPUs: software adapters run them only when told to. */
export const FOR_GPUS: ReadonlySet<Variant> = new Set([...WORKGROUP_VARIANTS, "split", "subgroup"]);

/** The entry points of variants whose names aren't the variants'. */
const ENTRIES: Readonly<Record<string, Readonly<Partial<Record<Variant, string>>>>> = {
  reduce: { direct: "reduce" },
  "batch-norm": { direct: "normalise", split: "split_normalise" },
  "batch-norm-backward": { direct: "input", split: "split_input" },
};

/** Returns the label of a kernel's dispatches in a variant. */
export function labelOf(kernel: string, variant: Variant): string {
  if (variant === "lanes" || isWorkgroup(variant)) return `${kernel}-${variant}.tiled`;
  if (variant === "subgroup") return `${kernel}-${variant}.${kernel}`;
  return `${kernel}.${ENTRIES[kernel]?.[variant] ?? variant}`;
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
  { tiles, split, workgroup, subgroup, lanes }: Case,
): readonly Variant[] {
  const through = workgroup === true || SOAK;
  const can: Readonly<Record<Variant, boolean>> = {
    tiled: tiles !== false || SOAK,
    narrow: tiles !== false || SOAK,
    direct: true,
    split: split !== undefined || SOAK,
    workgroup: through || workgroup === "one",
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

/** Labels of the dispatches that ran another variant than the one asked for, without a reason; or kernels that didn't. */
export function astray(
  variant: Variant,
  dispatches: readonly Dispatch[],
  { untiled = [], lanes, split }: Case,
): readonly string[] {
  // It serves some shapes alone: of a case's launches, those that it names.
  if (variant === "split") {
    const labels = new Set(dispatches.map(({ label }) => label));
    return (split ?? []).filter((kernel) => !labels.has(HEAVY[kernel]!.split!));
  }
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
