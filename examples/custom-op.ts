// A custom op from a custom shader, checked, and used in a network. `npm run example -- examples/custom-op.ts`
// Snake is a periodic activation: its network continues a wave beyond the points that it was trained on.
import { readFileSync } from "node:fs";
import {
  adam,
  checkGradients,
  compile,
  createRng,
  defineOp,
  layers,
  mean,
  sequential,
  square,
  sub,
  tensor,
  trainLoop,
  type Layer,
} from "longhand";
import { open, showProgress, stopSignal } from "longhand/node";

const snake = defineOp({
  name: "snake",
  wgsl: readFileSync(new URL("custom-op.wgsl", import.meta.url), "utf8"),
  inputs: ["x"],
  attributes: { frequency: 1 },
  forward({ empty, launch }, [x], { frequency }) {
    const y = empty(x.shape);
    const constants = { COUNT: x.size, FREQUENCY: frequency };
    launch("forward", { bind: { x, y }, constants, count: x.size });
    return { out: y, saved: x }; // backward needs x
  },
  backward({ empty, launch }, dy, x, { frequency }) {
    const dx = empty(x.shape);
    const constants = { COUNT: x.size, FREQUENCY: frequency };
    launch("backward", { bind: { x, dy, dx }, constants, count: x.size });
    return [dx];
  },
});

const { device, adapter, close } = await open();
console.log(adapter.line);

// Finite differences of the op itself show whether its backward is right.
const points = tensor(device, [-2, -0.5, 0, 0.3, 1, 4]);
const [check] = await checkGradients((x) => snake(x, { frequency: 1.5 }), [points]);
console.log(`the gradient is off by at most ${check!.error.toExponential(0)}`);

// A wave on [−6, 6].
const xs = Float32Array.from({ length: 128 }, (_, i) => (12 * i) / 127 - 6);
const x = tensor(device, xs, [128, 1]);
const y = tensor(device, xs.map(Math.sin), [128, 1]);
const activation: Layer = {
  kind: "Snake",
  detail: "",
  outputShape: (shape) => shape,
  parameters: () => ({}),
  buffers: () => ({}),
  forward: (input) => snake(input),
};
const parts = [layers.dense(16), activation, layers.dense(1)];
const model = sequential(device, "wave", [1], parts, createRng(device, 0));
const optimizer = adam(model, { learningRate: 0.01, weightDecay: 0.1 });

const step = await compile(device, "step", () => {
  const loss = mean(square(sub(model.forward(x, { training: true }), y)));
  optimizer.step(loss);
  return { loss };
});
await trainLoop({
  steps: Number(process.argv[2] ?? 2000),
  step: () => step.run(),
  values: async () => ({ loss: await step.outputs.loss.item() }),
  signal: stopSignal(),
  callbacks: [showProgress()],
});

for (const at of [1.5, 8, 10]) {
  const said = await model.forward(tensor(device, [[at]]), { training: false }).item();
  const seen = at > 6 ? ", beyond its training data" : "";
  console.log(
    `sin(${at}) is ${Math.sin(at).toFixed(2)}, the network says ${said.toFixed(2)}${seen}`,
  );
}
close();
