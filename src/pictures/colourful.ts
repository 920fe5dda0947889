// When a pixel has a colour worth looking at apart from its luma.

/** Levels of 255 between a pixel's red, green and blue from which on it is far from gray. */
export const COLOURFUL = 24;
