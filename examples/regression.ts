// Fits a curve to noisy points: the smallest possible training. `npm run example -- examples/regression.ts`
import {
  adam,
  compile,
  createRng,
  layers,
  mean,
  normal,
  sequential,
  square,
  sub,
  tensor,
} from "longhand";
import { open } from "longhand/node";

const { device, adapter, close } = await open();
console.log(adapter.line);

// Sixty-four points of a sine, with a little noise.
const count = 64;
const xs = Float32Array.from({ length: count }, (_, i) => (6 * i) / count - 3);
const noise = await normal(createRng(device, 1), [count], 0, 0.1).read();
const ys = xs.map((x, i) => Math.sin(x) + noise[i]!);
const x = tensor(device, xs, [count, 1]);
const y = tensor(device, ys, [count, 1]);

const hidden = () => layers.dense(32);
const model = sequential(
  device,
  "curve",
  [1],
  [hidden(), layers.tanh(), hidden(), layers.tanh(), layers.dense(1)],
  createRng(device, 0),
);
const optimizer = adam(model, { learningRate: 0.01 });

// Traced once, planned once, replayed in one submit.
const step = await compile(device, "step", () => {
  const loss = mean(square(sub(model.forward(x, { training: true }), y)));
  optimizer.step(loss);
  return { loss };
});

for (let i = 1; i <= 500; i += 1) {
  const { loss } = await step.run();
  if (i % 100 === 0) console.log(`step ${i}: loss ${(await loss.item()).toFixed(4)}`);
}

const at = tensor(device, [[-1.5], [0], [1.5]]);
const found = await model.forward(at, { training: false }).read();
console.log(`sin(1.5) is ${Math.sin(1.5).toFixed(3)}, the model says ${found[2]!.toFixed(3)}`);
close();
