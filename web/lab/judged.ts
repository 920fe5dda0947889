// How many samples the judge looks at, for the lab and for the page's words.

/** Samples of a verdict. */
export const JUDGED = 250;
/** Samples of a Fréchet distance, which fewer would raise. */
export const MEASURED = 1000;
