// The mutants of running sums, products, the places of extremes and log-sum-exp.
import type { Mutant } from "./mutants.ts";

/** Mutants by shader. */
export const axisMutants: readonly Mutant[] = [
  {
    kernel: "reduce.reduce",
    what: "a product starts at 0",
    from: "if (OP == PROD) { sums = vec4f(1f); }",
    to: "if (OP == PROD) { sums = vec4f(0f); }",
    noticed: ["prod"],
  },
  {
    kernel: "reduce.argmax",
    what: "for a minimum NaN comes last",
    from: "LEAST && !is_nan(x)",
    to: "LEAST",
    noticed: ["argmin"],
  },
  {
    kernel: "scan.run_totals",
    what: "the last element of each run is left out",
    from: "  for (var i = p.run * CHUNK; i < end; i++) {\n    total =",
    to: "  for (var i = p.run * CHUNK; i + 1u < end; i++) {\n    total =",
    noticed: ["cumsum"],
  },
  {
    kernel: "scan.scan",
    what: "what came before a run is left out",
    from: "if (RUNS > 1u) { start = ",
    to: "if (RUNS > LENGTH) { start = ",
    noticed: ["cumsum"],
  },
  {
    kernel: "scan.scan",
    what: "an exclusive product takes in the element itself",
    from: "select(next, total, EXCLUSIVE)",
    to: "select(next, total, EXCLUSIVE & (OP == SUM))",
    noticed: ["prod"],
  },
  {
    kernel: "top-k.rank_run",
    what: "the later of equals comes first",
    from: "((other == own) & (j < i))",
    to: "((other == own) & (j > i))",
    noticed: ["topK"],
  },
  {
    kernel: "top-k.merge",
    what: "of equals the later list's come first",
    from: "(rival == own) & (other < run)",
    to: "(rival == own) & (other > run)",
    noticed: ["topK"],
  },
  {
    kernel: "top-k.take",
    what: "each row reads the first one's elements",
    from: "out[OUT_AT + index] = inp[INP_AT + source(index)];",
    to: "out[OUT_AT + index] = inp[INP_AT + source(index % K)];",
    noticed: ["topK"],
  },
  {
    kernel: "top-k.scatter",
    what: "the last element gets no gradient",
    from: "if (index < ROWS * K) { out[OUT_AT + source",
    to: "if (index + 1u < ROWS * K) { out[OUT_AT + source",
    noticed: ["topK"],
  },
  {
    kernel: "softmax.log_sum_exp",
    what: "the sum beside the largest element isn't a logarithm",
    from: "select(sum.top + log_one_plus(sum.rest), sum.top",
    to: "select(sum.top + sum.rest, sum.top",
    noticed: ["logSumExp"],
  },
];
