// `longhand/data` in a browser: what IDX bytes mean, and pixels as floats.
export { encodeIdx, imageSet, parseIdx, type IdxFile, type ImageSet } from "./data/idx.ts";
export { fromBytes } from "./data/pixels.ts";
export { looksTransposed, transposed } from "./data/transpose.ts";
