// A DCGAN that learns to write digits, top to bottom. `npm run example -- examples/mnist-gan.ts [steps] [samples.png]`
// About a fifth of the paper's width, so that a laptop without a GPU shows digits within minutes.
import {
  adam,
  add,
  batches,
  compile,
  createRng,
  layers,
  mean,
  normal,
  sequential,
  sigmoidCrossEntropy,
  trainLoop,
  type Tensor,
} from "longhand";
import { mnist } from "longhand/data";
import { open, save, savePng, showProgress, stopSignal } from "longhand/node";

const steps = Number(process.argv[2] ?? 2000);
const picture = process.argv[3] ?? "samples.png";
const [batch, latent] = [64, 64];
const { device, adapter, close } = await open();
console.log(adapter.line);

const weights = createRng(device, 0);
const up = (filters: number) => [
  layers.convTranspose2d(filters, 4, { strides: 2, padding: "same", bias: false }),
  layers.batchNorm(),
  layers.relu(),
];
const generatorParts = [
  layers.dense(7 * 7 * 32, { bias: false }),
  layers.batchNorm(),
  layers.relu(),
  layers.reshape([7, 7, 32]),
  ...up(16),
  layers.convTranspose2d(1, 4, { strides: 2, padding: "same" }),
  layers.tanh(),
];
const discriminatorParts = [
  layers.conv2d(16, 4, { strides: 2, padding: "same" }),
  layers.leakyRelu(0.2),
  layers.dropout(0.3),
  layers.conv2d(32, 4, { strides: 2, padding: "same" }),
  layers.leakyRelu(0.2),
  layers.dropout(0.3),
  layers.flatten(),
  layers.dense(1),
];
const generator = sequential(device, "generator", [latent], generatorParts, weights);
const discriminator = sequential(device, "discriminator", [28, 28, 1], discriminatorParts, weights);
const rates = { learningRate: 1e-3, beta1: 0.5 };
const [forGenerator, forDiscriminator] = [adam(generator, rates), adam(discriminator, rates)];

const rng = createRng(device, 1);
const digits = batches(device, await mnist(), { batch, rng });
const crossEntropy = (logits: Tensor, labels: number): Tensor =>
  mean(sigmoidCrossEntropy(logits, { labels }));

const step = await compile(device, "step", () => {
  const mode = { training: true, rng };
  const fake = generator.forward(normal(rng, [batch, latent]), mode);
  const lossD = add(
    crossEntropy(discriminator.forward(digits.next().images, mode), 1),
    crossEntropy(discriminator.forward(fake.detach(), mode), 0),
  );
  forDiscriminator.step(lossD);
  // The generator learns through the updated discriminator.
  const lossG = crossEntropy(discriminator.forward(fake, mode), 1);
  forGenerator.step(lossG);
  return { lossD, lossG };
});

// The same latents each time, so that each digit can be seen to take shape.
const shown = normal(createRng(device, 2), [64, latent]);
const { step: done } = await trainLoop({
  steps,
  step: () => step.run(),
  callbacks: [showProgress()],
  signal: stopSignal(), // Ctrl-C saves once more, then stops
  checkpoint: { save: keep, every: 100 },
});
if (done > 0) console.log(`64 digits are in ${picture}, the generator in generator.safetensors`);
close();

/** Draws digits, saves the generator, and prints how far training is. */
async function keep(at: number): Promise<void> {
  const { lossD, lossG } = step.outputs;
  const [d, g] = [await lossD.item(), await lossG.item()];
  console.log(`step ${at} of ${steps}: loss D ${d.toFixed(3)}, loss G ${g.toFixed(3)}`);
  await savePng(picture, generator.forward(shown, { training: false }), { range: [1, -1] }); // dark on light
  await save(generator, "generator.safetensors");
}
