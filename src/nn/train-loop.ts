// The training loop of scripts and of the command line. It runs steps, reports at intervals, has checkpoints saved, and
// stops when asked to. Its callers define what a report or a checkpoint is.
import { AttributeError } from "../gpu/errors.ts";
import { show } from "../gpu/foreign-text.ts";
import type { StopSignal } from "../gpu/stop-signal.ts";
import {
  anything,
  callback,
  checkAttributes,
  either,
  extent,
  finite,
  instance,
  needed,
  whole,
  wholes,
  type Checks,
} from "../kernels/attributes.ts";

/** What a loop reports at intervals. All steps up to `step` have been submitted; they are done if values were read. */
export interface StepReport<V> {
  /** Steps done in all, including those before a resume. */
  readonly step: number;
  /** Steps in all. */
  readonly until: number;
  /** What `values` returned; undefined without it. */
  readonly values: V;
  /** Seconds per step since the first. NaN at the first step, in which some adapters still compile kernels. */
  readonly secondsPerStep: number;
}

/** How to run steps, and when to report. */
export interface StepsOptions<V> {
  /** Steps in all. */
  readonly steps: number;
  /** Steps that are already done: 0, or those of the checkpoint. */
  readonly from?: number;
  /** Runs a step, counted from 1: a compiled program, or eager launches. */
  readonly step: (step: number) => unknown;
  /** Reads results of the steps after `after`, up to `step`, such as losses. Waiting for them waits for the GPU. */
  readonly values?: (after: number, step: number) => Promise<V> | V;
  /** Also report after each multiple of this number, or of any of these. */
  readonly reportEvery?: number | readonly number[];
  /** Also report when this many seconds have passed since the last report. Default 0.5. */
  readonly reportSeconds?: number;
  /** Also report after a step for which this returns true. */
  readonly reportIf?: (step: number) => boolean;
}

/** A function that is called with each report, and waited for. */
export type Callback<V> = (report: StepReport<V>, loop: LoopControl) => unknown;

/** What a callback may ask of its loop. */
export interface LoopControl {
  /** Ends the loop after this report, as a signal does. */
  readonly stop: () => void;
  /** Saves a checkpoint immediately, unless this step is already saved. */
  readonly save: () => Promise<void>;
}

/** The options of `trainLoop`. */
export interface TrainLoopOptions<V> extends StepsOptions<V> {
  /** Functions that are called one after the other with each report. */
  readonly callbacks?: readonly Callback<V>[];
  /** Saves a step: after each multiple of `every`, every so many seconds, and at the end or when stopped. */
  readonly checkpoint?: {
    readonly save: (step: number) => unknown;
    readonly every?: number | readonly number[];
    readonly seconds?: number;
  };
  /** Asks the loop to stop after the current step: `stopSignal()` of `longhand/node` is Ctrl-C. */
  readonly signal?: StopSignal;
}

/** How a loop ended. */
export interface LoopEnd {
  /** Steps done and reported. */
  readonly step: number;
  /** Whether it ended before the last step. */
  readonly stopped: boolean;
  /** Whether it ended while a step after `step` was still running. Everything up to `step` was saved by then. */
  readonly isAhead: boolean;
}

const steps = either(whole(1), wholes(1));

const stepsChecks: Checks<StepsOptions<never>> = {
  steps: needed(extent(0)),
  from: extent(0),
  step: needed(callback),
  values: callback,
  reportEvery: steps,
  reportSeconds: finite(0),
  reportIf: callback,
};

const loopChecks: Checks<TrainLoopOptions<never>> = {
  ...stepsChecks,
  callbacks: {
    expects: "a list of functions",
    accepts: (value) => Array.isArray(value) && Array.from(value).every(callback.accepts),
  },
  checkpoint: anything("{ save, every, seconds }"),
  signal: instance(AbortSignal, "an AbortSignal"),
};

const checkpointChecks: Checks<NonNullable<TrainLoopOptions<never>["checkpoint"]>> = {
  save: needed(callback),
  every: steps,
  seconds: finite(0),
};

/** Returns whether a step is a multiple of any of these numbers. */
function falls(step: number, every: number | readonly number[] | undefined): boolean {
  if (every === undefined) return false;
  return typeof every === "number" ? step % every === 0 : every.some((each) => step % each === 0);
}

/**
 * Runs steps `from + 1` to `steps`. Yields a report after the first step, after each multiple of `reportEvery`, at the
 * end, and at least about every `reportSeconds`. Leaving the loop early is safe: what was submitted is done before the
 * next value is read. Throws `AttributeError` on an invalid option.
 */
export function runSteps<V = undefined>(
  options: StepsOptions<V>,
): AsyncGenerator<StepReport<V>, void, undefined> {
  checkAttributes<object>("runSteps", options, stepsChecks);
  return reportsOf(options);
}

async function* reportsOf<V>(
  options: StepsOptions<V>,
): AsyncGenerator<StepReport<V>, void, undefined> {
  const { steps: until, from = 0, reportSeconds = 0.5 } = options;
  let began = performance.now();
  let lastReport = began;
  let reported = from;
  for (let step = from + 1; step <= until; step += 1) {
    await options.step(step);
    const first = step === from + 1;
    const due =
      first ||
      step === until ||
      falls(step, options.reportEvery) ||
      options.reportIf?.(step) === true ||
      performance.now() - lastReport >= reportSeconds * 1000;
    if (!due) continue;
    const values = (await options.values?.(reported, step))!;
    reported = step;
    lastReport = performance.now();
    const secondsPerStep = first ? Number.NaN : (lastReport - began) / 1000 / (step - from - 1);
    yield { step, until, values, secondsPerStep };
    if (first) began = performance.now();
  }
}

/**
 * Trains to the last step, or until it is asked to stop: runs steps, calls callbacks with reports, and saves
 * checkpoints.
 *
 * Options: steps — steps in all; from — steps that are already done (0); step — runs a step, counted from 1; values —
 * reads what a report shows; reportEvery, reportSeconds, reportIf — when to report, besides after the first step and the
 * last (every 0.5 s); callbacks — called with each report; checkpoint — { save, every, seconds }: `save(step)` is called
 * after each multiple of `every`, when `seconds` have passed since the last save, and at the end; signal — asks it to
 * stop after the current step.
 * Returns: where it ended, and whether it was stopped.
 * Throws: `AttributeError` on an invalid option; what a step, a callback or `save` throws.
 */
export async function trainLoop<V = undefined>(options: TrainLoopOptions<V>): Promise<LoopEnd> {
  checkAttributes<object>("trainLoop", options, loopChecks);
  const { callbacks = [], checkpoint, signal, ...rest } = options;
  if (checkpoint) checkAttributes("trainLoop: checkpoint", checkpoint, checkpointChecks);
  const { steps: until, from = 0 } = options;
  if (from > until) {
    throw new AttributeError(
      `trainLoop: from must be at most steps, which includes the steps done before; got ${show(from)} of ${show(until)}`,
    );
  }
  let step = from;
  let saved = from;
  let savedAt = performance.now();
  let stopped = false;
  const save = async (): Promise<void> => {
    if (saved === step || !checkpoint) return;
    await checkpoint.save(step);
    saved = step;
    savedAt = performance.now();
  };
  const control: LoopControl = { save, stop: () => (stopped = true) };
  const asked = whenAborted(signal);
  const reports = reportsOf(reportingFor(rest, checkpoint));
  try {
    while (!stopped) {
      const next = reports.next();
      // A first step may compile for minutes. A stop doesn't wait for it while there is nothing to save.
      const report = await (saved === step ? Promise.race([next, asked.promise]) : next);
      if (!report) {
        // The running step is left to itself: nobody is there to handle its failure.
        next.catch(() => undefined);
        return { step, stopped: true, isAhead: true };
      }
      if (report.done) break;
      ({ step } = report.value);
      for (const each of callbacks) await each(report.value, control);
      const overdue = performance.now() - savedAt >= (checkpoint?.seconds ?? Infinity) * 1000;
      if (falls(step, checkpoint?.every) || overdue) await save();
      stopped ||= signal?.aborted ?? false;
    }
    await save();
  } finally {
    asked.release();
  }
  return { step, stopped: step < until, isAhead: false };
}

/** Returns options of `runSteps` that also report whenever a checkpoint is due. */
function reportingFor<V>(
  options: StepsOptions<V>,
  checkpoint: TrainLoopOptions<V>["checkpoint"],
): StepsOptions<V> {
  const lists = [options.reportEvery, checkpoint?.every].flatMap((each) => each ?? []);
  return { ...options, reportEvery: lists };
}

/** Returns a promise that resolves once the signal asks to stop, and a function that removes its listener. */
function whenAborted(signal: StopSignal | undefined): {
  readonly promise: Promise<undefined>;
  readonly release: () => void;
} {
  let release = (): void => undefined;
  const promise = new Promise<undefined>((resolve) => {
    if (!signal) return;
    const listener = (): void => resolve(undefined);
    if (signal.aborted) listener();
    signal.addEventListener("abort", listener, { once: true });
    release = () => signal.removeEventListener("abort", listener);
  });
  return { promise, release };
}
