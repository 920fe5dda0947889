// What comes before a comparison's first run: everything that could be refused is checked, the judge and the real digits
// are made ready, and a trial judging and trial steps say how long the comparison will take.
import { resolve } from "node:path";
import { checkGan } from "../../gan/gan.ts";
import type { Device } from "../../gpu/device.ts";
import { evenly, figuresOf, judgeAll, NEIGHBOURS, pick } from "../../judge/comparison.ts";
import type { KeptJudge, Judge } from "../../judge/judge.ts";
import { findJudge, loadJudge } from "../evaluation/judges.ts";
import {
  compareWith,
  loadRealDigits,
  seeDigits,
  type SeenDigits,
} from "../evaluation/real-digits.ts";
import type { JudgeName } from "../evaluation/evaluation-file.ts";
import { COMPARED } from "../defaults.ts";
import { createPhases, type Phases } from "../phases.ts";
import { stepSeconds } from "../recipe-times.ts";
import { limitsFor, withDevice } from "../session.ts";
import type { Ui } from "../ui.ts";
import type { Entry } from "./entries.ts";
import { plannedEntries, type CompareFlags, type ComparisonPlan, type Goal } from "./plan.ts";

/** What the command asks for. */
export interface Asked {
  readonly entries: readonly Entry[];
  readonly seeds: readonly number[];
  readonly goal: Goal;
  readonly flags: CompareFlags;
}

/** A comparison that may begin. */
export interface Prepared {
  readonly plan: ComparisonPlan;
  /** The second judge; null if none is kept. */
  readonly second: JudgeName | null;
  /** Seconds that a judging takes, roughly. */
  readonly pointSeconds: number;
  /** Seconds that a step of each entry takes; empty if runs are measured in minutes. */
  readonly stepSeconds: ReadonlyMap<string, number>;
}

/** Seconds of trial steps of an entry, besides compiling. */
const TRIAL_SECONDS = 2;
/** Images of the trial judging. */
const TRIAL_IMAGES = 250;

/** Checks and prepares a comparison on its adapter. Throws a `LonghandError` for what a person can mend. */
export async function prepareComparing(ui: Ui, asked: Asked): Promise<Prepared> {
  const { entries, seeds, goal, flags } = asked;
  const { count = COMPARED.count } = flags;
  const trains = flags.sweep === undefined;
  const digits = await loadRealDigits(flags.data === undefined ? null : resolve(flags.data));
  const trainings = entries.map(({ recipe }) => ({
    recipe,
    batch: recipe.batch,
    data: digits.train,
    activationType: "f32" as const,
  }));
  return withDevice(
    flags.adapter,
    async (device, opened) => {
      ui.print(opened.line);
      for (const note of digits.train.notes) ui.print(note);
      for (const { recipe } of entries) checkGan(device, recipe, digits.train, { seed: 0 });
      const judge = await loadJudge(ui, device, "first");
      const { value: second } = await findJudge("second");
      const phases = createPhases(ui);
      try {
        const seen = await seeDigits(judge, digits, phases);
        const { expected, seconds } = await tryJudging(judge, seen, count, phases);
        return {
          plan: {
            entries: plannedEntries(entries),
            seeds,
            goal,
            count,
            data: {
              images: digits.train.count,
              fingerprint: digits.train.fingerprint,
              testFingerprint: digits.test.fingerprint,
              shares: expected,
            },
            adapter: opened.name,
            judge: nameOf(judge.name, judge),
          },
          second: second ? nameOf(second.which, second) : null,
          pointSeconds: seconds,
          stepSeconds:
            trains && goal.unit === "steps" ? await trySteps(device, entries, phases) : new Map(),
        };
      } finally {
        phases.stop();
      }
    },
    limitsFor(trainings),
  );
}

const nameOf = (
  name: string,
  { accuracy, fingerprint }: Pick<KeptJudge, "accuracy" | "fingerprint">,
): JudgeName => ({ name, accuracy, fingerprint });

/** Judges real digits as samples are judged later. Returns each class's share, and how long a judging takes. */
async function tryJudging(
  judge: Judge,
  seen: SeenDigits,
  count: number,
  phases: Phases,
): Promise<{ readonly expected: readonly number[]; readonly seconds: number }> {
  const comparison = await compareWith(seen, count, NEIGHBOURS, phases);
  const part = phases.begin("A trial judging");
  const images = { ...seen.test, count: Math.min(seen.test.count, TRIAL_IMAGES) };
  const few = {
    ...images,
    images: seen.test.images.subarray(0, images.count * images.height * images.width),
  };
  await judgeAll(judge, few); // compiles
  const began = performance.now();
  await judgeAll(judge, few);
  const perImage = (performance.now() - began) / images.count;
  const rows = evenly(seen.test.count, count);
  const start = performance.now();
  await figuresOf(pick(seen.judged.test, rows), comparison, part);
  const figures = performance.now() - start;
  return { expected: comparison.expected, seconds: (perImage * count + figures) / 1000 };
}

async function trySteps(
  device: Device,
  entries: readonly Entry[],
  phases: Phases,
): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>();
  for (const { name, recipe } of entries) {
    phases.begin(`Trial steps of ${name}`);
    found.set(name, await stepSeconds(device, recipe, TRIAL_SECONDS, () => undefined));
  }
  return found;
}
