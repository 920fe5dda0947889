// The mutants of the kernels whose lanes share their loads.
import type { Mutant } from "./mutants.ts";

/** One wrong kernel each. */
export const lanesMutants: readonly Mutant[] = [
  {
    kernel: "matmul-lanes.tiled",
    what: "the terms past the last whole slice are left out",
    from: "if (K % LANES != 0u)",
    to: "if (K % LANES == LANES)",
    noticed: ["matmul"],
  },
  {
    kernel: "matmul-lanes.tiled",
    what: "every lane multiplies by what it loaded itself",
    from: "subgroupShuffle(x[i], step)",
    to: "x[i]",
    noticed: ["matmul"],
  },
  {
    kernel: "conv2d-forward-lanes.tiled",
    what: "padding repeats the image's first pixel",
    from: "inp[INP_AT + u32(max(at[i], 0)) + min(c + lane, CHANNELS - 1u)], at[i] >= 0)",
    to: "inp[INP_AT + u32(max(at[i], 0)) + min(c + lane, CHANNELS - 1u)], at[i] >= -1)",
    noticed: ["conv2d"],
  },
  {
    kernel: "conv2d-data-gradient-lanes.tiled",
    what: "two channels change places",
    from: "vec4f(w0[step], w1[step], w2[step], w3[step])",
    to: "vec4f(w0[step], w2[step], w1[step], w3[step])",
    noticed: ["conv2d"],
  },
  {
    kernel: "conv2d-weight-gradient-lanes.tiled",
    what: "the pixels past the last whole slice are left out",
    from: "first, end - first, lane);",
    to: "first, 0u, lane);",
    noticed: ["conv2d"],
  },
];
