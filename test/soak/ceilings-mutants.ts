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
];
