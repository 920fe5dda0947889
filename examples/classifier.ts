// A classifier of MNIST's digits: trained, tested, saved and loaded. `npm run example -- examples/classifier.ts [steps] [file]`
import {
  adam,
  argmax,
  batches,
  compile,
  createRng,
  layers,
  sequential,
  softmaxCrossEntropy,
  trainLoop,
  type Device,
  type Network,
} from "longhand";
import { mnist } from "longhand/data";
import { load, open, save, showProgress, stopSignal } from "longhand/node";

const steps = Number(process.argv[2] ?? 1800); // three epochs
const path = process.argv[3] ?? "classifier.safetensors";
const { device, adapter, close } = await open();
console.log(adapter.line);

const createModel = (on: Device, seed: number): Network =>
  sequential(
    on,
    "classifier",
    [28, 28, 1],
    [
      layers.conv2d(16, 3, { strides: 2, padding: "same" }),
      layers.relu(),
      layers.conv2d(32, 3, { strides: 2, padding: "same" }),
      layers.relu(),
      layers.flatten(),
      layers.dropout(0.3),
      layers.dense(10),
    ],
    createRng(on, seed),
  );

const model = createModel(device, 0);
const optimizer = adam(model, { learningRate: 2e-3 });

// The dataset is on the device. A step takes the batch of its Rng's step, and the Rng advances by itself.
const rng = createRng(device, 1);
const train = batches(device, await mnist("train"), { batch: 100, rng });
const step = await compile(device, "train", () => {
  const { images, labels } = train.next();
  const loss = softmaxCrossEntropy(model.forward(images, { training: true, rng }), labels);
  optimizer.step(loss);
  return { loss };
});

const { stopped } = await trainLoop({
  steps,
  step: () => step.run(),
  values: async () => ({ loss: await step.outputs.loss.item() }),
  callbacks: [showProgress()],
  signal: stopSignal(), // Ctrl-C
  checkpoint: {
    every: train.steps,
    save: async (done) => {
      await save(model, path);
      console.log(`step ${done}: ${await accuracyOf(model)}`);
    },
  },
});

if (!stopped) {
  const again = createModel(device, 9);
  load(again, path);
  console.log(`loaded from ${path}: ${await accuracyOf(again)}`);
}
close();

/** Says how many of the test images a model gets right. */
async function accuracyOf(of: Network): Promise<string> {
  const set = await mnist("test");
  const order = createRng(device, 0);
  const test = batches(device, set, { batch: 1000, rng: order, shuffle: false });
  const answer = await compile(device, "test", () => ({
    digits: argmax(of.forward(test.next().images, { training: false }), { axes: [1] }),
  }));
  let right = 0;
  for (let i = 0; i < test.steps; i += 1) {
    const digits = await (await answer.run()).digits.read("i32");
    right += digits.filter((digit, at) => digit === set.labels![i * 1000 + at]).length;
  }
  return `${((100 * right) / set.count).toFixed(2)} % of ${set.count} test images right`;
}
