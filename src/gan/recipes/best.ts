// best: the dcgan's networks, trained for the best digits in the least time. It keeps what the judge showed to help
// among later papers' techniques: a moving average of the generator's weights (Yazıcı et al. 2019), separate learning
// rates (Heusel et al. 2017), many small steps; and clusters of the images in the place of labels, which helped most
// (Liu et al. 2020). Spectral normalisation (Miyato et al. 2018) and a noise penalty (Lin et al. 2025) are there on
// demand.
import type { AdamOptions } from "../../kernels/adam.ts";
import type { Layer } from "../../nn/layer.ts";
import { DEVIATION } from "../../nn/noise-penalty.ts";
import { spectral } from "../../nn/spectral.ts";
import type { Recipe } from "../recipe.ts";
import { dcgan, dcganDiscriminator, type DcganConstants } from "./dcgan.ts";

/** The constants of its networks. */
export interface BestConstants extends DcganConstants {
  /** The number of clusters that both networks are told of: see `Recipe`. */
  readonly clusters: number;
  /** Whether the discriminator's weights are divided by their largest singular value. */
  readonly spectral: boolean;
  /** The weight of the noise penalty, and the noise's standard deviation: see `Recipe`. */
  readonly penalty: number;
  readonly penaltyNoise: number;
}

/** The dcgan's discriminator, with spectral normalisation if `spectral` is set. */
export const bestDiscriminator = (
  constants: Omit<BestConstants, "clusters">,
  logits = 1,
): readonly Layer[] =>
  dcganDiscriminator(constants, logits).map((layer) =>
    constants.spectral && layer.takesEpilogue?.includes("dropout") ? spectral(layer) : layer,
  );

/** β₂ is low because a run is a few thousand steps long: second moments over the last hundred, not the last thousand. */
const adam: Omit<AdamOptions, "learningRate"> = {
  convention: "keras",
  beta1: 0.5,
  beta2: 0.99,
  epsilon: 1e-7,
};

const { channels: _, ...gray } = dcgan; // clusters are of grey images

/** The best digits in the least time: docs/recipes/README.md says what was tried. */
export const best: Recipe<BestConstants> = {
  ...gray,
  name: "best",
  summary: "the dcgan with every technique that helped: the best digits in the least time",
  batch: 16,
  epochs: 10,
  lastBatch: "drop",
  generatorAdam: { ...adam, learningRate: 1e-3 },
  discriminatorAdam: { ...adam, learningRate: 2e-3 },
  average: 0.998,
  slope: 0.2,
  dropout: 0,
  spectral: false,
  penalty: 0,
  penaltyNoise: DEVIATION,
  clusters: 100,
  discriminator: (constants) => bestDiscriminator(constants, Math.max(1, constants.clusters)),
};
