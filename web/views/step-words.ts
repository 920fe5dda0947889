// The parts of a step in words.
import type { StepPart } from "../../src/web.ts";
import type { PartReport } from "../lab/step.ts";
import { decimals, whole } from "../ui/words.ts";

/** A part's name, and what happens in it. */
export interface PartWords {
  readonly title: string;
  readonly says: string;
}

/** Each part in words. */
export const PART_WORDS: Readonly<Record<StepPart, PartWords>> = {
  noise: {
    title: "Noise",
    says: "Random numbers are drawn: one latent vector per image.",
  },
  real: { title: "Real digits", says: "The next images of the shuffled training set are fetched." },
  generate: { title: "Draw", says: "The generator turns each latent vector into an image." },
  judge: {
    title: "Judge",
    says: "The discriminator says of each image how likely it is to be real.",
  },
  losses: {
    title: "Losses",
    says: "Two numbers say how wrong each network was, and in which direction it should change.",
  },
  penalty: {
    title: "Penalty",
    says: "The discriminator judges the same images with a little noise: it learns to change its mind only slowly.",
  },
  "discriminator-backward": {
    title: "D’s gradient",
    says: "Backwards through the discriminator: how its loss would change with each of its weights.",
  },
  "generator-backward": {
    title: "G’s gradient",
    says: "Backwards through the discriminator, whose weights stay, to every pixel, and on through the generator to its weights.",
  },
  "discriminator-update": {
    title: "D learns",
    says: "Adam moves each weight of the discriminator a little against its gradient.",
  },
  "generator-update": {
    title: "G learns",
    says: "Adam moves each weight of the generator a little against its gradient.",
  },
  count: { title: "Count", says: "The counters of the step and of Adam’s corrections advance." },
  average: {
    title: "Average",
    says: "The average of the generator’s weights follows them slowly. It is what draws the samples.",
  },
};

/** Formats a small share: "0.12 %". */
export const percent = (share: number | undefined): string =>
  share === undefined ? "–" : `${(100 * share).toPrecision(2)} %`;

/** Formats a number with three digits that count: "0.00123", "12.3". */
export const digits = (value: number | undefined): string =>
  value === undefined || !Number.isFinite(value) ? "–" : String(Number(value.toPrecision(3)));

/** Says what a part found, in a sentence. */
export function found({ part, numbers }: PartReport): string {
  const { count, mean, deviation, dReal, dFake, lossD, lossG, norm, change, step } = numbers;
  switch (part) {
    case "noise":
      return `${whole(count!)} vectors, with mean ${decimals(mean, 2)} and standard deviation ${decimals(deviation, 2)}.`;
    case "real":
    case "generate":
      return count === undefined
        ? ""
        : `${whole(count)} images; their pixels, from −1 to 1, have mean ${decimals(mean, 2)} and standard deviation ${decimals(deviation, 2)}.`;
    case "judge":
      return [
        ...(dReal === undefined ? [] : [`Real images get ${decimals(dReal)} on average.`]),
        ...(dFake === undefined ? [] : [`Drawn images get ${decimals(dFake)} on average.`]),
      ].join(" ");
    case "losses":
      return [
        ...(lossD === undefined ? [] : [`The discriminator’s loss is ${decimals(lossD)}.`]),
        ...(lossG === undefined ? [] : [`The generator’s is ${decimals(lossG)}.`]),
      ].join(" ");
    case "penalty":
      return "";
    case "discriminator-backward":
    case "generator-backward":
      return `The gradient’s norm is ${digits(norm)}.`;
    case "discriminator-update":
    case "generator-update":
      return `The weights move by ${percent(change)} of their norm, ${digits(norm)}.`;
    case "average":
      return `It moves by ${percent(change)} of its norm.`;
    case "count":
      return step === 1 ? "One step is done." : `${whole(step!)} steps are done.`;
  }
}
