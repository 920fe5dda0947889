// `longhand/data`: image sets from IDX files, plain or gzipped. In a bundle for browsers data-bytes.ts alone stands for
// it: what needs no files.
export * from "./data-bytes.ts";
export { loadImages, loadImagesFile, type LoadedImageSet, type LoadOptions } from "./data/files.ts";
export type { Split } from "./data/find-idx.ts";
export { readIdx } from "./data/read-idx.ts";
