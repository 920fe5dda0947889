// The check of a GPU: are the kernels right there, what can the adapter do at best, and what do the kernels and a step
// of training reach of that?
import { tune, type Tuned } from "../kernels/autotune.ts";
import { measureCeilings } from "../kernels/ceilings.ts";
import { measureHardware } from "../kernels/hardware.ts";
import { createGan } from "../gan/gan.ts";
import { recipeNamed } from "../gan/recipes/list.ts";
import { standIns } from "../gan/stand-in.ts";
import { compileSteps } from "../gan/train-steps.ts";
import { stepWorkloads } from "../gan/tune.ts";
import type { Device } from "../gpu/device.ts";
import { profile } from "../gpu/inspection/profile.ts";
import { roofline, type Ceilings } from "../gpu/inspection/roofline.ts";
import { checkKernels } from "./correct.ts";
import type { Phase } from "./phases.ts";
import type { About, CheckedCeilings, CheckedStep, CheckedWorkload, GpuCheck } from "./report.ts";

/** How to check. */
export interface CheckOptions {
  /** Seconds that all of it may take; the launch or compilation under way at the end may outlast them. */
  readonly seconds: number;
  /** Called as each part goes on, with words for what is being done. */
  readonly onProgress?: (phase: Phase, done: number, total: number, now: string) => void;
  /** Asked between cases: whether to stop and return what was found so far. */
  readonly stop?: () => boolean;
}

/** The steps that are timed. Batches are smaller on the CPU, where a large step takes minutes. */
const STEPS: Readonly<
  Record<"gpu" | "software", readonly (readonly [recipe: string, batch: number])[]>
> = {
  gpu: [
    ["dcgan", 256],
    ["dcgan", 32],
    ["small", 64],
  ],
  software: [
    ["dcgan", 8],
    ["small", 16],
  ],
};

/** The part of the time that correctness may take, and what it leaves to the timing of variants. */
const SHARES = { kernels: 0.5, variants: 0.5 };

/**
 * Checks an adapter. Works on a device of its own that nothing else uses, opened with as large arrays as the adapter
 * has. Returns what was found before the time was up, or before `stop` returned true. Throws `GpuError`,
 * `MemoryError` and `DeviceLostError` as the device does.
 */
export async function checkGpu(
  device: Device,
  about: About,
  options: CheckOptions,
): Promise<GpuCheck> {
  const { seconds, onProgress = () => undefined, stop = () => false } = options;
  const began = performance.now();
  const end = began + seconds * 1000;
  const date = new Date().toISOString();
  const over = (): boolean => performance.now() > end || stop();

  const correctness = await checkKernels(device, {
    end: began + seconds * 1000 * SHARES.kernels,
    stop,
    onCase: (done, total, now) =>
      onProgress("kernels", done, total, now ? `${now.op}: ${now.each.name}` : ""),
  });

  let ceilings: CheckedCeilings | null = null;
  if (!over()) {
    onProgress("ceilings", 0, 1, "arithmetic, memory, barriers and launches");
    ceilings = await ceilingsOf(device);
    onProgress("ceilings", 1, 1, "");
  }

  const wanted = STEPS[device.software ? "software" : "gpu"];
  const [recipe, batch] = wanted[0]!;
  const workloads: CheckedWorkload[] = [];
  if (!over()) {
    const uses = await stepWorkloads(device, recipeNamed(recipe), batch);
    const left = Math.max(0, end - performance.now()) / 1000; // planning may have taken the rest
    await tune(device, uses.values(), {
      budget: left * SHARES.variants,
      stop,
      onProgress: (done, total, now) =>
        onProgress("variants", done, total, now?.workload.key ?? ""),
      onResult: (tuned) => void workloads.push(workloadOf(device, tuned)),
    });
  }

  const steps: CheckedStep[] = [];
  for (const [index, [name, size]] of wanted.entries()) {
    if (over() || ceilings === null) break;
    onProgress("steps", index, wanted.length, `${name}, batch ${size}`);
    steps.push(await timedStep(device, name, size, ceilings));
  }
  onProgress("steps", steps.length, wanted.length, "");
  return {
    format: 1,
    date,
    about,
    seconds: (performance.now() - began) / 1000,
    correctness,
    ceilings,
    workloads,
    steps,
  };
}

async function ceilingsOf(device: Device): Promise<CheckedCeilings> {
  const { flops, bandwidth } = await measureCeilings(device);
  const { halfFlops = null, sharedBandwidth, barriers, launch } = await measureHardware(device);
  return { flops, halfFlops, bandwidth, sharedBandwidth, barriers, launch };
}

function workloadOf(
  device: Device,
  { workload, times, standard, candidates }: Tuned,
): CheckedWorkload {
  const { dispatches } = device.record(
    workload.key,
    () => void workload.launch(...workload.inputs),
  );
  return {
    key: workload.key,
    flop: dispatches[0]?.flop ?? 0,
    timesPerStep: times,
    standard,
    variants: candidates.map(({ variant, milliseconds = null, remark = null }) => ({
      variant,
      milliseconds,
      remark,
    })),
  };
}

/** Profiles a step of a recipe on stand-ins for images. */
async function timedStep(
  device: Device,
  name: string,
  batch: number,
  ceilings: Ceilings,
): Promise<CheckedStep> {
  const recipe = recipeNamed(name);
  const gan = createGan(device, recipe, standIns(recipe, batch), { seed: 0, batch });
  const { full } = await compileSteps(gan);
  const { peak, multiplyAdds, dispatches } = full.explain();
  const measured = await profile(device, full, { rounds: 3 });
  return {
    recipe: name,
    batch,
    dispatches: dispatches.length,
    multiplyAdds: multiplyAdds.needed,
    peakBytes: peak.total,
    seconds: measured.stepSeconds,
    fastest: measured.stepRange[0],
    slowest: measured.stepRange[1],
    kernels: roofline(measured, ceilings).map(
      ({ label, launches, seconds, flops, bandwidth, floor }) => ({
        label,
        launches,
        seconds,
        flops,
        bandwidth,
        ofCeiling: floor.seconds / seconds,
      }),
    ),
  };
}
