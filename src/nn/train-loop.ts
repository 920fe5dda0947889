// The loop around a training step, the same for a script and for the command line: it runs steps, reports now and
// then, has checkpoints saved, and stops when it is asked to. What a report or a checkpoint is, others say.
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

/** What a loop hands out now and then; everything up to `step` has been submitted, and done if values were read. */
export interface StepReport<V> {
  /** Steps done in all, those before a resume included. */
  readonly step: number;
  /** Steps in all. */
  readonly until: number;
  /** What `values` read; undefined without it. */
  readonly values: V;
  /** Seconds per step since the first; NaN at the first, in which some adapters still compile kernels. */
  readonly secondsPerStep: number;
}

/** How to run steps, and when to report. */
export interface StepsOptions<V> {
  /** Steps in all. */
  readonly steps: number;
  /** Steps done already: 0, or those of the checkpoint. */
  readonly from?: number;
  /** Takes a step, counted from 1: runs a compiled program, or launches one. */
  readonly step: (step: number) => unknown;
  /** Reads what the steps after `after`, up to `step`, have to say: losses, say. Waiting for it waits for the GPU. */
  readonly values?: (after: number, step: number) => Promise<V> | V;
  /** Also report after each multiple of these. */
  readonly reportEvery?: number | readonly number[];
  /** Also report when this many seconds have passed since the last report. Default 0.5. */
  readonly reportSeconds?: number;
}

/** A function that is called, and waited for, with each report. */
export type Callback<V> = (report: StepReport<V>, loop: LoopControl) => unknown;

/** What a callback may ask of its loop. */
export interface LoopControl {
  /** Ends the loop after this report, as a signal does. */
  readonly stop: () => void;
  /** Saves a checkpoint at once, unless this step's is saved. */
  readonly save: () => Promise<void>;
}

/** What `trainLoop` takes. */
export interface TrainLoopOptions<V> extends StepsOptions<V> {
  /** Called one after the other with each report. */
  readonly callbacks?: readonly Callback<V>[];
  /** Saves what is to be kept of a step: every so many steps or seconds, and at the end or when stopped. */
  readonly checkpoint?: {
    readonly save: (step: number) => unknown;
    readonly every?: number | readonly number[];
    readonly seconds?: number;
  };
  /** Asks the loop to stop after the step in hand: `stopSignal()` of `longhand/node` is Ctrl-C. */
  readonly signal?: StopSignal;
}

/** How a loop ended. */
export interface LoopEnd {
  /** Steps done and reported. */
  readonly step: number;
  /** Whether it ended before the last step. */
  readonly stopped: boolean;
  /** Whether it left while a step beyond `step` was under way, all of which was saved before. */
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

/** Returns whether a step is a multiple of any of these. */
function falls(step: number, every: number | readonly number[] | undefined): boolean {
  if (every === undefined) return false;
  return typeof every === "number" ? step % every === 0 : every.some((each) => step % each === 0);
}

/**
 * Runs steps `from + 1` to `steps`, and yields a report after the first, after each multiple of `reportEvery`, at the
 * end, and at least about every `reportSeconds`. Leaving the loop early is safe: what was submitted is done before the
 * next value is read. Throws `AttributeError` on an option that can't be.
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
 * Trains to the last step, or until it is asked to stop: runs steps, calls back with reports, and saves checkpoints.
 *
 * Options: steps — steps in all; from — those done already (0); step — takes one, counted from 1; values — reads what a
 * report shows; reportEvery, reportSeconds — when to report, besides after the first step and the last (every 0.5 s);
 * callbacks — called with each report; checkpoint — { save, every, seconds }: `save(step)` is called after each multiple
 * of `every`, when `seconds` have passed since the last, and at the end; signal — asks it to stop after the step in hand.
 * Returns: where it ended, and whether it was stopped.
 * Throws: `AttributeError` on an option that can't be; what a step, a callback or `save` throws.
 */
export async function trainLoop<V = undefined>(options: TrainLoopOptions<V>): Promise<LoopEnd> {
  checkAttributes<object>("trainLoop", options, loopChecks);
  const { callbacks = [], checkpoint, signal, ...rest } = options;
  if (checkpoint) checkAttributes("trainLoop: checkpoint", checkpoint, checkpointChecks);
  const { steps: until, from = 0 } = options;
  if (from > until) {
    throw new AttributeError(
      `trainLoop: from must be at most steps, which are those before included; got ${show(from)} of ${show(until)}`,
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
      // A first step may compile for minutes: while nothing is there to be saved, nothing is waited for.
      const report = await (saved === step ? Promise.race([next, asked.promise]) : next);
      if (!report) {
        // The step under way is left to itself: nobody is there to hear of its failure.
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

/** Options of `runSteps` that also report whenever a checkpoint is due. */
function reportingFor<V>(
  options: StepsOptions<V>,
  checkpoint: TrainLoopOptions<V>["checkpoint"],
): StepsOptions<V> {
  const lists = [options.reportEvery, checkpoint?.every].flatMap((each) => each ?? []);
  return { ...options, reportEvery: lists };
}

/** A promise that resolves once a signal asks, and what takes its listener away. */
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
