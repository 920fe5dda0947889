// One training step: both networks are updated from one forward, and nothing leaves the device.
import { onRows, Tensor } from "../autograd/tensor.ts";
import type { GpuArray } from "../gpu/array.ts";
import { adversarialLoss } from "../kernels/adversarial-loss.ts";
import { gatherBatch } from "../kernels/dataset.ts";
import { normal } from "../kernels/random.ts";
import type { Mode } from "../nn/layer.ts";
import { updateAll } from "../nn/optimizer.ts";
import type { Gan } from "./gan.ts";

/** What a step leaves to read. */
export type StepOutputs = {
  /** (4): lossD, lossG, and the discriminator's mean verdicts on real and generated images, as in the ring. */
  readonly scalars: GpuArray;
};

/** For tests: ways to take the same step, which must give the same bits. */
export interface StepOptions {
  /** Whether the generator's loss is taken from the images and verdicts that the discriminator's is. */
  readonly shareWork?: boolean;
}

/**
 * Runs (or, inside a trace, records) one step on `count` images: D learns CE(1, D(real)) +
 * CE(0, D(fake)), G learns CE(1, D(fake)), both gradients taken at the old weights. D sees real and
 * fake images as one batch; only the fake half carries G's loss back.
 */
export function trainingStep(gan: Gan, count: number, options: StepOptions = {}): StepOutputs {
  const { generator, discriminator, random, device, recipe, storage } = gan;
  const mode: Mode = { training: true, generator: random, storage };
  random.nextStream = 0;

  const z = new Tensor(normal(random, [count, recipe.latent]));
  const judge = (track: boolean) => {
    const images = device.empty([2 * count, ...recipe.image], "f32", "images");
    gatherBatch(gan.images, random, gan.plan, count, images.rows(0, count));
    const fake = generator.forward(z, { ...mode, track });
    device.place(fake.array, images.rows(count, count));
    random.nextStream = 1; // the masks
    const all = new Tensor(images);
    const logits = discriminator.forward(all, mode);
    return { logits, fakeLogits: () => onRows(logits, all, fake, count) };
  };
  const judged = judge(true);
  const { logits } = judged;
  const { fakeLogits } = (options.shareWork ?? true) ? judged : judge(false);

  const { scalars, dDiscriminator, dGenerator } = adversarialLoss(logits.array, random, gan.ring);
  gan.discriminatorAdam.differentiate(logits, dDiscriminator);
  gan.generatorAdam.differentiate(fakeLogits(), dGenerator);
  updateAll([gan.discriminatorAdam, gan.generatorAdam], random);
  return { scalars };
}
