// What checks of adapters found, kept in the user's cache folder: the variants of kernels that are wrong there, and
// whether 16-bit floats are right.
import { z } from "zod";
import { formatJson, parseJson } from "../checkpoint/json.ts";
import { checkSeal, sealedJson } from "../checkpoint/seal.ts";
import { CheckpointError } from "../gpu/errors.ts";
import type { Device } from "../gpu/device.ts";
import { shaderText } from "../gpu/node/adapter.ts";
import type { Correctness } from "../gpu-check/report.ts";
import { kernelsVersion } from "../kernels/autotune.ts";
import { kernelChoices } from "../kernels/variant.ts";
import { readCache, writeCache } from "./cache.ts";
import { adapterFile } from "./kernel-choices.ts";

/** What is kept of a check. */
export interface KeptCheck {
  /** Where it is, or would be. */
  readonly path: string;
  /** Whether there is one. */
  readonly checked: boolean;
  readonly barred: readonly string[];
  /** Null if it wasn't checked. */
  readonly f16: boolean | null;
}

const MAX_BYTES = 2 ** 16;

const schema = z.object({
  format: z.literal(1),
  adapter: z.string(),
  kernels: z.string(),
  barred: z.array(z.string()),
  f16: z.boolean().nullable(),
});

/** Reads what is kept of an adapter's check. A check of other kernels, or a damaged file, counts as none. Never throws. */
export async function loadGpuCheck(adapter: string): Promise<KeptCheck> {
  const { path, value } = await readCache(adapterFile("checks", adapter), async (bytes, where) => {
    const kept = parseJson(schema, bytes, where, MAX_BYTES);
    if (kept.adapter !== adapter || kept.kernels !== (await kernelsVersion(shaderText))) {
      throw new CheckpointError(`${where} is a check of something else`);
    }
    await checkSeal(bytes, where);
    return kept;
  });
  const { barred, f16 } = value ?? { barred: [], f16: null };
  return { path, checked: value !== undefined, barred, f16 };
}

/**
 * Keeps what a check found. One that didn't reach every case doesn't undo what an earlier one found. Returns the path.
 * Throws `OutputError`.
 */
export async function saveGpuCheck(
  adapter: string,
  { barred, f16, left }: Pick<Correctness, "barred" | "f16" | "left">,
): Promise<string> {
  const kernels = await kernelsVersion(shaderText);
  const before = left > 0 ? await loadGpuCheck(adapter) : { barred: [], f16: null };
  const all = [...new Set([...before.barred, ...barred])].toSorted();
  const kept = { format: 1 as const, adapter, kernels, barred: all, f16: f16 ?? before.f16 };
  const bytes = await sealedJson(`${formatJson(kept, 2)}\n`);
  const none = "Can't keep what was found: there is no cache folder.";
  return writeCache(adapterFile("checks", adapter), bytes, none);
}

/**
 * Whether Dawn hides 16-bit floats on an adapter unless told otherwise, as it does on NVIDIA under Vulkan, where some
 * drivers fail WebGPU's conformance tests for them.
 */
export function hidesHalf({ vendor }: Pick<GPUAdapterInfo, "vendor">, backend: string): boolean {
  return vendor === "nvidia" && backend === "vulkan";
}

/**
 * Says why 16-bit activations must not be used on an adapter, as a clause; undefined if they may. They must not if a
 * check found them wrong, nor where Dawn hides them, until a check has found them right.
 */
export function doubtOfHalf(
  info: Pick<GPUAdapterInfo, "vendor">,
  backend: string,
  { f16 }: Pick<KeptCheck, "f16">,
): string | undefined {
  if (f16 === false) return "its 16-bit floats gave wrong results when they were checked";
  if (f16 === null && hidesHalf(info, backend)) {
    return "some of NVIDIA's drivers compute wrongly with 16-bit floats, and this one wasn't checked";
  }
  return undefined;
}

/** Makes a device pass over the variants that are known to be wrong on its adapter. */
export async function barWrongVariants(device: Device, adapter: string): Promise<void> {
  const { barred } = kernelChoices(device);
  for (const name of (await loadGpuCheck(adapter)).barred) barred.add(name);
}
