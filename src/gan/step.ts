// One training step: both networks are updated from one forward, and nothing leaves the device.
import { add, mean, sigmoid, sigmoidCrossEntropy } from "../autograd/ops.ts";
import { noGrad, Tensor } from "../autograd/tensor.ts";
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

/** For tests: recompute for the generator's loss what both losses could share. */
export interface StepOptions {
  readonly shareWork?: boolean;
}

/**
 * Runs (or, inside a trace, records) one step on `count` images: D learns CE(1, D(real)) +
 * CE(0, D(fake)), G learns CE(1, D(fake)), both gradients taken at the old weights.
 */
export function trainingStep(gan: Gan, count: number, options: StepOptions = {}): StepScalars {
  const { generator, discriminator, random } = gan;
  const mode: Mode = { training: true, generator: random };
  random.nextStream = 0;

  const z = new Tensor(normal(random, [count, gan.recipe.latent]));
  const real = new Tensor(gatherBatch(gan.images, random, gan.plan, count));
  const fake = generator.forward(z, mode);
  const realLogits = discriminator.forward(real, mode);
  const fakeStream = random.nextStream;
  const fakeLogits = discriminator.forward(fake, mode);
  const lossD = add(
    mean(sigmoidCrossEntropy(realLogits, { labels: 1 })),
    mean(sigmoidCrossEntropy(fakeLogits, { labels: 0 })),
  );

  let logitsForG = fakeLogits;
  if (options.shareWork === false) {
    const again = generator.forward(z, { ...mode, track: false });
    random.nextStream = fakeStream; // the same masks
    logitsForG = discriminator.forward(again, mode);
  }
  const lossG = mean(sigmoidCrossEntropy(logitsForG, { labels: 1 }));

  gan.discriminatorAdam.differentiate(lossD);
  gan.generatorAdam.differentiate(lossG);
  gan.discriminatorAdam.update();
  gan.generatorAdam.update();

  const scalars = noGrad(() => ({
    lossD: lossD.array,
    lossG: lossG.array,
    dReal: mean(sigmoid(realLogits)).array,
    dFake: mean(sigmoid(fakeLogits)).array,
  }));
  const { lossD: a, lossG: b, dReal, dFake } = scalars;
  recordScalars(random, gan.ring, [a, b, dReal, dFake]);
  advanceStep(random);
  return scalars;
}
