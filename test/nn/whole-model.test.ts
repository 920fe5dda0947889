// A whole model on the device, compared with PyTorch's float64 trajectory: five alternating steps of a small DCGAN,
// from the public layers and Adam, launch by launch and as one compiled program per step. The trajectory is
// test/fixtures/oracle/dcgan_train_steps.json.
import { expect, test } from "vitest";
import { add, mean, sigmoidCrossEntropy } from "../../src/autograd/ops.ts";
import { Tensor } from "../../src/autograd/tensor.ts";
import type { GpuArray } from "../../src/gpu/array.ts";
import { compile } from "../../src/gpu/program.ts";
import { createRng } from "../../src/kernels/random.ts";
import { adam } from "../../src/nn/adam.ts";
import * as layers from "../../src/nn/layers.ts";
import { type Network, sequential } from "../../src/nn/network.ts";
import type { Optimizer } from "../../src/nn/optimizer.ts";
import { toF32 } from "../../proof/reference/array.ts";
import { compareToOracle } from "../../proof/reference/compare.ts";
import { adamAttr, expectedOf, inputOf, loadCases, numberAttr } from "../reference/oracle.ts";
import { testDevice } from "../support/device.ts";

const device = await testDevice();
const [oracle] = loadCases("dcgan_train_steps.json");
const given = (name: string): Float32Array<ArrayBuffer> => toF32(inputOf(oracle!, name));
const size = (name: string): number => numberAttr(oracle!, name);

/** The oracle's names of a network's parameters, in order, and of its batch norms. */
const NAMES = {
  generator: ["gd_w", "gbn0_g", "gbn0_b", "gt1_w", "gbn1_g", "gbn1_b", "gt2_w", "gt2_b"],
  discriminator: ["d1_w", "d1_b", "d2_w", "dbn_g", "dbn_b", "dd_w", "dd_b"],
} as const;
const NORMS = {
  generator: { batch_norm: "gbn0", batch_norm_1: "gbn1" },
  discriminator: { batch_norm: "dbn" },
} as const;

type Role = keyof typeof NAMES;

const build: Readonly<Record<Role, () => Network>> = {
  generator() {
    const [c1, c2] = [size("c1"), size("c2")];
    const doubled = { strides: 2, padding: [1, 1, 1, 1] } as const;
    const norm = layers.batchNorm({ epsilon: 1e-5, momentum: 0.9 });
    return sequential(
      device,
      "generator",
      [size("z")],
      [
        layers.dense(49 * c2, { bias: false }),
        layers.reshape([7, 7, c2]),
        norm,
        layers.relu(),
        layers.convTranspose2d(c1, 4, { ...doubled, bias: false }),
        norm,
        layers.relu(),
        layers.convTranspose2d(1, 4, doubled),
        layers.tanh(),
      ],
      createRng(device, 0),
    );
  },
  discriminator() {
    const [c1, c2] = [size("c1"), size("c2")];
    const halved = { strides: 2, padding: [1, 1, 1, 1] } as const;
    return sequential(
      device,
      "discriminator",
      [28, 28, 1],
      [
        layers.conv2d(c1, 4, halved),
        layers.leakyRelu(0.2),
        layers.conv2d(c2, 4, { ...halved, bias: false }),
        layers.batchNorm({ epsilon: 1e-5, momentum: 0.9 }),
        layers.leakyRelu(0.2),
        layers.flatten(),
        layers.dense(1),
      ],
      createRng(device, 0),
    );
  },
};

/** A network with the oracle's weights and running statistics, and its optimizer. */
function start(role: Role): Optimizer {
  const network = build[role]();
  expect(network.parameters.length).toBe(NAMES[role].length);
  network.parameters.forEach(({ tensor }, i) => tensor.array.write(given(NAMES[role][i]!)));
  for (const [layer, norm] of Object.entries(NORMS[role])) {
    const values = [...given(`run_${norm}_m`), ...given(`run_${norm}_v`)];
    network.state.get(`${layer}.running`)!.write(Float32Array.from(values));
  }
  const { learningRate, ...rest } = adamAttr(oracle!.attrs["adam"]);
  return adam(network, { learningRate, ...rest });
}

interface Inputs {
  readonly real: GpuArray;
  readonly zD: GpuArray;
  readonly zG: GpuArray;
}

/** One alternating step: D's update from forwards of its own, then G's through the updated D. */
function step(
  g: Optimizer,
  d: Optimizer,
  { real, zD, zG }: Inputs,
): { lossD: GpuArray; lossG: GpuArray; fake: GpuArray } {
  const mode = { training: true };
  const verdict = (images: Tensor, labels: number): Tensor =>
    mean(sigmoidCrossEntropy(d.network.forward(images, mode), { labels }));

  const fake = g.network.forward(new Tensor(zD), mode);
  const onReal = verdict(new Tensor(real), 1);
  const lossD = add(onReal, verdict(fake, 0));
  d.differentiate(lossD);
  d.update();

  const lossG = verdict(g.network.forward(new Tensor(zG), mode), 1);
  g.differentiate(lossG);
  g.update();
  return { lossD: lossD.array, lossG: lossG.array, fake: fake.array };
}

type Results = ReadonlyMap<string, Float32Array>;

/** Trains all steps, with `run` taking one; every value that the oracle expects, by its name. */
async function train(
  run: (
    g: Optimizer,
    d: Optimizer,
    inputs: Inputs,
  ) => Promise<() => Promise<ReturnType<typeof step>>>,
): Promise<Results> {
  const [g, d] = [start("generator"), start("discriminator")];
  const inputs = {
    real: device.persistent([size("N"), 28, 28, 1]),
    zD: device.persistent([size("N"), size("z")]),
    zG: device.persistent([size("N"), size("z")]),
  };
  const results = new Map<string, Float32Array>();
  const networks = [
    [NAMES.generator, NORMS.generator, g.network],
    [NAMES.discriminator, NORMS.discriminator, d.network],
  ] as const;
  const next = await run(g, d, inputs);
  for (let t = 1; t <= size("steps"); t++) {
    for (const [name, array] of Object.entries(inputs)) array.write(given(`${name}${t}`));
    const { lossD, lossG, fake } = await next();
    results.set(`lossD${t}`, await lossD.read());
    results.set(`lossG${t}`, await lossG.read());
    if (t > 1) continue;
    results.set("fake1", await fake.read());
    for (const [names, , network] of networks) {
      for (const [i, { gradient }] of network.parameters.entries()) {
        results.set(`grad1_${names[i]}`, await gradient.read());
      }
    }
  }
  for (const [names, norms, network] of networks) {
    for (const [i, { tensor }] of network.parameters.entries()) {
      results.set(`final_${names[i]}`, await tensor.read("f32"));
    }
    for (const [layer, norm] of Object.entries(norms)) {
      const running = await network.state.get(`${layer}.running`)!.read();
      results.set(`final_run_${norm}_m`, running.subarray(0, running.length / 2));
      results.set(`final_run_${norm}_v`, running.subarray(running.length / 2));
    }
  }
  return results;
}

const eagerly = async (): Promise<Results> =>
  train(async (g, d, inputs) => async () => step(g, d, inputs));

const compiled = async (): Promise<Results> =>
  train(async (g, d, inputs) => {
    const program = await compile(device, "step", () => step(g, d, inputs));
    return async () => {
      await program.run({ poison: true });
      return program.outputs;
    };
  });

function problems(results: Results): string[] {
  return Array.from(oracle!.expected.keys(), (name) => {
    const { why } = compareToOracle(
      results.get(name) ?? [],
      expectedOf(oracle!, name),
      oracle!.tolerance,
    );
    return why === undefined ? "" : `${name}${why}`;
  }).filter((problem) => problem !== "");
}

test("PyTorch's losses, first gradients, final weights and statistics", async () => {
  expect(problems(await eagerly())).toEqual([]);
});

test("the same bits as one program a step", async () => {
  const [launched, replayed] = [await eagerly(), await compiled()];
  expect(problems(replayed)).toEqual([]);
  expect([...replayed.keys()]).toEqual([...launched.keys()]);
  for (const [name, values] of launched) expect(replayed.get(name), name).toEqual(values);
});
