// The mutants of the sums that the lanes of a workgroup share, which the table proves on software adapters.
import type { Mutant } from "./mutants.ts";

/** One wrong kernel each. */
export const splitMutants: readonly Mutant[] = [
  {
    kernel: "matmul.split",
    what: "the second of four terms is the first again",
    from: "let k1 = k + PARTS;",
    to: "let k1 = k;",
    noticed: ["matmul"],
  },
  {
    kernel: "matmul.split",
    what: "a run begins where the first does",
    from: "var k = run * CHUNK + lane / SPREAD;",
    to: "var k = lane / SPREAD;",
    noticed: ["matmul"],
  },
  {
    kernel: "matmul.split",
    what: "a quarter of the lanes is forgotten",
    file: "lib/parts.wgsl",
    from: "held[lane + 3u * left])",
    to: "held[lane + 2u * left])",
    noticed: ["matmul"],
  },
  {
    kernel: "conv2d-forward.split",
    what: "an infinite weight meets the padding's zero",
    from: "return select(vec4f(), x * weights_of(term), at >= 0);",
    to: "return select(0f, x, at >= 0) * weights_of(term);",
    noticed: ["conv2d"],
  },
  {
    kernel: "conv2d-forward.split",
    what: "the terms past the last thousand are left out",
    from: "for (; term < TERMS; term += 256u) {",
    to: "for (; term + 256u < TERMS; term += 256u) {",
    noticed: ["conv2d"],
  },
  {
    kernel: "conv2d-weight-gradient.split",
    what: "the bias meets the inputs of the row past the last",
    from: "return select(0f, 1f, row == ROWS);",
    to: "return 0f;",
    noticed: ["conv2d"],
  },
  {
    kernel: "conv2d-weight-gradient.split",
    what: "seven of eight parts are added",
    from: "for (var part = 0u; part < 8u; part++) { sum",
    to: "for (var part = 1u; part < 8u; part++) { sum",
    noticed: ["conv2d"],
  },
  {
    kernel: "reduce.split",
    what: "a run reads into the next",
    from: "let end = min(COUNT, (run + 1u) * CHUNK);\n  var four",
    to: "let end = COUNT;\n  var four",
    noticed: ["sum"],
  },
  {
    kernel: "batch-norm.split_partials",
    what: "the deviations between parts are missing",
    from: "own.squares + delta * delta * count)",
    to: "own.squares)",
    noticed: ["batchNorm"],
  },
  {
    kernel: "batch-norm.split_normalise",
    what: "the deviations between runs are missing",
    from: " + delta * delta * rows_in(split);",
    to: ";",
    noticed: ["batchNorm"],
  },
  {
    kernel: "batch-norm-backward.split_sums",
    what: "each part takes the first's rows",
    from: "  var sums = Sums();\n  for (var row = s.first + s.part; row < s.end",
    to: "  var sums = Sums();\n  for (var row = s.first; row < s.end",
    noticed: ["batchNorm"],
  },
  {
    kernel: "batch-norm-backward.split_affine",
    what: "the first run is left out",
    from: "for (var split = s.part; split < SPLITS",
    to: "for (var split = s.part + PARTS; split < SPLITS",
    noticed: ["batchNorm"],
  },
  {
    kernel: "batch-norm-backward.split_input",
    what: "a sign",
    from: "dout_at(row, s.c) - (shift + normal * slope)",
    to: "dout_at(row, s.c) - (shift - normal * slope)",
    noticed: ["batchNorm"],
  },
];
