// One training step: both networks are updated from one forward, and nothing leaves the device.
import { add, mean, sigmoid, sigmoidCrossEntropy } from "../autograd/ops.ts";
import { grad, noGrad, onRows, Tensor, variable } from "../autograd/tensor.ts";
import type { GpuArray } from "../gpu/array.ts";
import { gatherBatch } from "../kernels/dataset.ts";
import { normal } from "../kernels/random.ts";
import { advanceStep, recordScalars } from "../kernels/step-log.ts";
import type { Mode } from "../nn/layer.ts";
import type { Gan } from "./gan.ts";

/** A step's scalars, in the order of the ring. */
export type StepScalars = {
  readonly lossD: GpuArray;
  readonly lossG: GpuArray;
  readonly dReal: GpuArray;
  readonly dFake: GpuArray;
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
export function trainingStep(gan: Gan, count: number, options: StepOptions = {}): StepScalars {
  const { generator, discriminator, random, device, recipe } = gan;
  const mode: Mode = { training: true, generator: random };
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

  const real = variable(logits.array.rows(0, count));
  const fake = variable(logits.array.rows(count, count));
  const lossD = add(
    mean(sigmoidCrossEntropy(real, { labels: 1 })),
    mean(sigmoidCrossEntropy(fake, { labels: 0 })),
  );
  const lossG = mean(sigmoidCrossEntropy(fake, { labels: 1 }));
  const dD = device.empty(logits.shape, "f32", "d");
  grad(lossD, [real, fake]).forEach((g, i) => device.place(g, dD.rows(i * count, count)));
  const [dG] = grad(lossG, [fake]);

  gan.discriminatorAdam.differentiate(logits, dD);
  gan.generatorAdam.differentiate(fakeLogits(), dG);
  gan.discriminatorAdam.update();
  gan.generatorAdam.update();

  const scalars = noGrad(() => ({
    lossD: lossD.array,
    lossG: lossG.array,
    dReal: mean(sigmoid(real)).array,
    dFake: mean(sigmoid(fake)).array,
  }));
  const { lossD: a, lossG: b, dReal, dFake } = scalars;
  recordScalars(random, gan.ring, [a, b, dReal, dFake]);
  advanceStep(random);
  return scalars;
}
