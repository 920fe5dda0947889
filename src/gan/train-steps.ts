// The training loop of GANs, in Node and in browsers: it runs steps and reports. Files, pictures and progress bars are
// up to its callers.
import type { GpuArray } from "../gpu/array.ts";
import { compile, type Program } from "../gpu/program.ts";
import { SCALARS } from "../kernels/adversarial-loss.ts";
import { runSteps, type StepReport, type StepsOptions } from "../nn/train-loop.ts";
import type { EpochPlan, Gan } from "./gan.ts";
import { trainingStep } from "./step.ts";
import type { StepOptions } from "./steps/parts.ts";

/** One step's record. Steps and epochs count from 1. */
export interface StepRecord {
  readonly step: number;
  readonly epoch: number;
  readonly lossD: number;
  readonly lossG: number;
  /** The mean probability of being real that D gives to real images. */
  readonly dReal: number;
  /** The mean probability of being real that D gives to generated images. */
  readonly dFake: number;
}

/** What the loop reports at intervals. The GPU has done everything up to `step`. */
export interface Progress {
  /** Steps done in all, including those before a resume. */
  readonly step: number;
  /** Records of the steps since the last report. */
  readonly records: readonly StepRecord[];
  /** Set when `step` is the last of an epoch. */
  readonly epochDone: number | undefined;
  /** Images per second. NaN at the first step, in which some adapters still compile kernels. */
  readonly imagesPerSecond: number;
  /** Seconds per step; NaN at the first. */
  readonly secondsPerStep: number;
}

/** When to stop and when to report. */
export interface TrainOptions {
  /** Steps that are already done: 0, or those of the checkpoint. */
  readonly from: number;
  /** Steps in all. */
  readonly until: number;
  /** Also report after each multiple of any of these numbers. */
  readonly reportEvery?: readonly number[];
  /** Also report when this many seconds have passed since the last report. Default 0.5. */
  readonly reportSeconds?: number;
  /** Called during the first step as the GPU finishes each dispatch: some drivers compile kernels then. */
  readonly onFirstStep?: (done: number, total: number) => void;
}

/** The compiled steps of a GAN: one for full batches, one more if the last batch is short. */
export interface StepPrograms {
  readonly full: Program;
  readonly short: Program | undefined;
  /** Bytes of everything on the device: dataset, networks, optimizers, temporaries. */
  readonly peakBytes: number;
}

/**
 * Traces, plans and compiles a GAN's steps. `onCompile` is called for each pipeline. With `only`, the other network
 * keeps every bit. Programs of several kinds of steps may run in any order.
 */
export async function compileSteps(
  gan: Gan,
  onCompile: (done: number, total: number) => void = () => undefined,
  options: Pick<StepOptions, "only" | "shareGradients"> = {},
): Promise<StepPrograms> {
  const { batch: all, last: left } = gan.plan;
  const ranks = gan.sharing?.ranks.size ?? 1;
  const [batch, last] = [all / ranks, left / ranks];
  const build = async (label: string, count: number): Promise<Program> =>
    compile(gan.device, label, () => trainingStep(gan, count, options), { onCompile });
  const full = await build("step", batch);
  const short = last < batch ? await build("step.short", last) : undefined;
  const temporaries = gan.device.programBuffers.reduce((sum, buffer) => sum + buffer.size, 0);
  return { full, short, peakBytes: full.capturedBytes + temporaries };
}

/** Returns the epoch of a step; both count from 1. */
function epochOf(step: number, plan: EpochPlan): number {
  return Math.floor((step - 1) / plan.steps) + 1;
}

/** Returns the program of a step (from 1). A short batch has its own. */
export function programOf({ full, short }: StepPrograms, plan: EpochPlan, step: number): Program {
  return short && step % plan.steps === 0 ? short : full;
}

/** Some systems reset a real GPU when one submit takes 2 s, so a slow step is split up. */
const SLOW_STEP_SECONDS = 0.5;

/** Returns options for `trainLoop` that take a GAN's steps and read their records. */
export function stepsOf(
  { plan, ring, device, sharing }: Gan,
  programs: StepPrograms,
  { from, until, reportEvery = [], reportSeconds = 0.5, onFirstStep }: TrainOptions,
): StepsOptions<readonly StepRecord[]> {
  let program = programs.full;
  let submitted = 0;
  return {
    steps: until,
    from,
    reportSeconds,
    // The ring of scalars is read before it wraps.
    reportEvery: [...reportEvery, plan.steps, Math.floor(ring.shape[0]! / 2)],
    reportIf: () => sharing?.stops ?? false,
    async step(step) {
      program = programOf(programs, plan, step);
      submitted = performance.now();
      const isFirst = onFirstStep !== undefined && step === from + 1;
      await program.run(isFirst ? { onDispatch: onFirstStep } : {});
    },
    async values(after, step) {
      const values = await readRing(ring, after, step); // waits for every step so far
      const seconds = (performance.now() - submitted) / 1000;
      if (!device.software && program.parts === 1 && seconds > SLOW_STEP_SECONDS * 2) {
        program.parts = Math.ceil(seconds / SLOW_STEP_SECONDS);
      }
      return recordsOf(values, after, plan);
    },
  };
}

/** Returns a loop's report as a GAN's progress. `from` is the step after which the loop began. */
export function progressOf(
  { step, values: records, secondsPerStep }: StepReport<readonly StepRecord[]>,
  plan: EpochPlan,
  from: number,
): Progress {
  const ends = (upTo: number): number => Math.floor(upTo / plan.steps);
  const timed = step - from - 1;
  const short = ends(step) - ends(from + 1); // epochs whose last batch is among the timed ones
  const images = timed * plan.batch - short * (plan.batch - plan.last);
  return {
    step,
    records,
    epochDone: step % plan.steps === 0 ? step / plan.steps : undefined,
    imagesPerSecond: images / (secondsPerStep * timed),
    secondsPerStep,
  };
}

/**
 * Runs steps `from + 1` to `until`. Yields after each epoch, after each multiple of `reportEvery`, at the end, and at
 * least about every `reportSeconds`. Leaving the loop early is safe: what was submitted is done before the next report.
 */
export async function* train(
  gan: Gan,
  programs: StepPrograms,
  options: TrainOptions,
): AsyncGenerator<Progress, void, undefined> {
  for await (const report of runSteps(stepsOf(gan, programs, options))) {
    yield progressOf(report, gan.plan, options.from);
  }
}

/** Returns the records of the steps after `after`, from their scalars. */
function recordsOf(values: Float32Array, after: number, plan: EpochPlan): readonly StepRecord[] {
  return Array.from({ length: values.length / SCALARS }, (_, i): StepRecord => {
    const [lossD, lossG, dReal, dFake] = values.subarray(i * SCALARS, (i + 1) * SCALARS);
    const step = after + 1 + i;
    return {
      step,
      epoch: epochOf(step, plan),
      lossD: lossD!,
      lossG: lossG!,
      dReal: dReal!,
      dFake: dFake!,
    };
  });
}

/** Reads the scalars of steps `after + 1` to `until`, in their order, and no other part of the ring. */
async function readRing(ring: GpuArray, after: number, until: number): Promise<Float32Array> {
  const capacity = ring.shape[0]!;
  const values = new Float32Array((until - after) * SCALARS);
  for (let done = after; done < until;) {
    const row = done % capacity;
    const count = Math.min(until - done, capacity - row);
    const part = ring.device.viewAt(ring, row * SCALARS * 4, [count, SCALARS]);
    values.set(await part.read(), (done - after) * SCALARS);
    done += count;
  }
  return values;
}
