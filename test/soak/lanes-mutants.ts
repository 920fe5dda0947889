// The mutants of the kernels with lanes that share their loads.
import type { Mutant } from "./mutants.ts";

/** One wrong kernel each. */
export const lanesMutants: readonly Mutant[] = [
  {
    kernel: "matmul-lanes.tiled",
    what: "the terms past the last whole slice are left out",
    from: "k < K; k += 4u",
    to: "k + 4u <= K; k += 4u",
    noticed: ["matmul"],
  },
  {
    kernel: "matmul-lanes.tiled",
    what: "two of a transposed operand's steps change places",
    from: "load_rows(start.x, fours, k), load_rows(start.x, fours, k + 1u)",
    to: "load_rows(start.x, fours, k + 1u), load_rows(start.x, fours, k)",
    noticed: ["matmul"],
  },
  {
    kernel: "conv2d-forward-lanes.tiled",
    what: "padding repeats the image's first pixel",
    from: "inp4[(INP4_AT + u32(max(at, 0)) + c) / 4u]), at >= 0)",
    to: "inp4[(INP4_AT + u32(max(at, 0)) + c) / 4u]), at >= -1)",
    noticed: ["conv2d"],
  },
  {
    kernel: "conv2d-data-gradient-lanes.tiled",
    what: "two channels change places",
    from: "load_weight(kernel, c + 1u, k),\n    load_weight(kernel, c + 2u, k)",
    to: "load_weight(kernel, c + 2u, k),\n    load_weight(kernel, c + 1u, k)",
    noticed: ["conv2d"],
  },
  {
    kernel: "conv2d-weight-gradient-lanes.tiled",
    what: "the pixels past the last whole slice are left out",
    from: "first < count; first += 4u",
    to: "first + 4u <= count; first += 4u",
    noticed: ["conv2d"],
  },
  {
    kernel: "conv2d-weight-gradient-lanes.tiled",
    what: "the bias leaves out the first pixel",
    from: "for (var pixel = zero; pixel < PIXELS; pixel++) { sum",
    to: "for (var pixel = zero + 1u; pixel < PIXELS; pixel++) { sum",
    noticed: ["conv2d"],
  },
];
