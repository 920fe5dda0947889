// When a pixel's colour is worth looking at in addition to its luma.

/** The difference between a pixel's red, green and blue, in levels of 255, from which it counts as far from grey. */
export const COLOURFUL = 24;
