// The small DCGAN whose float64 PyTorch trajectory is in dcgan_train_steps.json. It isn't the
// recipe: batch norm in the discriminator, separate forward passes, D and G in turn, ReLU in G.
import type { AdamOptions } from "../../proof/reference/adam.ts";
import { full, type Ref, zeros } from "../../proof/reference/array.ts";
import type { BatchNormOptions, RunningStats } from "../../proof/reference/batch-norm.ts";
import { convGeometry } from "../../proof/reference/conv.ts";
import {
  fresh,
  gradientsByName,
  mapNames,
  type NetworkState,
  update,
} from "../../proof/reference/network.ts";
import { inputOf, numberAttr, type OracleCase } from "./oracle.ts";
import * as tape from "../../proof/reference/tape.ts";
import { node, type Node } from "../../proof/reference/tape.ts";
import { leakyRelu, relu, tanh } from "../../proof/reference/unary.ts";

const G = ["gd_w", "gbn0_g", "gbn0_b", "gt1_w", "gbn1_g", "gbn1_b", "gt2_w", "gt2_b"] as const;
const D = ["d1_w", "d1_b", "d2_w", "dbn_g", "dbn_b", "dd_w", "dd_b"] as const;
const NORMS = ["gbn0", "gbn1", "dbn"] as const;

type Nodes<Name extends string> = Readonly<Record<Name, Node>>;
type Norm = (typeof NORMS)[number];
type Running = Record<Norm, RunningStats>;

const geometry = convGeometry({ strides: [2, 2], padding: [1, 1, 1, 1] });
const normOptions: BatchNormOptions = { epsilon: 1e-5, momentum: 0.9 };

/**
 * Trains the case's model for all of its steps: the values that the case expects, by their names
 * there (`lossD1`, `grad1_d1_w`, `final_gd_w`, `final_run_dbn_m`, …).
 */
export function trainOracleDcgan(oracleCase: OracleCase, adam: AdamOptions): Map<string, Ref> {
  const given = (name: string): Ref => inputOf(oracleCase, name);
  const results = new Map<string, Ref>();
  const record = (prefix: string, values: Readonly<Record<string, Ref>>): void => {
    for (const [name, x] of Object.entries(values)) results.set(prefix + name, x);
  };
  let generator: NetworkState<(typeof G)[number]> = fresh(G, mapNames(G, given));
  let discriminator: NetworkState<(typeof D)[number]> = fresh(D, mapNames(D, given));
  const running: Running = mapNames(NORMS, (name) => ({
    mean: given(`run_${name}_m`),
    variance: given(`run_${name}_v`),
  }));

  for (let step = 1; step <= numberAttr(oracleCase, "steps"); step++) {
    const real = node(given(`real${step}`));

    let g = mapNames(G, (name) => node(generator.weights[name]));
    let d = mapNames(D, (name) => node(discriminator.weights[name]));
    let fake = generate(g, node(given(`zD${step}`)), running);
    const realLogits = discriminate(d, real, running);
    const fakeLogits = discriminate(d, fake, running);
    const ones = full(realLogits.value.shape, 1);
    const lossD = tape.plus(
      tape.crossEntropy(realLogits, ones),
      tape.crossEntropy(fakeLogits, zeros(ones.shape)),
    );
    const gradsD = gradientsByName(D, lossD, d);
    discriminator = update(D, discriminator, gradsD, step, adam);
    results.set(`lossD${step}`, lossD.value);
    if (step === 1) {
      results.set("fake1", fake.value);
      record("grad1_", gradsD);
    }

    g = mapNames(G, (name) => node(generator.weights[name]));
    d = mapNames(D, (name) => node(discriminator.weights[name]));
    fake = generate(g, node(given(`zG${step}`)), running);
    const lossG = tape.crossEntropy(discriminate(d, fake, running), ones);
    const gradsG = gradientsByName(G, lossG, g);
    generator = update(G, generator, gradsG, step, adam);
    results.set(`lossG${step}`, lossG.value);
    if (step === 1) record("grad1_", gradsG);
  }

  record("final_", generator.weights);
  record("final_", discriminator.weights);
  for (const name of NORMS) {
    results.set(`final_run_${name}_m`, running[name].mean);
    results.set(`final_run_${name}_v`, running[name].variance);
  }
  return results;
}

function generate(g: Nodes<(typeof G)[number]>, z: Node, running: Running): Node {
  const channels = g.gbn0_g.value.data.length;
  let x = tape.view(tape.dense(z, g.gd_w), [z.value.shape[0]!, 7, 7, channels]);
  x = tape.activate(relu, normalise("gbn0", x, g.gbn0_g, g.gbn0_b, running));
  x = tape.convTranspose(x, g.gt1_w, geometry, [14, 14]);
  x = tape.activate(relu, normalise("gbn1", x, g.gbn1_g, g.gbn1_b, running));
  x = tape.convTranspose(x, g.gt2_w, geometry, [28, 28]);
  return tape.activate(tanh, tape.bias(x, g.gt2_b));
}

function discriminate(d: Nodes<(typeof D)[number]>, images: Node, running: Running): Node {
  const leaky = leakyRelu(0.2);
  let x = tape.activate(leaky, tape.bias(tape.conv(images, d.d1_w, geometry), d.d1_b));
  x = tape.conv(x, d.d2_w, geometry);
  x = tape.activate(leaky, normalise("dbn", x, d.dbn_g, d.dbn_b, running));
  x = tape.view(x, [images.value.shape[0]!, d.dd_w.value.shape[0]!]);
  return tape.bias(tape.dense(x, d.dd_w), d.dd_b);
}

/** Batch norm in training mode; every forward pass moves the running statistics. */
function normalise(name: Norm, x: Node, gamma: Node, beta: Node, running: Running): Node {
  const made = tape.batchNorm(x, gamma, beta, running[name], normOptions);
  running[name] = made.running;
  return made.y;
}
