// The mutants of the kernels that measure an adapter.
import type { Mutant } from "./mutants.ts";

/** One wrong kernel each. */
export const ceilingsMutants: readonly Mutant[] = [
  {
    kernel: "ceilings.multiply_adds",
    what: "half of the steps",
    from: "x = sixteen(sixteen(x, a, b), a, b);",
    to: "x = sixteen(x, a, b);",
    noticed: { file: "test/profile.test.ts", name: "do the arithmetic" },
  },
  {
    kernel: "ceilings.copy",
    what: "the last of an invocation's four vectors is left out",
    from: "if (i + 192u < COUNT)",
    to: "if (i + 192u < COUNT - 64u)",
    noticed: { file: "test/profile.test.ts", name: "do the arithmetic" },
  },
];
