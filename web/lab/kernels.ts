// The lab's part that shows the kernels of a training step: their WGSL, their times, and other variants of them.
import { createGan, type Gan } from "../../src/gan.ts";
import {
  floorOf,
  inspectStep,
  measureCeilings,
  profile,
  standIns,
  timeVariant,
  UsageError,
  variantsOf,
  type Ceilings,
  type Device,
  type InspectedStep,
  type StepLaunch,
  type Variant,
} from "../../src/web.ts";
import { loadLanes, type Bench, type Subject } from "./bench.ts";
import { commentedCode } from "./commented.ts";
import { oncePer } from "./once-per.ts";

/** A launch as the page lists it. */
export interface LaunchFacts extends StepLaunch {
  /** Whether its kernel has other variants. */
  readonly varies: boolean;
}

/** The launches of a step. */
export interface StepKernels {
  readonly launches: readonly LaunchFacts[];
  readonly batch: number;
  readonly recipe: string;
}

/** The times of a step's launches. */
export interface StepTimes {
  /** Seconds per launch, in order. */
  readonly seconds: readonly number[];
  /** Each launch's share of what this adapter could reach: the least possible time divided by its own. */
  readonly shares: readonly number[];
  /** Seconds of the whole step, as it normally runs. */
  readonly stepSeconds: number;
  /** Timestamps of the device, or the clock and many repetitions. */
  readonly method: "timestamps" | "clock";
  readonly ceilings: Ceilings;
}

/** A variant that can be chosen. */
export interface VariantFacts {
  readonly variant: Variant;
  readonly standard: boolean;
  readonly label: string;
}

/** A variant's figures. */
export interface VariantTime {
  readonly variant: Variant;
  readonly seconds: number;
  /** Operations per second. */
  readonly flops: number;
  readonly share: number;
  readonly launches: number;
}

/** What the page may ask for. */
export interface KernelMethods {
  /** Returns the launches of a step. */
  stepKernels(subject: Subject): Promise<StepKernels>;
  /** Times each launch, and what the adapter could reach. `onRound` hears of the progress. */
  timeStep(subject: Subject, onRound: (done: number, total: number) => void): Promise<StepTimes>;
  /** Returns the WGSL of a launch as the driver gets it, or that of another variant of it. */
  wgsl(subject: Subject, index: number, variant?: Variant): Promise<string>;
  /** Returns the variants that can do a launch's work. */
  variants(subject: Subject, index: number): Promise<readonly VariantFacts[]>;
  /** Times one variant of a launch's work. */
  timeVariant(subject: Subject, index: number, variant: Variant): Promise<VariantTime>;
}

const ROUNDS = { software: 1, gpu: 5 } as const;
const SOFTWARE_BATCH = 8; // of a step that nobody trains with

/** Returns the part of the lab that shows kernels. */
export function kernels(bench: Bench): KernelMethods {
  const gans = new WeakMap<Device, Gan>(); // stand-ins for the training of the trained network
  const inspected = oncePer((gan: Gan) => inspectStep(gan));
  const ceilingsOf = oncePer((device: Device) =>
    measureCeilings(device, { rounds: roundsOf(device) }),
  );

  const ganOf = async (subject: Subject): Promise<Gan> => {
    if (subject === "run" && bench.run) return bench.run.gan;
    const { device, recipe } = await bench.models(subject);
    let gan = gans.get(device);
    if (!gan) {
      const batch = device.software ? SOFTWARE_BATCH : recipe.batch;
      gan = createGan(device, recipe, standIns(recipe, batch), { seed: 0, batch });
      gans.set(device, gan);
    }
    return gan;
  };
  const stepOf = async (subject: Subject): Promise<InspectedStep & { readonly gan: Gan }> => {
    const gan = await ganOf(subject);
    return { ...(await inspected(gan)), gan };
  };
  const workloadOf = async (subject: Subject, index: number) => {
    await loadLanes(); // the variants of any workload may be asked for
    const { workload } = await stepOf(subject);
    const found = workload(index);
    if (!found) throw new UsageError(`launch ${index}: its kernel has one variant only`);
    return found;
  };

  return {
    stepKernels: (subject) =>
      bench.turn(async () => {
        const { launches, workload, gan } = await stepOf(subject);
        return {
          launches: launches.map((launch) => ({
            ...launch,
            varies: workload(launch.index) !== undefined,
          })),
          batch: gan.plan.batch,
          recipe: gan.recipe.name,
        };
      }),
    timeStep: (subject, onRound) =>
      bench.turn(async () => {
        const { program, launches, gan } = await stepOf(subject);
        const most = await ceilingsOf(gan.device);
        const rounds = roundsOf(gan.device);
        const found = await profile(gan.device, program, { rounds, onRound });
        const seconds = found.dispatches.map((each) => each.seconds);
        return {
          seconds,
          shares: launches.map((launch, i) => floorOf(launch, most).seconds / seconds[i]!),
          stepSeconds: found.stepSeconds,
          method: found.method,
          ceilings: most,
        };
      }),
    wgsl: (subject, index, variant) =>
      bench.turn(async () => {
        const { request, gan } = await stepOf(subject);
        if (variant === undefined) return commentedCode(request(index));
        const all = variantsOf(gan.device, await workloadOf(subject, index));
        const found = all.find((each) => each.variant === variant);
        return commentedCode(found?.request ?? request(index));
      }),
    variants: (subject, index) =>
      bench.turn(async () => {
        const { gan } = await stepOf(subject);
        const all = variantsOf(gan.device, await workloadOf(subject, index));
        return all.map(({ variant, standard, label }) => ({ variant, standard, label }));
      }),
    timeVariant: (subject, index, variant) =>
      bench.turn(async () => {
        const { gan } = await stepOf(subject);
        const most = await ceilingsOf(gan.device);
        const timed = await timeVariant(gan.device, await workloadOf(subject, index), variant);
        return {
          variant,
          seconds: timed.seconds,
          flops: timed.flop / timed.seconds,
          share: floorOf(timed, most).seconds / timed.seconds,
          launches: timed.launches,
        };
      }),
  };
}

const roundsOf = ({ software }: Device): number => (software ? ROUNDS.software : ROUNDS.gpu);
