// One workload in one variant: what it launches, the WGSL that runs, and how long it takes.
import type { Device } from "../gpu/device.ts";
import { UsageError } from "../gpu/errors.ts";
import { explainPlan } from "../gpu/inspection/explain.ts";
import { repeated, repetitions, type Repeated } from "../gpu/inspection/repeat.ts";
import type { PipelineRequest } from "../gpu/pipelines.ts";
import { waysOf } from "./autotune.ts";
import { randomInputs } from "./trial.ts";
import type { Variant, Workload } from "./variant.ts";

/** A variant that can serve a workload. */
export interface AvailableVariant {
  readonly variant: Variant;
  /** Whether it is the one that runs unless another is chosen. */
  readonly standard: boolean;
  /** The first launch's shader and entry point. */
  readonly label: string;
  /** What its pipeline is made of. */
  readonly request: PipelineRequest;
}

/** Returns the variants that can serve a workload on a device, the standard one first. */
export function variantsOf(device: Device, workload: Workload): readonly AvailableVariant[] {
  return waysOf(device, workload).map(({ variant, pipeline }, index) => ({
    variant,
    standard: index === 0,
    label: pipeline.label,
    request: pipeline.request,
  }));
}

/** How fast a variant serves a workload. */
export interface TimedVariant {
  readonly variant: Variant;
  /** The median over rounds of the time of one run. */
  readonly seconds: number;
  /** The runs per round. */
  readonly repetitions: number;
  /** The launches of one run; 2 if a second one adds up partial sums. */
  readonly launches: number;
  /** Operations that the result needs; a multiply-add counts as two. */
  readonly flop: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
}

const ROUNDS = 3;

/**
 * Times a variant on random numbers in [−1, 1], without an epilogue. It changes no choices and nothing in training.
 * Throws `UsageError` if the variant can't serve the workload, `GpuError` if the device reports an error.
 */
export async function timeVariant(
  device: Device,
  workload: Workload,
  variant: Variant,
): Promise<TimedVariant> {
  const way = waysOf(device, workload).find((each) => each.variant === variant);
  if (!way) {
    throw new UsageError(`${variant}: can't serve ${workload.key} here; choose another variant`);
  }
  const inputs = randomInputs(device, workload);
  let program: Repeated | undefined;
  try {
    program = await repeated(device, workload.key, () => way.launch(inputs));
    const count = await repetitions(program);
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) times.push(await program.time(count));
    const [, median] = times.toSorted((a, b) => a - b);
    const cost = explainPlan("cost", program.plan, { state: 0, temporaries: 0 });
    const { flop, bytesRead, bytesWritten } = cost;
    const { length: launches } = cost.dispatches;
    const seconds = median! / 1000;
    return { variant, seconds, repetitions: count, launches, flop, bytesRead, bytesWritten };
  } finally {
    program?.destroy();
    for (const { storage } of inputs) device.free(storage);
  }
}
