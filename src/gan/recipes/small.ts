// small: the best recipe at an eighth to a quarter of the width, for machines without a GPU. Its many small steps let a
// software adapter on two CPU cores draw digits within minutes.
import type { Recipe } from "../recipe.ts";
import { best, type BestConstants } from "./best.ts";

/** Minutes per epoch on a CPU. */
export const small: Recipe<BestConstants> = {
  ...best,
  name: "small",
  summary: "the best, an eighth to a quarter as wide: for machines without a GPU",
  epochs: 1,
  generatorWidths: [32, 32, 16],
  discriminatorWidths: [16, 32],
};

const earlierAdam = { convention: "pytorch", beta1: 0.5, beta2: 0.999, epsilon: 1e-7 } as const;

/** Its constants until 2026-11-28, for runs whose record has none: the dcgan's networks and losses, and no clusters. */
export const EARLIER_SMALL: Partial<typeof small> = {
  batch: 32,
  epochs: 3,
  generatorAdam: { ...earlierAdam, learningRate: 5e-4 },
  discriminatorAdam: { ...earlierAdam, learningRate: 1e-3 },
  average: 0,
  slope: 0.3,
  dropout: 0.3,
};
