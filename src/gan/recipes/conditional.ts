// conditional: the best recipe, told which digit to draw. The generator takes the class along with its noise. The
// discriminator has one logit per class, and only the logit of the image's own class counts: a projection of its
// features on what it knows about the class (Miyato and Koyama 2018, without the unconditional term).
import type { Recipe } from "../recipe.ts";
import { best, bestDiscriminator, type BestConstants } from "./best.ts";

const CLASSES = 10;

const { clusters: _, ...unsorted } = best; // labels take their place

/** Digits on demand. */
export const conditional: Recipe<Omit<BestConstants, "clusters">> = {
  ...unsorted,
  name: "conditional",
  summary: "the best, told which digit to draw: sample --digit 7",
  classes: CLASSES,
  discriminator: (constants) => bestDiscriminator(constants, CLASSES),
};
