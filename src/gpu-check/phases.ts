// The parts of a check, in their order, and words for them.

/** A part of a check. */
export type Phase = "kernels" | "ceilings" | "variants" | "steps";

/** What is done in each part. */
export const PHASE_WORDS: Readonly<Record<Phase, string>> = {
  kernels: "Comparing kernels with float64",
  ceilings: "Measuring what the adapter can do",
  variants: "Timing kernels in each variant",
  steps: "Timing steps of training",
};
