// The mutants of layer, group and instance normalisation.
import type { Mutant } from "./mutants.ts";

const ALL = ["layerNorm", "groupNorm", "instanceNorm"];

/** Mutants by shader. */
export const normMutants: readonly Mutant[] = [
  {
    kernel: "group-norm.split_moments",
    what: "each split starts one element late",
    from: "for (var e = s.split; e < COUNT; e += SPLITS) {\n    let x =",
    to: "for (var e = s.split + SPLITS; e < COUNT; e += SPLITS) {\n    let x =",
    noticed: ALL,
  },
  {
    kernel: "group-norm.normalise",
    what: "the splits' means don't enter the variance",
    from: "delta * delta * (before * more / (before + more))",
    to: "0f * delta",
    noticed: ALL,
  },
  {
    kernel: "group-norm.normalise",
    what: "channels go by the place in their group",
    from: "let c = at % CHANNELS;",
    to: "let c = e % WIDTH;",
    noticed: ["groupNorm", "instanceNorm"],
  },
  {
    kernel: "group-norm-backward.split_sums",
    what: "the second line is the first again",
    from: "* CELLS + s.cell] = total.plain;",
    to: "* CELLS + s.cell] = total.scaled;",
    noticed: ALL,
  },
  {
    kernel: "group-norm-backward.input",
    what: "the statistics don't depend on x",
    from: "normal_at(at, s.cell, origin) * slope",
    to: "0f * slope",
    noticed: ALL,
  },
  {
    kernel: "group-norm-backward.affine",
    what: "every group has the first one's statistics",
    from: "* GROUPS + c / WIDTH;",
    to: "* GROUPS;",
    noticed: ["groupNorm", "instanceNorm"],
  },
];
