// conditional: best, told which digit to draw. The generator takes the class beside its noise; the discriminator has a
// logit for each class, of which the image's own counts: a projection of its features on what it knows of the class
// (Miyato and Koyama 2018, without the unconditional term).
import type { Recipe } from "../recipe.ts";
import { best, bestDiscriminator, type BestConstants } from "./best.ts";

const CLASSES = 10;

/** Digits to order. */
export const conditional: Recipe<BestConstants> = {
  ...best,
  name: "conditional",
  summary: "the best, told which digit to draw: sample --digit 7",
  classes: CLASSES,
  discriminator: (constants) => bestDiscriminator(constants, CLASSES),
};
