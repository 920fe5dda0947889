// What an evaluation says of a set of images: its figures, what each means, and the sets of known quality
// that stand beside it.
import type { Summary } from "../metrics/metrics.ts";

/** The figures of a set of images: the metrics' summary of it, held against two sets. */
export type Figures = FrechetFigures & Omit<Summary, "frechet">;

/** Fréchet distances of a judge's features. */
export interface FrechetFigures {
  /** To all training images. */
  readonly frechetTrain: number;
  /** To all test images. */
  readonly frechetTest: number;
}

/** What a set of images got. */
export interface SetFigures {
  /** Images in it. */
  readonly count: number;
  readonly figures: Figures;
  /** How many of them the judge takes for each class. */
  readonly counts: readonly number[];
}

/** How to read a figure. */
export interface Meaning {
  readonly name: keyof Figures;
  readonly title: string;
  readonly better: "lower" | "higher";
  /** Where its values can lie. */
  readonly range: string;
  readonly words: string;
  /** Whether references differ by orders of magnitude. */
  readonly logarithmic: boolean;
}

/** Every figure, in the order in which it is shown. */
export const MEANINGS: readonly Meaning[] = [
  {
    name: "frechetTrain",
    title: "Fréchet distance to training",
    better: "lower",
    range: "0 and up",
    words:
      "between the judge's features of the samples and of all training images, each taken for a Gaussian: notices bad images and missing kinds alike; fewer samples raise it",
    logarithmic: true,
  },
  {
    name: "frechetTest",
    title: "Fréchet distance to test",
    better: "lower",
    range: "0 and up",
    words:
      "the same to test images, which no generator has seen; far above the distance to training, it tells of copying",
    logarithmic: true,
  },
  {
    name: "kid",
    title: "Kernel distance (KID)",
    better: "lower",
    range: "about 0 and up",
    words:
      "between the same features without taking them for Gaussians; unbiased, so that it may fall below 0 by chance",
    logarithmic: true,
  },
  {
    name: "precision",
    title: "Precision",
    better: "higher",
    range: "0 to 1",
    words:
      "share of samples that lie among real digits' nearest neighbourhoods: do they look real?",
    logarithmic: false,
  },
  {
    name: "recall",
    title: "Recall",
    better: "higher",
    range: "0 to 1",
    words:
      "share of real digits that lie among the samples' neighbourhoods: is their variety there? Near 0 after a collapse; wide-spread noise may raise it",
    logarithmic: false,
  },
  {
    name: "density",
    title: "Density",
    better: "higher",
    range: "0 and up, real digits near 1",
    words:
      "how many real digits' neighbourhoods a sample lies in, over how many are to be expected: precision that single outliers can't raise; above 1, samples crowd where digits are most usual",
    logarithmic: false,
  },
  {
    name: "coverage",
    title: "Coverage",
    better: "higher",
    range: "0 to 1",
    words:
      "share of real digits with a sample in their neighbourhood: recall that noise can't raise",
    logarithmic: false,
  },
  {
    name: "classBalance",
    title: "Class imbalance",
    better: "lower",
    range: "0 to 1",
    words:
      "total variation between the shares of digits drawn and those of the training set: the part of the samples that would have to be another digit",
    logarithmic: false,
  },
  {
    name: "score",
    title: "Classifier score",
    better: "higher",
    range: "1 to 10",
    words:
      "high if the judge is sure of each sample and all classes are as frequent; it sees no real digits, and ten good images repeated would do",
    logarithmic: false,
  },
];

/** Sets of known quality, which the same figures are taken of. */
export const REFERENCES = ["real", "repeated", "single", "noisy", "noise"] as const;

/** A set of known quality. */
export type Reference = (typeof REFERENCES)[number];

/** What each set of known quality is. */
export const REFERENCE_WORDS: Readonly<
  Record<Reference, { readonly title: string; readonly words: string }>
> = {
  real: {
    title: "real digits",
    words:
      "test images, which no training has seen; for the distance to test, as many training images",
  },
  repeated: {
    title: "100 digits repeated",
    words: "the first 100 of those test images, over and over: a generator that has collapsed",
  },
  single: {
    title: "one digit repeated",
    words: "the first of them alone: a generator that has collapsed onto one image",
  },
  noisy: {
    title: "digits with noise",
    words:
      "those test images with Gaussian noise of σ 0.1 of the range from black to white, clipped to it",
  },
  noise: { title: "pure noise", words: "pixels drawn evenly between black and white" },
};
