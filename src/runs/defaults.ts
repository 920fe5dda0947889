// What flags stand for when they are left out, and how far they go. The help states these numbers, so this file loads
// nothing.

/** Samples per evaluation during training. */
export const EVALUATE_COUNT = 2000;

/** How many checkpoints a run keeps. */
export const KEPT_CHECKPOINTS = 2;

/** Seconds that tuning may take. */
export const TUNING_BUDGET = 60;

/** Seconds of timed steps per recipe. */
export const STEPS_BUDGET = 5;

/** Runs per entry of a comparison, minutes of steps of each, samples per judging, and judgings per run. */
export const COMPARED = { seeds: 2, minutes: 10, count: 5000, points: 8 } as const;

/** The most seeds of a comparison: a page shows them all. */
export const MOST_SEEDS = 20;

/** The most runs of a sweep. */
export const MOST_RUNS = 1000;
