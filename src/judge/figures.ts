// The figures of an evaluation, what each one means, and the sets of known quality to compare them with.
import type { Summary } from "../metrics/metrics.ts";

/** The figures of a set of images: its summary by the metrics, with Fréchet distances to two sets. */
export type Figures = FrechetFigures & Omit<Summary, "frechet">;

/** Fréchet distances of a judge's features. */
export interface FrechetFigures {
  /** To all training images. */
  readonly frechetTrain: number;
  /** To all test images. */
  readonly frechetTest: number;
}

/** The result for a set of images. */
export interface SetFigures {
  /** The number of images in it. */
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
  /** The range of its values. */
  readonly range: string;
  readonly words: string;
  /** Whether the references' values differ by orders of magnitude. */
  readonly logarithmic: boolean;
}

/** Every figure, in the order of display. */
export const MEANINGS: readonly Meaning[] = [
  {
    name: "frechetTrain",
    title: "Fréchet distance to training",
    better: "lower",
    range: "0 and up",
    words:
      "between the judge's features of the samples and of all training images, each treated as a Gaussian: notices both bad images and missing kinds; fewer samples raise it",
    logarithmic: true,
  },
  {
    name: "frechetTest",
    title: "Fréchet distance to test",
    better: "lower",
    range: "0 and up",
    words:
      "the same to test images, which no generator has seen; if far above the distance to training, it is a sign of copying",
    logarithmic: true,
  },
  {
    name: "kid",
    title: "Kernel distance (KID)",
    better: "lower",
    range: "about 0 and up",
    words:
      "between the same features, without treating them as Gaussians; unbiased, so it may fall below 0 by chance",
    logarithmic: true,
  },
  {
    name: "precision",
    title: "Precision",
    better: "higher",
    range: "0 to 1",
    words: "share of samples that lie in the neighbourhoods of real digits: do they look real?",
    logarithmic: false,
  },
  {
    name: "recall",
    title: "Recall",
    better: "higher",
    range: "0 to 1",
    words:
      "share of real digits that lie in the samples' neighbourhoods: is their variety there? Near 0 after a collapse; widespread noise may raise it",
    logarithmic: false,
  },
  {
    name: "density",
    title: "Density",
    better: "higher",
    range: "0 and up, real digits near 1",
    words:
      "the number of real digits' neighbourhoods that a sample lies in, divided by the expected number: precision that single outliers can't raise; above 1, samples crowd where digits are most common",
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
      "total variation between the shares of the digits drawn and those of the training set: the part of the samples that would have to be another digit",
    logarithmic: false,
  },
  {
    name: "score",
    title: "Classifier score",
    better: "higher",
    range: "1 to 10",
    words:
      "high if the judge is sure of each sample and all classes are equally frequent; it sees no real digits, and ten good images repeated would do",
    logarithmic: false,
  },
];

/** Sets of known quality, for which the same figures are computed. */
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
      "test images, which no training has seen; for the distance to test, the same number of training images",
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
