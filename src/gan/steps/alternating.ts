// The alternating step: the discriminator learns first, then the generator learns through the new discriminator. It is
// written with public ops and losses, and costs a second forward of both networks over `simultaneous`.
import { concat, mean, reshape, sigmoid, sigmoidCrossEntropy } from "../../autograd/ops.ts";
import { binaryCrossEntropy } from "../../autograd/losses.ts";
import { noGrad, Tensor } from "../../autograd/tensor.ts";
import { recordStep } from "../../kernels/step-log.ts";
import { updateAll } from "../../nn/optimizer.ts";
import type { Gan } from "../gan.ts";
import {
  averageWeights,
  drawLatents,
  judgingMode,
  realImages,
  trainingMode,
  type StepOutputs,
} from "./parts.ts";

/** Returns the mean cross-entropy of the discriminator's outputs, logits or probabilities, with the recipe's bounds. */
function crossEntropy({ recipe }: Gan, outputs: Tensor, labels: Tensor | number): Tensor {
  if (recipe.loss === "sigmoid") return mean(sigmoidCrossEntropy(outputs, { labels }));
  return binaryCrossEntropy(outputs, labels, recipe.loss === "clamped" ? { logClamp: -100 } : {});
}

/** Returns the outputs as probabilities that no gradient goes through. */
const probabilitiesOf = ({ recipe }: Gan, outputs: Tensor): Tensor =>
  recipe.loss === "sigmoid" ? sigmoid(outputs.detach()) : outputs.detach();

/** What the discriminator's step gives: its loss, and its mean verdicts on real and on generated images. */
interface DiscriminatorStep {
  readonly loss: Tensor;
  readonly real: Tensor;
  readonly fake: Tensor;
}

/** Learns from one batch of real and then generated images, with their labels. */
function stepOnJointBatch(gan: Gan, count: number, fake: Tensor): DiscriminatorStep {
  const { device, discriminator, discriminatorAdam, recipe } = gan;
  const images = device.empty([2 * count, ...recipe.image], "f32", "images");
  realImages(gan, count, images.rows(0, count));
  device.moveInto(fake.array, images.rows(count, count));
  const outputs = discriminator.forward(new Tensor(images), judgingMode(gan));
  const labels = Float32Array.from({ length: 2 * count }, (_, i) =>
    i < count ? 1 - recipe.smoothing : 0,
  );
  const targets = new Tensor(device.upload(labels, [2 * count, 1], "f32", "labels"));
  const loss = crossEntropy(gan, outputs, targets);
  discriminatorAdam.differentiate(loss);
  discriminatorAdam.update();
  const { array } = probabilitiesOf(gan, outputs);
  const half = (first: number): Tensor => mean(new Tensor(array.rows(first, count)));
  return { loss, real: half(0), fake: half(count) };
}

/** Learns from a real batch with an update, then from a generated batch with another update. */
function stepOnSplitBatches(gan: Gan, count: number, fake: Tensor): DiscriminatorStep {
  const { device, discriminator, discriminatorAdam, recipe } = gan;
  const learn = (images: Tensor, label: number): { loss: Tensor; verdict: Tensor } => {
    const outputs = discriminator.forward(images, judgingMode(gan));
    const loss = crossEntropy(gan, outputs, label);
    discriminatorAdam.differentiate(loss);
    discriminatorAdam.update();
    return { loss, verdict: mean(probabilitiesOf(gan, outputs)) };
  };
  const batch = device.empty([count, ...recipe.image], "f32", "images");
  realImages(gan, count, batch);
  const real = learn(new Tensor(batch), 1 - recipe.smoothing);
  const generated = learn(fake, 0);
  const losses = [real.loss, generated.loss].map((loss) => reshape(loss.detach(), { shape: [1] }));
  return { loss: mean(concat(losses, { axis: 0 })), real: real.verdict, fake: generated.verdict };
}

/**
 * D learns from real images, labelled 1, and from images that G draws as it does for samples, labelled 0: in one batch
 * for `alternating`, in two for `alternating-split`. Then G learns CE(1, D(G(z))) from new noise, with D's weights
 * frozen.
 */
export function stepAlternating(gan: Gan, count: number): StepOutputs {
  const { generator, discriminator, generatorAdam, rng, ring, recipe } = gan;
  const z = drawLatents(gan, count);
  const fake = noGrad(() => generator.forward(z, { training: false }));
  const learn = recipe.order === "alternating" ? stepOnJointBatch : stepOnSplitBatches;
  const { loss: lossD, real, fake: onFake } = learn(gan, count, fake);

  const drawn = generator.forward(drawLatents(gan, count), trainingMode(gan));
  const lossG = crossEntropy(gan, discriminator.forward(drawn, judgingMode(gan)), 1);
  generatorAdam.differentiate(lossG);
  const each = [lossD, lossG, real, onFake].map((scalar) =>
    reshape(scalar.detach(), { shape: [1] }),
  );
  const scalars = concat(each, { axis: 0 }).array;
  recordStep(scalars, ring, rng);
  updateAll([generatorAdam], rng);
  averageWeights(gan);
  return { scalars };
}
