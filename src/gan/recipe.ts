// What a recipe is: a GAN as data.
import { UsageError } from "../gpu/errors.ts";
import type { AdamOptions } from "../kernels/adam.ts";
import type { ResizeEdges } from "../kernels/resize.ts";
import { SIGMOID, type Layer } from "../nn/layer.ts";

/** Widths of the hidden layers, from each network's input on. A width factor scales them. */
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
  /** What happens to the images left over if the dataset isn't a multiple of the batch. */
  readonly lastBatch: "keep" | "drop";
  readonly generatorAdam: AdamOptions;
  readonly discriminatorAdam: AdamOptions;
  /** The label of real images is 1 minus this when the discriminator learns (Salimans et al. 2016). */
  readonly smoothing: number;
  /** The share of the moving average of the generator's weights that stays at each step; 0 means no average. */
  readonly average: number;
  /**
   * The number of clusters into which the images are sorted, by their pixels alone, before training. Both networks are
   * told the cluster of each image (Liu et al. 2020), as if it were a class, and samples draw theirs by its share. At
   * most 256; 0 means none. Only recipes whose discriminator has one output per cluster have this constant.
   */
  readonly clusters?: number;
  /**
   * The channels of an image: 1 for grey, 3 for red, green and blue. Only recipes whose networks take colours have this
   * constant; the others are grey. `image` has the same number.
   */
  readonly channels?: number;
}

/** The most clusters: an image's cluster is a byte. */
export const MOST_CLUSTERS = 256;

/** What a recipe says besides its constants. */
interface Description {
  readonly name: string;
  /** One line for lists. */
  readonly summary: string;
  /** Height, width and channels of an image. */
  readonly image: readonly [number, number, number];
  /** Whether images of other sizes are resized to `image`. Without it they are refused. */
  readonly resizes?: true;
  /** What lies past an image's edges, in a recipe that resizes. */
  readonly edges?: ResizeEdges;
  /**
   * The number of classes that the networks are told of; without it, none. The discriminator has one output per class.
   * See `conditionCount` for classes or clusters.
   */
  readonly classes?: number;
  /** What the losses are taken of: see `Loss`. */
  readonly loss: Loss;
  /** The order of a step: see `StepOrder`. */
  readonly order: StepOrder;
  /**
   * The weight λ of the noise penalty, in recipes that have one: the discriminator's loss gains λ times the mean squared
   * change of its output under noise, once for real and once for generated images, as APT's R1 and R2 have one weight
   * (see `noisePenalty`). 0 means no penalty. Not part of the recorded loss.
   */
  readonly penalty?: number;
  /** The standard deviation of that noise; pixels are in [−1, 1]. */
  readonly penaltyNoise?: number;
}

/**
 * `logits`: the cross-entropy of their sigmoid. `hinge`: max(0, 1 − x) and max(0, 1 + x) of logits x (Lim and Ye 2017).
 * `paired`: softplus(fake − real) of the logits of a real image and a generated one, and softplus(real − fake) for the
 * generator (Jolicoeur-Martineau 2018). Only their difference counts, so a verdict alone says little.
 *
 * The others need a discriminator that ends in a sigmoid. `sigmoid`: the same cross-entropy as `logits`, computed from
 * the sigmoid's input without bounds, as Keras does for probabilities from a sigmoid layer. `probabilities`: the
 * cross-entropy of probabilities limited to [1e-7, 1 − 1e-7], as Keras does for probabilities from elsewhere.
 * `clamped`: the cross-entropy of probabilities whose logarithm is at least −100, as in PyTorch.
 */
export type Loss = "logits" | "hinge" | "paired" | "sigmoid" | "probabilities" | "clamped";

/** The losses of discriminators that end in logits. */
export const OF_LOGITS: readonly Loss[] = ["logits", "hinge", "paired"];

/** Whether the discriminator's last layer is a sigmoid. */
export const endsInSigmoid = (loss: Loss): boolean => !OF_LOGITS.includes(loss);

/** Whether a loss has a label for real images, which `smoothing` can change. */
export const hasLabels = (loss: Loss): boolean => loss !== "hinge" && loss !== "paired";

/**
 * `simultaneous`: both networks learn together, from one batch of real and generated images. `alternating`: the
 * discriminator learns first, from one batch of real and generated images with their labels. `alternating-split`: the
 * discriminator learns first, from a real and then from a generated batch. In the last two, the generator then learns
 * through the frozen discriminator, from new noise.
 */
export type StepOrder = "simultaneous" | "alternating" | "alternating-split";

/**
 * A whole GAN: networks, constants, and how it goes through the dataset. `Own` are the constants of its own networks,
 * which are built from the recipe's current values.
 */
export type Recipe<Own extends Widths = Widths> = Description &
  Constants &
  Own & {
    // Methods, not properties, so that a recipe with more constants of its own is still a `Recipe`.
    generator(constants: Constants & Own): readonly Layer[];
    discriminator(constants: Constants & Own): readonly Layer[];
  };

/**
 * Returns how many classes or clusters the networks are told of; 0 for none. So many numbers follow the noise in the
 * generator's input, one of them 1.
 */
export const conditionCount = ({
  classes,
  clusters = 0,
}: Pick<Recipe, "classes" | "clusters">): number => classes ?? clusters;

/** Returns a recipe with every hidden width multiplied by a factor and rounded to a whole number, at least 1. */
export function scaled(recipe: Recipe, factor: number): Recipe {
  const times = (widths: readonly number[]): number[] =>
    widths.map((width) => Math.max(1, Math.round(width * factor)));
  return {
    ...recipe,
    generatorWidths: times(recipe.generatorWidths),
    discriminatorWidths: times(recipe.discriminatorWidths),
  };
}

/** Throws `UsageError` on a recipe whose parts don't fit together. */
export function checkRecipe(recipe: Recipe): void {
  const { name, order, loss, classes, clusters = 0, resizes, smoothing } = recipe;
  const sigmoid = endsInSigmoid(loss);
  const told = conditionCount(recipe);
  if (order !== "simultaneous" && (!sigmoid || told > 0)) {
    const got = sigmoid
      ? `${told} ${classes === undefined ? "clusters" : "classes"}`
      : `the loss ${loss}`;
    throw new UsageError(
      `recipe ${name}: the order ${order} takes a discriminator that ends in a sigmoid, and no classes or clusters; got ${got}: choose the order simultaneous`,
    );
  }
  if (clusters > 0 && (classes !== undefined || resizes)) {
    const why = resizes ? "resizes its images" : "is told of the images' classes";
    throw new UsageError(
      `clusters: recipe ${name} ${why}, and takes no clusters; got ${clusters}: set it to 0`,
    );
  }
  if (!hasLabels(loss) && smoothing !== 0) {
    throw new UsageError(
      `smoothing: recipe ${name} learns by the ${loss} loss, which has no labels to smooth; got ${smoothing}: set it to 0`,
    );
  }
  if (order !== "simultaneous" && recipe.penalty) {
    throw new UsageError(
      `penalty: recipe ${name} learns in the order ${order}, which has no noise penalty; got ${recipe.penalty}: set it to 0, or choose the order simultaneous`,
    );
  }
  const last = recipe.discriminator(recipe).at(-1)?.kind;
  if (sigmoid !== (last === SIGMOID)) {
    const wants = sigmoid
      ? "takes a discriminator that ends in"
      : "takes logits, from a discriminator without";
    throw new UsageError(
      `recipe ${name}: the loss ${loss} ${wants} sigmoid(); its last layer is ${last ?? "none"}`,
    );
  }
}
