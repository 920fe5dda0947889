// What the judge says of the run, now and before: it is asked again and again while the run trains and someone looks on,
// but takes only a small share of the time.
import { computed, effect, signal, type ReadonlySignal, type Signal } from "@preact/signals";
import { wordsOf } from "../../src/web.ts";
import type { JudgeFacts, Verdict } from "../lab/judging.ts";
import { lab } from "./lab.ts";
import { hearEvents, plan, recorded, records, runState, step } from "./state.ts";
import { warningsOf, type Warning } from "./warnings.ts";

/** What is known of the judge; undefined until it is loaded. */
export const judgeFacts: Signal<JudgeFacts | undefined> = signal(undefined);
/** The last verdict on the run; undefined before the first. */
export const verdict: Signal<Verdict | undefined> = signal(undefined);
/** The Fréchet distances that were measured, in order. */
export const distances: Signal<readonly { readonly step: number; readonly distance: number }[]> =
  signal([]);
/** Whether a verdict is being made, and why the last one failed, if it did. */
export const isJudging: Signal<boolean> = signal(false);
export const judgeFailure: Signal<string> = signal("");

/** What is going wrong with the run, in sentences. */
export const warnings: ReadonlySignal<readonly Warning[]> = computed(() => {
  void recorded.value; // the records grow in place
  return warningsOf(verdict.value, records, (plan.value?.batch ?? 0) * step.value);
});

/** Judging may take this share of the time: one part in so many. */
const SHARE = 12;
const LEAST_SECONDS = 2;
/** A distance is measured at every verdict of so many. */
const DISTANCE_EVERY = 4;

let verdicts = 0;
let nextAt = 0;
/** Whether a verdict with a distance was asked for while another was being made. */
let isWanted = false;

/** Judges the run's current samples, and measures their distance if asked to. */
export async function judgeNow(distance: boolean): Promise<void> {
  if (!plan.value) return;
  if (isJudging.value) {
    isWanted ||= distance; // once this verdict is there
    return;
  }
  isJudging.value = true;
  judgeFailure.value = "";
  const judged = plan.value;
  try {
    const found = await lab.judge("run", { distance });
    if (plan.value !== judged) return; // another run began
    verdict.value = found;
    verdicts += 1;
    nextAt = performance.now() + 1000 * Math.max(LEAST_SECONDS, SHARE * found.seconds);
    if (found.distance !== undefined) {
      const point = { step: found.step!, distance: found.distance };
      const before = distances.value.filter((each) => each.step !== point.step);
      distances.value = [...before, point].toSorted((a, b) => a.step - b.step);
    }
  } catch (error) {
    judgeFailure.value = wordsOf(error, Infinity);
    nextAt = performance.now() + 30_000;
  } finally {
    isJudging.value = false;
  }
  if (!isWanted) return;
  isWanted = false;
  if (verdict.value?.step !== step.value) await judgeNow(true);
}

/** Keeps the verdict up to date as long as someone looks on. Returns a function that ends it. */
export function watchVerdicts(): () => void {
  return hearEvents((event) => {
    const isOver = event.type === "state" && (event.state === "done" || event.state === "paused");
    if (isOver && verdict.peek()?.step !== step.peek() && step.peek() > 0) void judgeNow(true);
    if (event.type !== "progress" || performance.now() < nextAt || document.hidden) return;
    if (runState.peek() === "running")
      void judgeNow(verdicts % DISTANCE_EVERY === DISTANCE_EVERY - 1);
  });
}

// A new run begins without verdicts, from its preparation on.
effect(() => {
  void plan.value;
  verdict.value = undefined;
  distances.value = [];
  judgeFailure.value = "";
  [verdicts, nextAt, isWanted] = [0, 0, false];
});
