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
    from: "load_rows(start, m, k), load_rows(start, m, k + 1u)",
    to: "load_rows(start, m, k + 1u), load_rows(start, m, k)",
    noticed: ["matmul"],
  },
  {
    kernel: "conv2d-forward-lanes.tiled",
    what: "padding repeats the image's first pixel",
    from: "inp4[(INP4_AT + u32(max(at, 0)) + c) >> 2u]), at >= 0)",
    to: "inp4[(INP4_AT + u32(max(at, 0)) + c) >> 2u]), at >= -1)",
    noticed: ["conv2d"],
  },
  {
    kernel: "conv2d-forward-lanes.tiled",
    what: "a dilated tap at the image's end counts as outside, if a tile is one pixel",
    from: "(i32(size) - first + d - 1) / d",
    to: "(i32(size) - first) / d",
    noticed: ["conv2d"],
  },
  {
    kernel: "conv2d-data-gradient-lanes.tiled",
    what: "each row of taps but the first begins outside, if a tile is one pixel",
    file: "lib/walk.wgsl",
    from: "select(j, columns.x, row_ends)",
    to: "select(j, 0u, row_ends)",
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
    what: "the image after the last counts too",
    from: "(n < vec4u(BATCH))",
    to: "(n <= vec4u(BATCH))",
    noticed: ["conv2d"],
  },
  {
    kernel: "conv2d-weight-gradient-lanes.tiled",
    what: "images past the last whole four are left out",
    file: "lib/walk.wgsl",
    from: "at.c + 4u >= terms",
    to: "at.c + 8u > terms",
    noticed: ["conv2d"],
  },
  {
    kernel: "conv2d-data-gradient-lanes.tiled",
    what: "rows that lanes swapped are stored in the order of the first lane",
    file: "lib/lanes-tile.wgsl",
    from: "let row = m + ((slot + i) ^ turn);",
    to: "let row = m + (slot + i);",
    noticed: ["conv2d", "convTranspose2d"],
  },
  {
    kernel: "conv2d-weight-gradient-lanes.tiled",
    what: "rows of the output's gradient change places with columns",
    from: "(n * OUT_HEIGHT + walk.i) * OUT_WIDTH + walk.j",
    to: "(n * OUT_HEIGHT + walk.j) * OUT_WIDTH + walk.i",
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
