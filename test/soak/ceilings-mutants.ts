// The mutants of the kernels that measure an adapter.
import type { Mutant } from "./mutants.ts";

/** One wrong kernel each. */
export const ceilingsMutants: readonly Mutant[] = [
  {
    kernel: "ceilings.multiply_adds",
    what: "a sequence is left out",
    from: "= x0 + x1 + x2 + x3 +",
    to: "= x0 + x1 + x2 +",
    noticed: { file: "test/gpu/inspection/profile.test.ts", name: "do the arithmetic" },
  },
  {
    kernel: "ceilings.copy",
    what: "the last of an invocation's four vectors is left out",
    from: "if (i + 192u < COUNT)",
    to: "if (i + 192u < COUNT - 64u)",
    noticed: { file: "test/gpu/inspection/profile.test.ts", name: "do the arithmetic" },
  },
  {
    kernel: "ceilings.shared_reads",
    what: "a vector of a round is left out",
    from: "+ tile[at + 192u] + tile[at + 224u]",
    to: "+ tile[at + 192u]",
    noticed: { file: "test/kernels/hardware.test.ts", name: "shared_reads" },
  },
  {
    kernel: "ceilings.barriers",
    what: "a number goes two invocations far",
    from: "own = tile[(lane + 1u) % 64u];",
    to: "own = tile[(lane + 2u) % 64u];",
    noticed: { file: "test/kernels/hardware.test.ts", name: "barriers" },
  },
  {
    kernel: "ceilings-half.multiply_adds",
    what: "a sequence is left out",
    from: "+ x6 + x7;",
    to: "+ x6;",
    noticed: { file: "test/kernels/hardware.test.ts", name: "16-bit" },
  },
];
