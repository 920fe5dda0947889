// Watches a training run: its records, evaluations and samples show when it goes wrong. It reports each trouble once,
// with a remedy to try. It is pure: callers tell it what happened, and it has no clock and no files.
import type { StepRecord } from "./train-steps.ts";

/** The part of an evaluation of the generator that a watch looks at. */
export interface WatchedEvaluation {
  readonly step: number;
  readonly precision: number;
  readonly recall: number;
  /** Total variation between the samples' classes and the real digits': 0 is balanced, near 1 is broken. */
  readonly classBalance: number;
  /** How many samples the judge put into each class. */
  readonly counts: readonly number[];
}

/** A trouble that was noticed. */
export interface Warning {
  readonly step: number;
  readonly trouble: Trouble;
  /** One line: what is wrong, which figures show it, and what to try. */
  readonly words: string;
}

/** What can go wrong. */
export type Trouble =
  | "not a number"
  | "discriminator won"
  | "low recall"
  | "broken balance"
  | "alike";

/** Watches a run in training. Every method returns the new warnings; a watch warns of each trouble once. */
export interface Watch {
  readonly records: (records: readonly StepRecord[]) => readonly Warning[];
  readonly evaluation: (evaluation: WatchedEvaluation) => readonly Warning[];
  /** Takes samples from fixed noise, (count, …); `images` holds all their values. */
  readonly samples: (step: number, images: Float32Array, count: number) => readonly Warning[];
}

/** The number of steps over which verdicts are averaged. */
export const STRETCH = 200;
/** The number of steps before which a generator can't be expected to draw digits. */
export const EARLY = 500;
const NO_LOSS = 0.05; // nats: a discriminator that guesses would have ln 2 for each half
const SURE_OF_REAL = 0.85; // below the 0.9 that smoothed labels ask for
const SURE_OF_FAKE = 0.02;
const NO_RECALL = 0.02;
const SOME_RECALL = 0.2;
const SOME_PRECISION = 0.2;
const BROKEN_BALANCE = 0.4; // as of digits of only six classes, in equal parts
const ALIKE = 0.02; // real digits vary by 0.27 per pixel, sixteen of one class by 0.12 to 0.25, small's after 200 steps by 0.09

/** Makes a watch. It doesn't warn again of troubles in a resumed run's logs. Verdicts are averaged over `steps`. */
export function createWatch(
  earlier: {
    readonly records?: readonly StepRecord[];
    readonly evaluations?: readonly WatchedEvaluation[];
  } = {},
  steps: number = STRETCH,
): Watch {
  const said = new Set<Trouble>();
  let stretch: StepRecord[] = [];
  let last: WatchedEvaluation | undefined;
  let bestRecall = 0;

  const say = (step: number, trouble: Trouble, words: string): readonly Warning[] => {
    if (said.has(trouble)) return [];
    said.add(trouble);
    return [{ step, trouble, words: `Step ${step}: ${words}` }];
  };

  const watch: Watch = {
    records(records) {
      return records.flatMap((record) => {
        stretch = [...stretch, record].slice(-steps);
        if (!Number.isFinite(record.lossD) || !Number.isFinite(record.lossG)) {
          return say(record.step, "not a number", NOT_A_NUMBER);
        }
        return stretch.length === steps && won(stretch)
          ? say(record.step, "discriminator won", wonWords(stretch))
          : [];
      });
    },

    evaluation(evaluation) {
      const { step, precision, recall, classBalance, counts } = evaluation;
      const before = last;
      last = evaluation;
      const fell = bestRecall >= SOME_RECALL && recall < NO_RECALL;
      bestRecall = Math.max(bestRecall, recall);
      // An untrained generator has no recall either, and may even have precision: its one image can lie in a
      // wide neighbourhood. So the warning waits for enough steps and for two evaluations.
      const stays =
        step >= EARLY && before !== undefined && before.recall < NO_RECALL && recall < NO_RECALL;
      const unbalanced =
        before !== undefined &&
        before.classBalance > BROKEN_BALANCE &&
        classBalance > BROKEN_BALANCE &&
        step >= EARLY;
      return [
        ...(fell || (stays && precision >= SOME_PRECISION)
          ? say(step, "low recall", lowRecall(recall, precision))
          : []),
        ...(unbalanced ? say(step, "broken balance", brokenBalance(classBalance, counts)) : []),
      ];
    },

    samples(step, images, count) {
      if (step < EARLY || count < 2) return [];
      const variance = varianceAcross(images, count);
      return variance < ALIKE ? say(step, "alike", alike(variance)) : [];
    },
  };
  watch.records(earlier.records ?? []);
  for (const evaluation of earlier.evaluations ?? []) watch.evaluation(evaluation);
  return watch;
}

/**
 * Returns how much images differ from one another: the variance of each value across `count` images, (count, …),
 * averaged over the values. NaN if any value is NaN.
 */
export function varianceAcross(images: Float32Array, count: number): number {
  const size = images.length / count;
  let sum = 0;
  for (let at = 0; at < size; at += 1) {
    let mean = 0;
    for (let image = 0; image < count; image += 1) mean += images[image * size + at]! / count;
    for (let image = 0; image < count; image += 1) {
      sum += (images[image * size + at]! - mean) ** 2;
    }
  }
  return sum / images.length;
}

type Figure = "lossD" | "dReal" | "dFake";

function meanOf(records: readonly StepRecord[], key: Figure): number {
  return records.reduce((sum, record) => sum + record[key], 0) / records.length;
}

// Losses other than cross-entropy may be 0 at other verdicts; smoothed labels leave a loss that is never 0.
function won(records: readonly StepRecord[]): boolean {
  return (
    meanOf(records, "lossD") < NO_LOSS ||
    (meanOf(records, "dReal") > SURE_OF_REAL && meanOf(records, "dFake") < SURE_OF_FAKE)
  );
}

const LOWER = "lower learning rates";

const NOT_A_NUMBER = `a loss is not a number any more: the run has diverged, and more steps won't help; try ${LOWER}, or another --seed`;

function wonWords(records: readonly StepRecord[]): string {
  const [loss, real, fake] = [
    meanOf(records, "lossD").toFixed(3),
    meanOf(records, "dReal").toFixed(2),
    meanOf(records, "dFake").toFixed(2),
  ];
  return `for ${records.length} steps the discriminator has hardly erred (loss D ${loss}, D(real) ${real}, D(fake) ${fake}), so the generator learns little from it; try a lower learning rate for the discriminator, more dropout or smoothed labels`;
}

function lowRecall(recall: number, precision: number): string {
  return `recall is ${recall.toFixed(3)} at precision ${precision.toFixed(2)}: the samples show almost none of the real digits' variety: the generator has collapsed; try ${LOWER}, a larger batch, or another --seed`;
}

function brokenBalance(balance: number, counts: readonly number[]): string {
  const all = counts.reduce((sum, count) => sum + count, 0);
  const [first, second] = counts
    .map((count, digit) => ({ digit, share: Math.round((100 * count) / all) }))
    .toSorted((a, b) => b.share - a.share);
  return `the samples' digits are out of balance by ${balance.toFixed(2)} (${first!.share} % are taken for ${first!.digit}, ${second!.share} % for ${second!.digit}): the generator may have collapsed onto a few digits; try ${LOWER}, a larger batch, or another --seed`;
}

function alike(variance: number): string {
  return `the samples are nearly all alike (their pixels vary by ${variance.toFixed(4)}, real digits' by 0.27): the generator has collapsed onto one image; try ${LOWER}, a larger batch, or another --seed`;
}
