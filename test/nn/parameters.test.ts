// Groups of parameters: a model written with ops alone, trained by either optimizer.
import { expect, test } from "vitest";
import { meanSquaredError } from "../../src/autograd/losses.ts";
import { add, mul } from "../../src/autograd/ops.ts";
import { tensor } from "../../src/autograd/from-host.ts";
import { compile } from "../../src/gpu/program.ts";
import { adam } from "../../src/nn/adam.ts";
import { createRng } from "../../src/kernels/random.ts";
import * as layers from "../../src/nn/layers.ts";
import { sequential } from "../../src/nn/network.ts";
import { parameterGroup } from "../../src/nn/parameters.ts";
import { sgd } from "../../src/nn/sgd.ts";
import { adamAttr, expectedOf, inputOf, loadCases } from "../reference/oracle.ts";
import { toF32 } from "../../proof/reference/array.ts";
import { compareToOracle } from "../../proof/reference/compare.ts";
import { testDevice } from "../support/device.ts";

const device = await testDevice();

test.each([
  ["adam", adam, { learningRate: 0.05 }],
  ["sgd", sgd, { learningRate: 0.1 }],
] as const)("%s finds a line from its points", async (_name, optimize, options) => {
  const initial = { slope: tensor(device, [0]), offset: tensor(device, [0], []) };
  const group = parameterGroup(device, "line", initial);
  const { slope, offset } = group.tensors;
  const optimizer = optimize(group, options);
  const [x, y] = [tensor(device, [-1, 0, 1]), tensor(device, [-1, 1, 3])];
  const step = await compile(device, "step", () => {
    const loss = meanSquaredError(add(mul(x, slope), offset), y);
    optimizer.differentiate(loss);
    optimizer.update();
    return { loss: loss.array };
  });
  for (let i = 0; i < 400; i++) await step.run();
  expect((await slope.read())[0]).toBeCloseTo(2, 4);
  expect((await offset.read())[0]).toBeCloseTo(1, 4);
  expect((await initial.slope.read())[0]).toBe(0); // a copy was trained
});

test.each(loadCases("adam.json").map((each) => [each.name, each] as const))(
  "adam on a group is PyTorch's: %s",
  async (_name, each) => {
    const first = inputOf(each, "x0");
    const initial = { w: tensor(device, toF32(first), first.shape) };
    const group = parameterGroup(device, "case", initial);
    const optimizer = adam(group, adamAttr(each.attrs));
    const { gradient, tensor: w } = group.parameters[0]!;
    for (let t = 1; each.inputs.has(`g${t}`); t++) {
      gradient.write(toF32(inputOf(each, `g${t}`)));
      optimizer.update();
      if (!each.expected.has(`x${t}`)) continue;
      const { why } = compareToOracle(await w.read(), expectedOf(each, `x${t}`), each.tolerance);
      expect(why).toBeUndefined();
    }
  },
);

test("a network says what it is, as Keras's summary does", () => {
  const net = sequential(
    device,
    "net",
    [28, 28, 1],
    [layers.conv2d(4, 3, { padding: "same" }), layers.flatten(), layers.dense(10)],
    createRng(device, 0),
  );
  expect(net.summary()).toBe(
    [
      "net, from (N, 28, 28, 1)",
      "layer                      output          parameters",
      "conv2d   4, 3×3, stride 1  (N, 28, 28, 4)          40",
      "flatten                    (N, 3136)                0",
      "dense    10                (N, 10)             31,370",
      "31,410 parameters",
    ].join("\n"),
  );
});
