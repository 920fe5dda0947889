// The training loop, the same in Node and in a browser: it runs steps and reports; files, pictures and
// progress bars are for whoever listens.
import type { GpuArray } from "../gpu/array.ts";
import { compile, type Program } from "../gpu/program.ts";
import { SCALARS } from "../kernels/adversarial-loss.ts";
import { runSteps, type StepReport, type StepsOptions } from "../nn/train-loop.ts";
import type { EpochPlan, Gan } from "./gan.ts";
import { trainingStep } from "./step.ts";

/** One step's record. Steps and epochs count from 1. */
export interface StepRecord {
  readonly step: number;
  readonly epoch: number;
  readonly lossD: number;
  readonly lossG: number;
  /** Mean probability that D gives real images of being real. */
  readonly dReal: number;
  /** Mean probability that D gives generated images of being real. */
  readonly dFake: number;
}

/** What the loop hands out now and then; everything up to `step` has been done by the GPU. */
export interface Progress {
  /** Steps done in all, those before a resume included. */
  readonly step: number;
  /** Records of the steps since the last report. */
  readonly records: readonly StepRecord[];
  /** Set when `step` is the last of an epoch. */
  readonly epochDone: number | undefined;
  /** Images seen a second; NaN at the first step, in which some adapters still compile kernels. */
  readonly imagesPerSecond: number;
  /** Seconds that a step takes; NaN at the first. */
  readonly secondsPerStep: number;
}

/** When to stop and when to report. */
export interface TrainOptions {
  /** Steps done already: 0, or those of the checkpoint. */
  readonly from: number;
  /** Steps in all. */
  readonly until: number;
  /** Also report after each multiple of these. */
  readonly reportEvery?: readonly number[];
  /** Also report when this many seconds have passed since the last report. Default 0.5. */
  readonly reportSeconds?: number;
}

/** The compiled steps of a GAN: one for full batches, one more if the last batch is short. */
export interface StepPrograms {
  readonly full: Program;
  readonly short: Program | undefined;
  /** Bytes of everything on the device: dataset, networks, optimizers, temporaries. */
  readonly peakBytes: number;
}

/** Traces, plans and compiles a GAN's steps. `onCompile` is told of each pipeline. */
export async function compileSteps(
  gan: Gan,
  onCompile: (done: number, total: number) => void = () => undefined,
): Promise<StepPrograms> {
  const { batch, last } = gan.plan;
  const build = async (label: string, count: number): Promise<Program> =>
    compile(gan.device, label, () => trainingStep(gan, count), { onCompile });
  const full = await build("step", batch);
  const short = last < batch ? await build("step.short", last) : undefined;
  const temporaries = gan.device.programBuffers.reduce((sum, buffer) => sum + buffer.size, 0);
  return { full, short, peakBytes: full.capturedBytes + temporaries };
}

/** The epoch that a step (from 1) belongs to, from 1. */
function epochOf(step: number, plan: EpochPlan): number {
  return Math.floor((step - 1) / plan.steps) + 1;
}

/** The program of a step (from 1): a batch cut short has its own. */
export function programOf({ full, short }: StepPrograms, plan: EpochPlan, step: number): Program {
  return short && step % plan.steps === 0 ? short : full;
}

/** Real GPUs are reset by some systems when one submit takes 2 s: a slow step is cut up. */
const SLOW_STEP_SECONDS = 0.5;

/** Returns how to take a GAN's steps and read their records: what `trainLoop` runs. */
export function stepsOf(
  { plan, ring, device }: Gan,
  programs: StepPrograms,
  { from, until, reportEvery = [], reportSeconds = 0.5 }: TrainOptions,
): StepsOptions<readonly StepRecord[]> {
  let program = programs.full;
  let submitted = 0;
  return {
    steps: until,
    from,
    reportSeconds,
    // The ring of scalars is read before it wraps.
    reportEvery: [...reportEvery, plan.steps, Math.floor(ring.shape[0]! / 2)],
    async step(step) {
      program = programOf(programs, plan, step);
      submitted = performance.now();
      await program.run();
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

/** Returns a loop's report as a GAN's progress. `from` is the step that the loop began after. */
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
 * Runs steps `from + 1` to `until`, and yields after each epoch, each multiple of `reportEvery`, at the
 * end, and at least about every `reportSeconds`. Leaving the loop early is safe: what was submitted
 * is done before the next report.
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

/** The records of the steps after `after`, from their scalars. */
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

/** The scalars of steps `after + 1` to `until`, in their order: no more of the ring than is new. */
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
