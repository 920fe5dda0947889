// A step in slow motion, as the page knows it: its parts, the figures of those that ran, and who learns.
import { computed, effect, signal, type ReadonlySignal, type Signal } from "@preact/signals";
import type { Player, StepPart } from "../../src/web.ts";
import type { PartReport, StepFacts } from "../lab/step.ts";
import { attempt, keepUp } from "./actions.ts";
import { lab } from "./lab.ts";
import { hasRun, hearEvents, hearRenewals } from "./state.ts";

/** Who learns. */
export type Learner = Player | "both";

/** Who learns in the run, in slow motion and at full speed. */
export const learner: Signal<Learner> = signal("both");
/** The parts of a step as it is now; undefined until they are known. */
export const facts: Signal<StepFacts | undefined> = signal(undefined);
/** The parts that ran in the current step, in order. */
export const reports: Signal<readonly PartReport[]> = signal([]);
/** Whether the lab is at work on a part. */
export const working: Signal<boolean> = signal(false);
/** Whether parts follow each other by themselves. */
export const playing: Signal<boolean> = signal(false);
/** Seconds between two parts. */
export const pace: Signal<number> = signal(1.2);

/** The last part that ran. */
export const latest: ReadonlySignal<PartReport | undefined> = computed(() => reports.value.at(-1));

/** Returns the report of a part's last run in the current step. */
export const reportOf = (part: StepPart): PartReport | undefined =>
  reports.value.findLast((report) => report.part === part);

/** Forgets the last run's step. */
export function forgetStep(): void {
  facts.value = undefined;
  reports.value = [];
  playing.value = false;
  learner.value = "both";
}

// Another run has other parts, and both of its networks learn.
hearRenewals(forgetStep);
hearEvents((event) => {
  // Steps that were not taken here end the one that stood half-way.
  if (event.type === "progress" && !working.value) {
    reports.value = [];
    playing.value = false;
  }
  if (event.type === "state" && event.state === "done") playing.value = false;
});

/** Leaves the view: nothing goes on that nobody sees, and the step ends, since its pictures go with the view. */
export async function leaveStep(): Promise<void> {
  playing.value = false;
  if (reports.value.length === 0) return;
  reports.value = [];
  await keepUp(() => lab.endStep());
}

/** Asks the lab for the parts of a step. The first time it compiles them. */
export async function askParts(): Promise<void> {
  if (!hasRun.value || facts.value || working.value) return;
  await alone(takeFacts);
  const who = asked;
  asked = undefined;
  if (facts.value && who !== undefined && who !== learner.value) await letLearn(who);
}

async function takeFacts(): Promise<void> {
  facts.value = await lab.stepFacts();
  learner.value = facts.value.only ?? "both";
}

/** Who is to learn in the first run that this view meets: an address asked for it. */
let asked: Learner | undefined;

/** Lets one network learn alone, or both, as soon as this view has a run. */
export function askLearner(who: Learner): void {
  asked = who;
}

/** Lets one network learn alone, or both, from now on; after the part that is under way. */
export async function letLearn(who: Learner): Promise<void> {
  playing.value = false;
  const before = learner.value;
  learner.value = who;
  await idle();
  let agrees = false;
  await alone(async () => {
    await lab.learn(who === "both" ? undefined : who);
    agrees = true;
    reports.value = [];
    await takeFacts();
  });
  if (!agrees) learner.value = before;
}

/** Resolves once the lab is at work on no part. */
const idle = (): Promise<void> =>
  new Promise((resolve) => {
    const stop = effect(() => {
      if (working.value) return;
      resolve();
      queueMicrotask(() => stop());
    });
  });

/** Runs the next part. */
export async function nextPart(): Promise<void> {
  if (working.value) return;
  await alone(runPart);
}

/** Runs what is left of the current step, or a whole one. */
export async function wholeStep(): Promise<void> {
  if (working.value) return;
  playing.value = false;
  await alone(async () => {
    do await runPart();
    while (!latest.value?.done);
  });
}

/** Takes many steps at full speed. */
export async function manySteps(count: number): Promise<void> {
  if (working.value) return;
  playing.value = false;
  await alone(async () => {
    reports.value = [];
    await lab.step(count);
  });
}

let isLooping = false;

/** Lets parts follow each other slowly, until it is called again. */
export async function play(): Promise<void> {
  playing.value = !playing.value;
  if (isLooping) return; // the loop of before goes on, or ends
  isLooping = true;
  while (playing.value) {
    await nextPart();
    await new Promise((resolve) => setTimeout(resolve, pace.value * 1000));
  }
  isLooping = false;
}

async function runPart(): Promise<void> {
  if (!facts.value) await takeFacts();
  const report = await lab.nextPart();
  reports.value = report.at === 0 ? [report] : [...reports.value, report];
}

/** Does one thing at a time, and says what went wrong. */
async function alone(action: () => Promise<void>): Promise<void> {
  working.value = true;
  let done = false;
  await attempt(async () => {
    await action();
    done = true;
  });
  if (!done) playing.value = false;
  working.value = false;
}
