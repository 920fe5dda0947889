// The simultaneous step: both networks learn together, from one forward.
import { onRows, Tensor } from "../../autograd/tensor.ts";
import { adversarialLoss } from "../../kernels/adversarial-loss.ts";
import { updateAll } from "../../nn/optimizer.ts";
import type { Gan } from "../gan.ts";
import {
  averageWeights,
  classesOf,
  drawLatents,
  judgingMode,
  realImages,
  trainingMode,
  type StepOutputs,
} from "./parts.ts";

/** For tests: other ways to take the same step, which must give the same bits. */
export interface StepOptions {
  /** Whether both losses are taken from the same images and verdicts. */
  readonly shareWork?: boolean;
}

/**
 * D learns CE(1, D(real)) + CE(0, D(fake)) and G learns CE(1, D(fake)), or the recipe's losses instead. Both gradients
 * are taken at the old weights. D sees real and fake images as one batch; only the fake half carries G's loss back.
 */
export function stepSimultaneously(
  gan: Gan,
  count: number,
  options: StepOptions = {},
): StepOutputs {
  const { generator, discriminator, generatorAdam, discriminatorAdam } = gan;
  const { rng, device, recipe, ring } = gan;
  const mode = trainingMode(gan);
  const classes = classesOf(gan, count);
  const z = drawLatents(gan, count, classes);
  const judge = (track: boolean) => {
    const images = device.empty([2 * count, ...recipe.image], "f32", "images");
    realImages(gan, count, images.rows(0, count));
    const fake = generator.forward(z, { ...mode, track });
    device.moveInto(fake.array, images.rows(count, count));
    rng.nextStream = 1; // the masks
    const all = new Tensor(images);
    const outputs = discriminator.forward(all, { ...judgingMode(gan), track });
    return { outputs, ofFakes: () => onRows(outputs, all, fake, count) };
  };
  const judged = judge(true);
  const { outputs } = judged;
  const { ofFakes } = (options.shareWork ?? true) ? judged : judge(false);

  const { scalars, dDiscriminator, dGenerator } = adversarialLoss(outputs.array, rng, {
    ring,
    form: recipe.loss === "sigmoid" ? "logits" : recipe.loss,
    smoothing: recipe.smoothing,
    labels: classes,
  });
  discriminatorAdam.differentiate(outputs, dDiscriminator);
  generatorAdam.differentiate(ofFakes(), dGenerator);
  updateAll([discriminatorAdam, generatorAdam], rng);
  averageWeights(gan);
  return { scalars };
}
