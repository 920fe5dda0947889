// What a recipe is: the data that makes one GAN out of the parts.
import { UsageError } from "../gpu/errors.ts";
import type { AdamOptions } from "../kernels/adam.ts";
import type { ResizeEdges } from "../kernels/resize.ts";
import { SIGMOID, type Layer } from "../nn/layer.ts";

/** Widths of the hidden layers, from each network's input on: what a width factor scales. */
export interface Widths {
  readonly generatorWidths: readonly number[];
  readonly discriminatorWidths: readonly number[];
}

/** The numbers that every recipe has. */
export interface Constants {
  /** Length of the generator's noise. */
  readonly latent: number;
  readonly batch: number;
  readonly epochs: number;
  /** What happens to the images left over when the dataset is no multiple of the batch. */
  readonly lastBatch: "keep" | "drop";
  readonly generatorAdam: AdamOptions;
  readonly discriminatorAdam: AdamOptions;
  /** The label of real images is 1 less this, when the discriminator learns (Salimans et al. 2016). */
  readonly smoothing: number;
  /** How much of the moving average of the generator's weights stays at each step; 0 keeps none. */
  readonly average: number;
}

/** What a recipe says beside its numbers. */
interface Description {
  readonly name: string;
  /** One line for lists. */
  readonly summary: string;
  /** Height, width and channels of an image. */
  readonly image: readonly [number, number, number];
  /** Whether images of other sizes are resized to `image`; without it they are refused. */
  readonly resizes?: true;
  /** What resizing takes to lie past an image's edges, in a recipe that resizes. */
  readonly edges?: ResizeEdges;
  /** How many classes the networks are told of; without it, none. The discriminator has an output for each. */
  readonly classes?: number;
  /** The loss, by what it is taken of: see `Loss`. */
  readonly loss: Loss;
  /** How a step goes about it: see `steps`. */
  readonly order: StepOrder;
}

/**
 * `logits`: cross-entropy of their sigmoid. `hinge`: max(0, 1 − x) and max(0, 1 + x) of logits x (Lim and Ye 2017).
 *
 * The others are of a discriminator that ends in a sigmoid. `sigmoid`: the same cross-entropy as of `logits`, taken
 * from what the sigmoid is fed and bounded by nothing, as Keras does whenever probabilities come from a sigmoid layer.
 * `probabilities`: cross-entropy within [1e-7, 1 − 1e-7], as Keras does for probabilities from elsewhere. `clamped`:
 * cross-entropy of probabilities whose logarithm is held above −100, as in PyTorch.
 */
export type Loss = "logits" | "hinge" | "sigmoid" | "probabilities" | "clamped";

/** Whether the discriminator's last layer is a sigmoid. */
export const endsInSigmoid = (loss: Loss): boolean => loss !== "logits" && loss !== "hinge";

/**
 * `simultaneous`: both networks learn at once, from one batch of real and generated images. `alternating`: the
 * discriminator first, from one batch of real and generated images with their labels. `alternating-split`: the
 * discriminator first, from a real and then from a generated batch. In both of the latter the generator then
 * learns through the frozen discriminator, from new noise.
 */
export type StepOrder = "simultaneous" | "alternating" | "alternating-split";

/**
 * A GAN in full: networks, constants, and how the dataset is walked. `Own` are the constants of its own
 * networks, which build from whatever the recipe has been changed to.
 */
export type Recipe<Own extends Widths = Widths> = Description &
  Constants &
  Own & {
    // Methods, not properties: a recipe with more constants of its own is a recipe still.
    generator(constants: Constants & Own): readonly Layer[];
    discriminator(constants: Constants & Own): readonly Layer[];
  };

/** A recipe with every hidden width times a factor: whole numbers, at least 1. */
export function scaled(recipe: Recipe, factor: number): Recipe {
  const times = (widths: readonly number[]): number[] =>
    widths.map((width) => Math.max(1, Math.round(width * factor)));
  return {
    ...recipe,
    generatorWidths: times(recipe.generatorWidths),
    discriminatorWidths: times(recipe.discriminatorWidths),
  };
}

/** Throws `UsageError` on a recipe whose parts don't go together. */
export function checkRecipe(recipe: Recipe): void {
  const { name, order, loss, classes, smoothing } = recipe;
  const sigmoid = endsInSigmoid(loss);
  if (order !== "simultaneous" && (!sigmoid || classes !== undefined)) {
    const got = sigmoid ? `${classes} classes` : `the loss ${loss}`;
    throw new UsageError(
      `recipe ${name}: the order ${order} takes a discriminator that ends in a sigmoid, and no classes; got ${got}: choose the order simultaneous`,
    );
  }
  if (loss === "hinge" && smoothing !== 0) {
    throw new UsageError(
      `smoothing: recipe ${name} learns by the hinge loss, which has no labels to smooth; got ${smoothing}: set it to 0`,
    );
  }
  const last = recipe.discriminator(recipe).at(-1)?.kind;
  if (sigmoid !== (last === SIGMOID)) {
    const wants = sigmoid
      ? "takes a discriminator that ends in"
      : "takes logits, of a discriminator without";
    throw new UsageError(
      `recipe ${name}: the loss ${loss} ${wants} sigmoid(); its last layer is ${last ?? "none"}`,
    );
  }
}
