// What the discriminator says of any images: how real it finds them.
import { noGrad, Tensor } from "../autograd/tensor.ts";
import { sizeOf } from "../gpu/array.ts";
import { ShapeError } from "../gpu/errors.ts";
import type { Models } from "./gan.ts";

/** The discriminator's verdicts on some images. */
export interface Verdicts {
  /** Outputs per image: one per class if the recipe has any, else one. */
  readonly outputs: number;
  /** (count, outputs) */
  readonly logits: Float32Array;
  /** (count, outputs): the probability of being real, the logits' sigmoid. */
  readonly probabilities: Float32Array;
}

/**
 * Returns the discriminator's verdicts on `count` images (count, height, width, channels) in [−1, 1], as it gives them
 * outside training. If the recipe has classes, an image's output for a class says how real it would be as one of that
 * class. Throws `ShapeError` if `images` has another number of values.
 */
export async function verdictsOn(
  { device, discriminator, recipe }: Models,
  images: Float32Array,
  count: number,
): Promise<Verdicts> {
  const wanted = count * sizeOf(recipe.image);
  if (images.length !== wanted) {
    throw new ShapeError(
      `verdictsOn: ${count} images of recipe ${recipe.name} must have ${wanted} values; got ${images.length}: see asImage`,
    );
  }
  const said = device.scope(() =>
    noGrad(() => {
      const x = device.upload(images.slice(), [count, ...recipe.image], "f32", "images");
      return discriminator.forward(new Tensor(x), { training: false, logits: true }).array;
    }),
  );
  const logits = await said.read("f32");
  return {
    outputs: logits.length / count,
    logits,
    probabilities: logits.map((logit) => 1 / (1 + Math.exp(-logit))),
  };
}
