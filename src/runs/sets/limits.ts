// How much of a set is read, so that what a file promises never costs more than the machine has.

/** The most pixels of a set: 2 GiB, a byte each. */
export const MOST_PIXELS: number = 2 ** 31;
