// A GAN's training step in float64, in each order of the recipes, from given networks, images and draws.
import type { AdamOptions } from "./adam.ts";
import { asFake, asReal, type Form, probability, generatorLoss } from "./adversarial-loss.ts";
import { type Ref, refOf, zip } from "./array.ts";
import { oneHot } from "./losses.ts";
import { averaged } from "./moving-average.ts";
import { concat } from "./shape-ops.ts";
import { forward, type Layer, type Model, type Pass, updated } from "./stack.ts";
import * as tape from "./tape.ts";
import { gradients, node, type Node } from "./tape.ts";
import { square, type Unary } from "./unary.ts";

/** A recipe in the reference's terms. */
export interface GanConfig {
  readonly generator: readonly Layer[];
  readonly discriminator: readonly Layer[];
  readonly form: Form;
  readonly order: "simultaneous" | "alternating" | "alternating-split";
  readonly smoothing: number;
  /** The decay of the moving average. */
  readonly average: number;
  readonly classes: number;
  /** The weight of the noise penalty, if there is one. */
  readonly penalty?: number;
  readonly generatorAdam: AdamOptions;
  readonly discriminatorAdam: AdamOptions;
}

/** All that a step changes. */
export interface GanState {
  readonly generator: Model;
  readonly discriminator: Model;
  /** The moving average of the generator's weights and running statistics. */
  readonly average: Pick<Model, "weights" | "running">;
  readonly steps: number;
}

/** What a step is given: real images, their classes, and what is drawn, stream after stream. */
export interface GanBatch {
  readonly real: Ref;
  readonly labels: readonly number[];
  readonly latents: () => Ref;
  readonly mask: (shape: readonly number[], rate: number) => Ref;
  /** The noise of the penalty, scaled by its standard deviation; it comes after the masks. */
  readonly noise?: () => Ref;
}

/** All that a step computes. Gradients are those of each network's last update. */
export interface GanStep {
  /** lossD, lossG, and the mean probability of being real for real and generated images. */
  readonly scalars: readonly number[];
  readonly generatorGradients: readonly Ref[];
  readonly discriminatorGradients: readonly Ref[];
  readonly state: GanState;
}

/** What a discriminator learned. */
interface DiscriminatorStep {
  readonly model: Model;
  readonly gradients: readonly Ref[];
  readonly loss: number;
  readonly real: number;
  readonly fake: number;
}

const nodesOf = (weights: readonly Ref[]): readonly Node[] => weights.map((x) => node(x));
const valueOf = ({ value }: Node): number => value.data[0]!;
const times = (factor: number): Unary => ({ value: (v) => v * factor, slope: () => factor });
const half = (x: Node): Node => tape.activate(times(0.5), x);

/** The verdicts on rows `first` on: of each, the output of its class. */
function verdicts(outputs: Node, first: number, count: number, labels: readonly number[]): Node {
  const [, columns] = outputs.value.shape;
  const at = Array.from({ length: count }, (_, i) => (first + i) * columns! + (labels[i] ?? 0));
  return tape.elements(outputs, Int32Array.from(at), [count]);
}

/** Takes one step. Nothing given is changed. */
export function ganStep(config: GanConfig, state: GanState, batch: GanBatch): GanStep {
  const { form, order, smoothing, classes } = config;
  const { real, labels, mask } = batch;
  const count = real.shape[0]!;
  const latents = (): Node => {
    const z = batch.latents();
    return node(classes === 0 ? z : concat([z, oneHot(refOf([count], labels), classes)], 1));
  };
  const mean = (x: Node): number => valueOf(tape.mean(tape.activate(asProbability(form), x)));
  const loss = (of: ReturnType<typeof asReal>, x: Node): Node => tape.mean(tape.activate(of, x));

  const generate = (weights: readonly Node[], training: boolean) =>
    forward(config.generator, weights, state.generator.running, latents(), { training, mask });
  const judge = (weights: readonly Node[], images: Node, masks: Pass["mask"] = mask): Node =>
    forward(config.discriminator, weights, [], images, { training: true, mask: masks }).y;

  const resultOf = (
    learned: DiscriminatorStep,
    lossG: Node,
    g: readonly Node[],
    running: Model["running"],
  ) => {
    const generatorGradients = gradients(lossG, g);
    const next = updated(state.generator, generatorGradients, config.generatorAdam);
    const generator: Model = { ...next, running };
    const steps = state.steps + 1;
    const follow = (old: Ref, now: Ref): Ref => averaged(old, now, steps, config.average);
    return {
      scalars: [learned.loss, valueOf(lossG), learned.real, learned.fake],
      generatorGradients,
      discriminatorGradients: learned.gradients,
      state: {
        generator,
        discriminator: learned.model,
        average: {
          weights: state.average.weights.map((old, i) => follow(old, generator.weights[i]!)),
          running: state.average.running.map((old, i) => ({
            mean: follow(old.mean, running[i]!.mean),
            variance: follow(old.variance, running[i]!.variance),
          })),
        },
        steps,
      },
    };
  };

  /** Learns from some images by a loss of the outputs on them. */
  const learn = (from: Model, images: Node, lossOf: (outputs: Node) => Node) => {
    const d = nodesOf(from.weights);
    const outputs = judge(d, images);
    const lossD = lossOf(outputs);
    const found = gradients(lossD, d);
    const model = updated(from, found, config.discriminatorAdam);
    return { model, gradients: found, loss: valueOf(lossD), outputs };
  };
  const onReal = (x: Node): Node => loss(asReal(form, smoothing), x);
  const onFake = (x: Node): Node => loss(asFake(form), x);

  if (order === "simultaneous") {
    const [g, d] = [nodesOf(state.generator.weights), nodesOf(state.discriminator.weights)];
    const fake = generate(g, true);
    const images = tape.join(node(real), fake.y, 0);
    const masks: Ref[] = [];
    const outputs = judge(d, images, (shape, rate) => {
      masks.push(mask(shape, rate));
      return masks.at(-1)!;
    });
    const onReals = verdicts(outputs, 0, count, labels);
    const onFakes = verdicts(outputs, count, count, labels);
    const pairs = form === "paired";
    const lead = pairs ? tape.minus(onFakes, onReals) : onFakes;
    const lossD = pairs ? onFake(lead) : tape.plus(onReal(onReals), onFake(lead));
    const { penalty = 0 } = config;
    let whole = lossD;
    if (penalty > 0) {
      const noisy = node(zip(images.value, batch.noise!(), (x, e) => x + e)); // nothing flows to G
      const again = judge(d, noisy, () => masks.shift()!);
      const onNoise = (first: number): Node => verdicts(again, first, count, labels);
      for (const change of [tape.minus(onReals, onNoise(0)), tape.minus(onFakes, onNoise(count))]) {
        const each = tape.mean(tape.activate(square, change));
        whole = tape.plus(whole, tape.activate(times(penalty), each));
      }
    }
    const found = gradients(whole, d);
    const learned: DiscriminatorStep = {
      model: updated(state.discriminator, found, config.discriminatorAdam),
      gradients: found,
      loss: valueOf(lossD),
      real: mean(onReals),
      fake: mean(onFakes),
    };
    return resultOf(learned, loss(generatorLoss(form), lead), g, fake.running);
  }

  const ofD = order === "alternating" ? jointBatch() : splitBatches();
  const g = nodesOf(state.generator.weights);
  const drawn = generate(g, true);
  const frozen = nodesOf(ofD.model.weights);
  const lossG = loss(generatorLoss(form), verdicts(judge(frozen, drawn.y), 0, count, []));
  return resultOf(ofD, lossG, g, drawn.running);

  function jointBatch(): DiscriminatorStep {
    const fake = generate(nodesOf(state.generator.weights), false).y;
    const all = tape.join(node(real), fake, 0);
    const learned = learn(state.discriminator, all, (outputs) =>
      half(
        tape.plus(
          onReal(verdicts(outputs, 0, count, [])),
          onFake(verdicts(outputs, count, count, [])),
        ),
      ),
    );
    const of = (first: number): number => mean(verdicts(learned.outputs, first, count, []));
    return { ...learned, real: of(0), fake: of(count) };
  }

  function splitBatches(): DiscriminatorStep {
    const fake = generate(nodesOf(state.generator.weights), false).y;
    const first = learn(state.discriminator, node(real), onReal);
    const second = learn(first.model, fake, onFake);
    const [onReals, onFakes] = [mean(first.outputs), mean(second.outputs)];
    return { ...second, loss: (first.loss + second.loss) / 2, real: onReals, fake: onFakes };
  }
}

/** A verdict as a probability, where no gradient is asked for. */
const asProbability = (form: Form): { value: (x: number) => number; slope: () => number } => ({
  value: probability(form),
  slope: () => Number.NaN,
});
