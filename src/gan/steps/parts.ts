// The parts of steps in every order: their names, a real batch, latents, and the end of a step.
import { concat, oneHot, resize } from "../../autograd/ops.ts";
import { Tensor } from "../../autograd/tensor.ts";
import type { GpuArray } from "../../gpu/array.ts";
import { within } from "../../gpu/place.ts";
import { advance } from "../../kernels/counters.ts";
import { gatherBatch, gatherLabels } from "../../kernels/dataset.ts";
import { movingAverage } from "../../nn/moving-average.ts";
import { normal } from "../../kernels/random.ts";
import type { Mode } from "../../nn/layer.ts";
import type { Optimizer } from "../../nn/optimizer.ts";
import type { Gan } from "../gan.ts";
import { conditionCount } from "../recipe.ts";
import { averageOverRanks } from "../sharing.ts";

/** The parts of a step. Which ones there are, and their order, depends on the recipe and on who learns. */
export const STEP_PARTS = [
  "noise",
  "real",
  "generate",
  "judge",
  "losses",
  "penalty",
  "discriminator-backward",
  "generator-backward",
  "discriminator-update",
  "generator-update",
  "count",
  "average",
] as const;

/** A part of a step. */
export type StepPart = (typeof STEP_PARTS)[number];

/** One of the two networks. */
export type Player = "discriminator" | "generator";

/**
 * Arrays of a step that are worth looking at. `verdictsOnReal` and `verdictsOnFake` are the discriminator's outputs;
 * `labels` are the classes or clusters of both; `slopes` are the gradients of lossG with respect to the generated
 * images, before the activation that they end in if the generator has one.
 */
export type Sight =
  | "noise"
  | "real"
  | "fake"
  | "labels"
  | "verdictsOnReal"
  | "verdictsOnFake"
  | "lossD"
  | "lossG"
  | "slopes"
  | "scalars";

/** How to take a step, if not as the recipe says. */
export interface StepOptions {
  /**
   * The only network that learns. The other one keeps every bit: its weights, its optimizer's state, its running
   * statistics, and the average of its weights. The step is counted and logged as always. Default: both learn.
   */
  readonly only?: Player | undefined;
  /** Called with arrays worth looking at, once what computes them is launched or recorded. */
  readonly see?: (sight: Sight, array: GpuArray) => void;
  /** For tests: whether a simultaneous step takes both losses from the same images and verdicts. Default true. */
  readonly shareWork?: boolean;
  /** For tests: whether both gradients flow back through the discriminator together, where they can. Default true. */
  readonly shareGradients?: boolean;
}

/** Whether a network learns in a step. */
export const learns = (player: Player, { only = player }: StepOptions): boolean => only === player;

/** Calls `body`, whose launches are a part of the step. */
export const inPart = <T>(part: StepPart, body: () => T): T => within({ part }, body);

/** What a step leaves to be read. */
export type StepOutputs = {
  /** (4): lossD, lossG, and the discriminator's mean verdicts on real and generated images, as in the ring. */
  readonly scalars: GpuArray;
};

/** Returns the mode of networks in training. */
export const trainingMode = ({ rng, activationType, sharing }: Gan): Mode => ({
  training: true,
  rng,
  activationType,
  ranks: sharing?.batchNorm === "all" ? sharing.ranks : undefined,
});

/** Begins to average the gradients of a network that learns over the ranks. Returns what must be called before its update. */
export function averageGradients(
  gan: Gan,
  player: Player,
  scalars: readonly GpuArray[] = [],
): () => void {
  if (!gan.sharing) return () => undefined;
  const { gradients } = gan[player];
  return averageOverRanks(gan.device, gan.sharing, `${player}.average`, [gradients, ...scalars]);
}

/**
 * Returns the discriminator's mode. The loss `sigmoid` is taken of logits, so the sigmoid at its end is left out.
 * Losses of probabilities keep the sigmoid; other losses belong to discriminators without one.
 */
export const judgingMode = (gan: Gan): Mode => ({
  ...trainingMode(gan),
  logits: gan.recipe.loss === "sigmoid",
});

/** Puts the step's `count` real images into `out`, in the recipe's size. */
export function realImages(gan: Gan, count: number, out: GpuArray): void {
  const { shards, rng, plan, device, recipe } = gan;
  const [height, width] = recipe.image;
  const { shape } = shards[0]!;
  if (shape[1] === height && shape[2] === width) {
    gatherBatch(shards, rng, plan, count, out);
    return;
  }
  const batch = new Tensor(gatherBatch(shards, rng, plan, count));
  const { edges = "clamp" } = recipe;
  device.moveInto(resize(batch, { size: [height, width], mode: "bilinear", edges }).array, out);
}

/** Returns the classes or clusters of the step's real images, if the recipe has any. Generated images get the same. */
export const classesOf = ({ labels, rng, plan }: Gan, count: number): GpuArray | undefined =>
  labels && gatherLabels(labels, rng, plan, count);

/** Draws noise for the generator, followed by the classes or clusters that it is to draw. */
export function drawLatents({ rng, recipe }: Gan, count: number, classes?: GpuArray): Tensor {
  const noise = new Tensor(normal(rng, [count, recipe.latent]));
  if (!classes) return noise;
  const told = oneHot(new Tensor(classes), { depth: conditionCount(recipe) });
  return concat([noise, told], { axis: 1 });
}

/**
 * Ends a step: updates networks from their gradients, then counts the updates and the step. If the generator is among
 * them, the moving average of its weights and running statistics is updated too.
 */
export function endStep(gan: Gan, updated: readonly Player[]): void {
  const optimizers = updated.map((player): Optimizer => {
    const optimizer = player === "generator" ? gan.generatorAdam : gan.discriminatorAdam;
    inPart(`${player}-update`, () => optimizer.updateUncounted());
    return optimizer;
  });
  const counters = optimizers.flatMap((optimizer) => optimizer.counters);
  inPart("count", () => advance(gan.device, counters, gan.rng));
  const { generator, sampler, recipe, rng } = gan;
  if (sampler === generator || !updated.includes("generator")) return;
  inPart("average", () => movingAverage(sampler, generator, { decay: recipe.average, rng }));
}
