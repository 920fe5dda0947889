// The alternating step: the discriminator learns first, then the generator learns through the new discriminator. It is
// written with public ops and losses, and costs a second forward of both networks over `simultaneous`.
import { concat, mean, reshape, sigmoid, sigmoidCrossEntropy } from "../../autograd/ops.ts";
import { binaryCrossEntropy } from "../../autograd/losses.ts";
import { noGrad, Tensor } from "../../autograd/tensor.ts";
import { recordStep } from "../../kernels/step-log.ts";
import type { Gan } from "../gan.ts";
import {
  averageGradients,
  drawLatents,
  endStep,
  inPart,
  judgingMode,
  learns,
  realImages,
  trainingMode,
  type Sight,
  type StepOptions,
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

/** Returns the discriminator's mode: one that is frozen keeps its running statistics. */
const judging = (gan: Gan, options: StepOptions) => ({
  ...judgingMode(gan),
  track: learns("discriminator", options),
});

/** Updates the discriminator from a loss, if it learns. */
function learnFrom(gan: Gan, loss: Tensor, options: StepOptions): void {
  const { discriminatorAdam } = gan;
  if (!learns("discriminator", options)) return;
  inPart("discriminator-backward", () => discriminatorAdam.differentiate(loss));
  averageGradients(gan, "discriminator")();
  inPart("discriminator-update", () => discriminatorAdam.update());
}

/** Learns from one batch of real and then generated images, with their labels. */
function stepOnJointBatch(
  gan: Gan,
  count: number,
  fake: Tensor,
  options: StepOptions,
): DiscriminatorStep {
  const { device, discriminator, recipe } = gan;
  const images = device.empty([2 * count, ...recipe.image], "f32", "images");
  inPart("real", () => realImages(gan, count, images.rows(0, count)));
  inPart("generate", () => device.moveInto(fake.array, images.rows(count, count)));
  options.see?.("real", images.rows(0, count));
  options.see?.("fake", images.rows(count, count));
  const outputs = inPart("judge", () =>
    discriminator.forward(new Tensor(images), { ...judging(gan, options), batches: 2 }),
  );
  options.see?.("verdictsOnReal", outputs.array.rows(0, count));
  options.see?.("verdictsOnFake", outputs.array.rows(count, count));
  const labels = Float32Array.from({ length: 2 * count }, (_, i) =>
    i < count ? 1 - recipe.smoothing : 0,
  );
  const targets = new Tensor(device.upload(labels, [2 * count, 1], "f32", "labels"));
  const loss = inPart("losses", () => crossEntropy(gan, outputs, targets));
  learnFrom(gan, loss, options);
  return inPart("losses", () => {
    const { array } = probabilitiesOf(gan, outputs);
    const half = (first: number): Tensor => mean(new Tensor(array.rows(first, count)));
    return { loss, real: half(0), fake: half(count) };
  });
}

/** Learns from a real batch with an update, then from a generated batch with another update. */
function stepOnSplitBatches(
  gan: Gan,
  count: number,
  fake: Tensor,
  options: StepOptions,
): DiscriminatorStep {
  const { device, discriminator, recipe } = gan;
  const learn = (
    images: Tensor,
    label: number,
    sight: Sight,
  ): { loss: Tensor; verdict: Tensor } => {
    const outputs = inPart("judge", () => discriminator.forward(images, judging(gan, options)));
    options.see?.(sight, outputs.array);
    const loss = inPart("losses", () => crossEntropy(gan, outputs, label));
    learnFrom(gan, loss, options);
    return { loss, verdict: inPart("losses", () => mean(probabilitiesOf(gan, outputs))) };
  };
  const batch = device.empty([count, ...recipe.image], "f32", "images");
  inPart("real", () => realImages(gan, count, batch));
  options.see?.("real", batch);
  options.see?.("fake", fake.array);
  const real = learn(new Tensor(batch), 1 - recipe.smoothing, "verdictsOnReal");
  const generated = learn(fake, 0, "verdictsOnFake");
  const loss = inPart("losses", () => {
    const each = [real.loss, generated.loss].map((one) => reshape(one.detach(), { shape: [1] }));
    return mean(concat(each, { axis: 0 }));
  });
  return { loss, real: real.verdict, fake: generated.verdict };
}

/**
 * D learns from real images, labelled 1, and from images that G draws as it does for samples, labelled 0: in one batch
 * for `alternating`, in two for `alternating-split`. Then G learns CE(1, D(G(z))) from new noise, with D's weights
 * frozen.
 */
export function stepAlternating(gan: Gan, count: number, options: StepOptions = {}): StepOutputs {
  const { generator, discriminator, generatorAdam, rng, ring, recipe } = gan;
  const { see = () => undefined } = options;
  const noise = (): Tensor => {
    const z = inPart("noise", () => drawLatents(gan, count));
    see("noise", z.array);
    return z;
  };
  const z = noise();
  const fake = inPart("generate", () => noGrad(() => generator.forward(z, { training: false })));
  const learn = recipe.order === "alternating" ? stepOnJointBatch : stepOnSplitBatches;
  const { loss: lossD, real, fake: onFake } = learn(gan, count, fake, options);

  const again = noise();
  const track = learns("generator", options);
  const drawn = inPart("generate", () => generator.forward(again, { ...trainingMode(gan), track }));
  const outputs = inPart("judge", () => discriminator.forward(drawn, judging(gan, options)));
  const lossG = inPart("losses", () => crossEntropy(gan, outputs, 1));
  if (track) inPart("generator-backward", () => generatorAdam.differentiate(lossG));
  const scalars = inPart("losses", () => {
    const each = [lossD, lossG, real, onFake].map((scalar) =>
      reshape(scalar.detach(), { shape: [1] }),
    );
    const all = concat(each, { axis: 0 }).array;
    averageGradients(gan, "generator", [all])();
    recordStep(all, ring, rng);
    return all;
  });
  see("fake", drawn.array);
  see("verdictsOnFake", outputs.array);
  see("lossD", lossD.array);
  see("lossG", lossG.array);
  see("scalars", scalars);
  endStep(gan, track ? ["generator"] : []);
  return { scalars };
}
