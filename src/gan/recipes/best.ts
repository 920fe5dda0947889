// best: the dcgan's networks with what the literature does since: a moving average of the generator's weights (Yazıcı et
// al. 2019), learning rates apart (Heusel et al. 2017), and, on demand, spectral normalisation (Miyato et al. 2018).
import type { AdamOptions } from "../../kernels/adam.ts";
import { spectral } from "../../nn/spectral.ts";
import type { Recipe } from "../recipe.ts";
import { dcgan, dcganDiscriminator, type DcganConstants } from "./dcgan.ts";

interface BestConstants extends DcganConstants {
  /** Whether the discriminator's weights are divided by their largest singular value. */
  readonly spectral: boolean;
}

const adam: Omit<AdamOptions, "learningRate"> = { beta1: 0.5, beta2: 0.999, epsilon: 1e-7 };

/** Meant for the best digits in the least time, which is yet to be measured. */
export const best: Recipe<BestConstants> = {
  ...dcgan,
  name: "best",
  summary: "the dcgan with what the literature adds: averaged weights, learning rates apart",
  batch: 32,
  epochs: 10,
  lastBatch: "drop",
  generatorAdam: { ...adam, learningRate: 5e-4 },
  discriminatorAdam: { ...adam, learningRate: 1e-3 },
  average: 0.999,
  spectral: false,
  discriminator: (constants) =>
    dcganDiscriminator(constants).map((layer) =>
      constants.spectral && layer.finishes?.includes("dropout") ? spectral(layer) : layer,
    ),
};
