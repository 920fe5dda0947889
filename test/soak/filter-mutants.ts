// The mutants of resizing by filters.
import type { Mutant } from "./mutants.ts";

/** Mutants by shader. */
export const filterMutants: readonly Mutant[] = [
  {
    kernel: "resize-filter.forward",
    what: "an infinity multiplied by 0",
    from: "part += select(0f, level * x, level != 0f);",
    to: "part += level * x;",
    noticed: ["resize"],
  },
  {
    kernel: "resize-filter.forward",
    what: "the cubic's outer part has another sign",
    from: "-COEFFICIENT * to_one",
    to: "COEFFICIENT * to_one",
    noticed: ["resize"],
  },
  {
    kernel: "resize-filter.weight_sums",
    what: "columns are sampled as rows",
    from: "total_of(horizontal(), source_of(horizontal(), i - OUT_HEIGHT))",
    to: "total_of(vertical(), source_of(vertical(), i - OUT_HEIGHT))",
    noticed: ["resize"],
  },
  {
    kernel: "resize-filter.backward",
    what: "outputs past the last pixel are left out",
    from: "a.outputs - 1, pixel >= a.length - 1 - a.overhang);",
    to: "a.outputs - 1, false);",
    noticed: ["resize"],
  },
  {
    kernel: "resize-filter.backward",
    what: "taps past the image belong to nobody",
    from: "pixel_at(a, tap) == pixel);",
    to: "tap == pixel);",
    noticed: ["resize"],
  },
];
