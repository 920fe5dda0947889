// The mutants of the kernels for GPUs, which the table proves on software adapters.
import type { Mutant } from "./mutants.ts";

/** In one of the shapes, every lane reads the rows of the tile's first four: each kernel's rows must notice. */
const shaped: readonly Mutant[] = (
  [
    ["workgroup128", "LANES == 128u"],
    ["workgroup256", "LANES == 256u"],
    ["workgroup32", "TILE == 32u"],
  ] as const
).flatMap(([variant, here]) =>
  (
    [
      ["matmul", "matmul"],
      ["conv2d-forward", "conv2d"],
      ["conv2d-data-gradient", "convTranspose2d"],
      ["conv2d-weight-gradient", "convTranspose2d"],
    ] as const
  ).map(([kernel, op]) => ({
    kernel: `${kernel}-${variant}.tiled`,
    what: "every lane reads the first rows",
    file: "lib/workgroup-tile.wgsl",
    from: "let l = at + row;",
    to: `let l = at + select(row, 0u, ${here});`,
    noticed: [op],
  })),
);

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
    from: "slices[right + 3u * FOURS] = block[3];\n    }\n    workgroupBarrier();\n",
    to: "slices[right + 3u * FOURS] = block[3];\n    }\n",
    noticed: ["matmul"],
  },
  {
    kernel: "matmul-workgroup128.tiled",
    what: "a slice is written while lanes still read the one before",
    file: "lib/workgroup-tile.wgsl",
    from: "if (!more) { break; }\n    workgroupBarrier();\n",
    to: "if (!more) { break; }\n",
    noticed: ["matmul"],
  },
  {
    kernel: "matmul-workgroup128.tiled",
    what: "the lower rows repeat the upper ones",
    file: "lib/workgroup-tile.wgsl",
    from: "low_near += outer(low, near);",
    to: "low_near += outer(high, near);",
    noticed: ["matmul"],
  },
  {
    kernel: "matmul-workgroup.tiled",
    what: "the far columns of the lower rows repeat the near ones",
    file: "lib/workgroup-tile.wgsl",
    from: "i >= 4u && far) { block = low_far; }",
    to: "i >= 4u && far) { block = low_near; }",
    noticed: ["matmul"],
  },
  {
    kernel: "matmul-workgroup256.tiled",
    what: "slots of the columns are counted without the unused ones",
    file: "lib/workgroup-tile.wgsl",
    from: "RIGHT_STEPS_EVERY % (SLICE / 4u) * FOUR_STEPS",
    to: "RIGHT_STEPS_EVERY % (SLICE / 4u) * (4u * FOURS)",
    noticed: ["matmul"],
  },
  ...shaped,
  {
    kernel: "reduce-subgroup.reduce",
    what: "every lane leaves what its subgroup found",
    from: "sums[lane] = select(0f, own, member == 0u);",
    to: "sums[lane] = own;",
    noticed: ["sum"],
  },
];
