// How much of the judge's training `npm run bench -- against` times at once.

/** Steps per epoch, of 96 images each. */
export const JUDGE_STEPS = 5;
