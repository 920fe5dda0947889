// The mutants of the kernels for GPUs, which the table proves on software adapters.
import type { Mutant } from "./mutants.ts";

/** One wrong kernel each. */
export const gpuMutants: readonly Mutant[] = [
  {
    kernel: "conv2d-forward-workgroup.tiled",
    what: "a tap's column is counted by the filter's height",
    from: "tap / KERNEL_W, tap % KERNEL_W",
    to: "tap / KERNEL_W, tap % KERNEL_H",
    noticed: ["conv2d"],
  },
  {
    kernel: "conv2d-data-gradient-workgroup.tiled",
    what: "rows and columns of taps change places",
    from: "taps(meetings(m, phase), tap.y, tap.x)",
    to: "taps(meetings(m, phase), tap.x, tap.y)",
    noticed: ["convTranspose2d"],
  },
  {
    kernel: "conv2d-weight-gradient-workgroup.tiled",
    what: "each run's result goes where the first's does",
    from: "(split * ROWS + m) * FILTERS",
    to: "m * FILTERS",
    noticed: ["convTranspose2d"],
  },
  {
    kernel: "matmul-workgroup.tiled",
    what: "an element past the sum's end meets a zero of the other side",
    from: "let inside = (m < M) & (k < K);\n  let at = select(0u, start.x + m * A_ROW + k * A_COLUMN, inside);\n  return select(0f,",
    to: "let inside = (m < M) & (k <= K);\n  let at = select(0u, start.x + m * A_ROW + k * A_COLUMN, inside);\n  return select(0f,",
    noticed: ["matmul"],
  },
  {
    kernel: "matmul-workgroup.tiled",
    what: "slices are read before all of them are there",
    file: "lib/workgroup-tile.wgsl",
    from: "    fill(m, n, k, lane);\n    workgroupBarrier();\n",
    to: "    fill(m, n, k, lane);\n",
    noticed: ["matmul"],
  },
  {
    kernel: "reduce-subgroup.reduce",
    what: "every lane leaves what its subgroup found",
    from: "sums[lane] = select(0f, own, member == 0u);",
    to: "sums[lane] = own;",
    noticed: ["sum"],
  },
];
