// `longhand/data` in a browser: parses IDX bytes, and turns pixels into floats.
export { encodeIdx, imageSet, parseIdx, type IdxFile, type ImageSet } from "./data/idx.ts";
export { fromBytes } from "./data/pixels.ts";
export { looksTransposed, transposed } from "./data/transpose.ts";
