// When a GAN goes wrong, and how to say so: rules on the judge's verdict and on the last steps' figures.
import type { StepRecord } from "../../src/gan.ts";
import type { Verdict } from "../lab/judging.ts";

/** Something that goes wrong. */
export interface Warning {
  readonly kind: "collapse" | "alike" | "stuck" | "diverged";
  readonly words: string;
}

/** Before so many images were seen, samples are blurs that the judge takes for anything. */
const UNTIL_JUDGED = 8000;
/** One class of ten above this share is a collapse. */
const MOST_OF_ONE = 0.6;
/** Samples that differ less than this share of how much real digits differ are nearly the same image. */
const LEAST_SPREAD = 0.05;
/** The last steps whose mean tells whether a network has won. */
const RECENT = 60;
const WON = 0.97;

/** Returns what goes wrong with a run whose last verdict and records these are; `images` is how many it has seen. */
export function warningsOf(
  verdict: Verdict | undefined,
  records: readonly StepRecord[],
  images: number,
): readonly Warning[] {
  const found: Warning[] = [];
  const last = records.at(-1);
  if (last && !(Number.isFinite(last.lossD) && Number.isFinite(last.lossG))) {
    return [
      {
        kind: "diverged",
        words: `The losses are no longer numbers since step ${last.step}: the run has diverged. Start anew with lower rates.`,
      },
    ];
  }
  const recent = records.slice(-RECENT);
  if (recent.length === RECENT) {
    const mean = (key: "dReal" | "dFake"): number =>
      recent.reduce((sum, record) => sum + record[key], 0) / RECENT;
    if (mean("dReal") > WON && mean("dFake") < 1 - WON) {
      found.push({
        kind: "stuck",
        words:
          "The discriminator is certain of every image, so the generator hears only “wrong”, never how to do better. A lower discriminator rate helps.",
      });
    }
  }
  if (!verdict || images < UNTIL_JUDGED) return found;
  const most = Math.max(...verdict.counts);
  if (Number.isNaN(verdict.spread)) {
    found.push({ kind: "diverged", words: "The samples hold values that are not numbers." });
  } else if (verdict.spread < LEAST_SPREAD) {
    found.push({
      kind: "alike",
      words:
        "All samples look nearly the same: the generator ignores its noise, and has collapsed onto one picture.",
    });
  } else if (most > MOST_OF_ONE * verdict.count) {
    const share = Math.round((100 * most) / verdict.count);
    found.push({
      kind: "collapse",
      words: `The judge takes ${share} % of the samples for a ${verdict.counts.indexOf(most)}: the generator has collapsed onto one digit.`,
    });
  }
  return found;
}
