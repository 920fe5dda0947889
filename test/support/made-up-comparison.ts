// A comparison of two entries that nobody trained, for tests of statistics, tables and pages.
import {
  FORMAT,
  type ComparedRun,
  type RecipeComparison,
} from "../../src/runs/comparing/comparison-file.ts";

const MINUTES = 10;

/** Returns a run with these Fréchet distances to training, evenly spaced over its time; the last is that of its end. */
export function comparedRun(
  entry: string,
  seed: number,
  distances: readonly number[],
): ComparedRun {
  const at = (index: number): { step: number; seconds: number } => {
    const share = (index + 1) / distances.length;
    return { step: Math.round(100 * share), seconds: 60 * MINUTES * share };
  };
  const last = distances.at(-1)!;
  return {
    entry,
    seed,
    points: distances.map((frechetTrain, index) => ({
      mark: (MINUTES * (index + 1)) / distances.length,
      ...at(index),
      frechetTrain,
      frechetTest: frechetTrain + 2,
    })),
    end: {
      ...at(distances.length - 1),
      count: 200,
      figures: {
        frechetTrain: last,
        frechetTest: last + 2,
        kid: 1,
        precision: 0.5,
        recall: 0.25,
        density: 0.75,
        coverage: 0.5,
        classBalance: 0.1,
        score: 5,
      },
      counts: Array.from({ length: 10 }, (_, digit) => 11 + 2 * digit),
      second: { frechetTrain: 2 * last, frechetTest: 2 * last + 2 },
    },
    diverged: null,
  };
}

/** Returns a comparison of a and b with seeds 0 and 1, in which b's second run diverged. */
export function madeUpComparison(): RecipeComparison {
  const judge = { name: "first", accuracy: 0.99, fingerprint: "f00d" };
  const entry = (name: string) => ({ name, recipe: "mlp", constants: { batch: 4 } });
  const lost = comparedRun("b", 1, [95, 94]);
  return {
    format: FORMAT,
    plan: {
      entries: [entry("a"), entry("b")],
      seeds: [0, 1],
      goal: { unit: "minutes", amount: MINUTES, marks: [MINUTES / 2, MINUTES] },
      count: 100,
      data: {
        images: 22,
        fingerprint: "66416a86",
        testFingerprint: "1dea",
        shares: Array.from({ length: 10 }, () => 0.1),
      },
      adapter: "none",
      judge,
    },
    second: { ...judge, name: "second", fingerprint: "beef" },
    longhand: "0.1.0",
    runs: [
      comparedRun("a", 0, [100, 50]),
      comparedRun("b", 0, [90, 30]),
      comparedRun("a", 1, [110, 60]),
      {
        ...lost,
        points: lost.points.slice(0, 1),
        end: null,
        diverged: "Step 70: the losses are NaN (D) and NaN (G)",
      },
    ],
  };
}
