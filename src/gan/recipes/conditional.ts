// conditional: the dcgan told which digit to draw. The generator takes the class beside its noise; the
// discriminator has a logit for each class, of which the image's own counts: a projection of its features on what
// it knows of the class (Miyato and Koyama 2018, without the unconditional term).
import type { AdamOptions } from "../../kernels/adam.ts";
import type { Recipe } from "../recipe.ts";
import { dcgan, dcganDiscriminator, type DcganConstants } from "./dcgan.ts";

const CLASSES = 10;
const adam: Omit<AdamOptions, "learningRate"> = { beta1: 0.5, beta2: 0.999, epsilon: 1e-7 };

/** Digits to order. */
export const conditional: Recipe<DcganConstants> = {
  ...dcgan,
  name: "conditional",
  summary: "the dcgan told which digit to draw: sample --digit 7",
  classes: CLASSES,
  batch: 64,
  epochs: 20,
  lastBatch: "drop",
  generatorAdam: { ...adam, learningRate: 5e-4 },
  discriminatorAdam: { ...adam, learningRate: 1e-3 },
  average: 0.999,
  discriminator: (constants) => dcganDiscriminator(constants, CLASSES),
};
