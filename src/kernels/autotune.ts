// The autotuner: measures which variant of a kernel is fastest for each workload on this adapter. It changes no
// device's choices: the caller decides what to do with its answers.
import type { GpuArray } from "../gpu/array.ts";
import { checkFunction } from "../gpu/arguments.ts";
import { checkDevice } from "../gpu/check-device.ts";
import type { Device } from "../gpu/device.ts";
import { librariesOf } from "../gpu/shader.ts";
import {
  callback,
  checkArgument,
  checkAttributes,
  finite,
  needed,
  type Check,
} from "./attributes.ts";
import { Speeds, tryOut, type Outcome, type Way } from "./trial.ts";
import { isWorkgroup } from "./workgroup-tile.ts";
import { VARIANTS, kernelChoices, type Variant, type Workload } from "./variant.ts";

/** A workload, and how often it was launched. */
export interface Use {
  readonly workload: Workload;
  readonly times: number;
}

/** The result of tuning one workload. */
export interface Tuned extends Use, Outcome {
  /** The default: the variant that runs unless one is chosen. */
  readonly standard: Variant;
}

/** How long to measure, and what to call meanwhile. */
export interface TuneOptions {
  /** Seconds for all workloads together. Only a compilation that has already begun may outlast them. */
  readonly budget: number;
  /** Called before each workload and after the last, with the number done. */
  readonly onProgress?: (done: number, total: number, now: Use | undefined) => void;
  /** Called, and awaited, with each result as soon as it is there. */
  readonly onResult?: (tuned: Tuned) => Promise<void> | void;
  /** Asked before each workload: whether to leave out the rest. */
  readonly stop?: () => boolean;
}

/** Returns the shader of a kernel's variant. */
export function shaderOf(kernel: string, variant: Variant): string {
  if (isWorkgroup(variant)) return `${kernel}-workgroup`;
  return variant === "lanes" || variant === "subgroup" ? `${kernel}-${variant}` : kernel;
}

/** Returns the workloads that are launched or recorded while `body` runs, by key. */
export async function workloadsOf(
  device: Device,
  body: () => Promise<void> | void,
): Promise<ReadonlyMap<string, Use>> {
  checkDevice("workloadsOf", device);
  checkFunction("workloadsOf", body);
  const uses = new Map<string, Use>();
  kernelChoices(device).onChoice = (workload) => {
    const times = (uses.get(workload.key)?.times ?? 0) + 1;
    uses.set(workload.key, { workload, times });
  };
  try {
    await body();
  } finally {
    kernelChoices(device).onChoice = undefined;
  }
  return uses;
}

/**
 * Returns a name for the texts of all shaders that have variants: the first sixteen hexadecimal digits of their
 * SHA-256. Choices that were measured with other kernels don't hold for these.
 */
export async function kernelsVersion(shaderText: (path: string) => string): Promise<string> {
  const shaders = Object.entries(VARIANTS).flatMap(([kernel, variants]) =>
    variants.map((variant) => shaderOf(kernel, variant)),
  );
  const files = [...new Set(shaders)].map((shader) => `${shader}.wgsl`);
  const libraries = new Set(files.flatMap((file) => librariesOf(file, shaderText)));
  const texts = [...files, ...[...libraries].toSorted()].map(shaderText);
  const bytes = new TextEncoder().encode(texts.join("\0"));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...digest.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A use with the variants that can launch it, the default first. */
interface Task extends Use {
  readonly ways: readonly [Way, ...Way[]];
}

/** Returns the ways to launch a workload. With fewer than two there is nothing to choose. */
export function waysOf(device: Device, { kernel, key, inputs, launch }: Workload): Way[] {
  const force = (variant: Variant | undefined): Way["launch"] => {
    return (arrays: readonly GpuArray[]): GpuArray => {
      const [forced, chosen] = [
        kernelChoices(device).forced.get(kernel),
        kernelChoices(device).stored.get(key),
      ];
      kernelChoices(device).stored.delete(key);
      kernelChoices(device).forced.delete(kernel);
      if (variant) kernelChoices(device).forced.set(kernel, variant);
      try {
        return launch(...arrays);
      } finally {
        kernelChoices(device).forced.delete(kernel);
        if (forced) kernelChoices(device).forced.set(kernel, forced);
        if (chosen) kernelChoices(device).stored.set(key, chosen);
      }
    };
  };
  const first = (forced: Way["launch"]) =>
    device.record(key, () => void forced(inputs)).dispatches[0];
  const standard = first(force(undefined))?.pipeline;
  const ways: Way[] = [];
  for (const variant of VARIANTS[kernel] ?? []) {
    const dispatch = first(force(variant));
    // If a variant can't serve these shapes, the launcher substitutes another, which gives the same pipeline.
    if (!dispatch || ways.some(({ pipeline }) => pipeline === dispatch.pipeline)) continue;
    const { pipeline, flop } = dispatch;
    const way = { variant, pipeline, flop, launch: force(variant) };
    if (pipeline === standard) ways.unshift(way);
    else ways.push(way);
  }
  return ways;
}

const isUse = (value: unknown): boolean =>
  typeof value === "object" && value !== null && "workload" in value && "times" in value;
const isUses: Check = {
  expects: "a list of uses, as workloadsOf returns them",
  accepts: (value) => Array.isArray(value) && value.every(isUse),
};

const workOf = ({ ways, times }: Task): number => Math.max(ways[0].flop, 1) * times;

/**
 * Measures workloads on random numbers in [−1, 1], the most expensive first. Before anything is timed, each variant's
 * result is compared with that of `direct`: sums of the same terms in another order may differ by 16·2⁻²⁴·Σ|terms|.
 * Then all correct variants run in turn, round by round. A variant must be 3 % faster than the default to be chosen.
 * Throws `GpuError` if the device reports an error.
 */
export async function tune(
  device: Device,
  found: Iterable<Use>,
  options: TuneOptions,
): Promise<readonly Tuned[]> {
  checkDevice("tune", device);
  const iterable = typeof found === "object" && found !== null && Symbol.iterator in found;
  const uses = iterable ? Array.from(found) : found;
  checkArgument("tune", "the workloads", uses, isUses);
  checkAttributes<TuneOptions>("tune", options, {
    budget: needed(finite(0)),
    onProgress: callback,
    onResult: callback,
    stop: callback,
  });
  const end = performance.now() + options.budget * 1000;
  const tasks = [...uses]
    .flatMap((use): Task[] => {
      const [standard, ...others] = waysOf(device, use.workload);
      return standard && others.length > 0 ? [{ ...use, ways: [standard, ...others] }] : [];
    })
    .toSorted((a, b) => workOf(b) - workOf(a));
  const speeds = new Speeds(device);
  const results: Tuned[] = [];
  for (const [index, task] of tasks.entries()) {
    if (options.stop?.()) break;
    const { workload, times, ways } = task;
    options.onProgress?.(index, tasks.length, task);
    // The time left is divided half by work and half evenly, because small workloads compile as long as large ones.
    const left = tasks.slice(index);
    const work = left.reduce((sum, each) => sum + workOf(each), 0);
    const share = (workOf(task) / work + 1 / left.length) / 2;
    const now = performance.now();
    const slice = now + (end - now) * share;
    const outcome = await tryOut(device, workload, ways, speeds, { end, slice });
    const tuned = { workload, times, standard: ways[0].variant, ...outcome };
    results.push(tuned);
    await options.onResult?.(tuned);
  }
  options.onProgress?.(tasks.length, tasks.length, undefined);
  return results;
}
