// The dcgan's training step in TensorFlow.js 4.22 on its WebGPU backend, as one would write it for speed:
// one generator forward serves both losses, and each loss gives gradients to its own network alone.
import * as tf from "@tensorflow/tfjs";
import "@tensorflow/tfjs-backend-webgpu";
import {
  DISCRIMINATOR,
  drawBatch,
  GENERATOR,
  initialWeights,
  SEEDS,
  uniforms,
} from "../contestants/weights.ts";
import { norm } from "../contestants/contestant.ts";
import { operandsOf } from "../contestants/kernel-rows.ts";

const ADAM = [1e-4, 0.9, 0.999, 1e-7];
const EPSILON = 1e-3; // of batch norm, as its momentum Keras's default
const MOMENTUM = 0.99;
const DROPOUT = 0.3;

const variables = (specs, seed) =>
  initialWeights(specs, seed).map((values, i) =>
    tf.variable(tf.tensor(values, specs[i].shape), true),
  );

/** As tf.layers does it in training: batch statistics, and running ones moved towards them. */
function batchNorm(x, gamma, beta, running) {
  const { mean, variance } = tf.moments(x, [...x.shape.keys()].slice(0, -1));
  const move = (average, value) =>
    average.assign(tf.add(tf.mul(average, MOMENTUM), tf.mul(value, 1 - MOMENTUM)));
  move(running.mean, mean);
  move(running.variance, variance);
  return tf.batchNorm(x, mean, variance, beta, gamma, EPSILON);
}

function generatorOf(weights, running, batch) {
  const [dense, g0, b0, f0, g1, b1, f1, g2, b2, f2] = weights;
  return (z) => {
    const norms = [
      [g0, b0],
      [g1, b1],
      [g2, b2],
    ];
    const active = (x, i) => tf.leakyRelu(batchNorm(x, ...norms[i], running[i]), 0.3);
    const up = (x, filter, size, strides) =>
      tf.conv2dTranspose(x, filter, [batch, size, size, filter.shape[2]], strides, "same");
    let x = active(tf.matMul(z, dense), 0);
    x = active(up(tf.reshape(x, [batch, 7, 7, 256]), f0, 7, 1), 1);
    x = active(up(x, f1, 14, 2), 2);
    return tf.tanh(up(x, f2, 28, 2));
  };
}

function discriminatorOf([f0, b0, f1, b1, dense, b2], drop) {
  return (image) => {
    let x = drop(tf.leakyRelu(tf.add(tf.conv2d(image, f0, 2, "same"), b0), 0.3));
    x = drop(tf.leakyRelu(tf.add(tf.conv2d(x, f1, 2, "same"), b1), 0.3));
    return tf.add(tf.matMul(tf.reshape(x, [-1, 7 * 7 * 128]), dense), b2);
  };
}

/**
 * Gradients of several losses from one forward: the engine's own tape, walked once a loss. The public
 * `tf.grads` and `tf.variableGrads` each run a forward of their own.
 */
function gradientsFromOneForward(forward, targets) {
  const engine = tf.engine();
  engine.startTape();
  const losses = forward();
  engine.endTape();
  const tape = engine.state.activeTape;
  const gradients = targets.map((weights, i) => {
    const last = i === targets.length - 1;
    // Each walk frees what the tape saved: all but the last get copies with nothing to free.
    const walked = last ? tape : tape.map((node) => Object.assign({}, node, { saved: [] }));
    return engine.gradients(() => {
      engine.state.activeTape = walked;
      return losses[i];
    }, weights).grads;
  });
  return { losses, gradients };
}

/** Waits until the GPU has done all: what is in the backend's encoder goes to the queue, its pass ended first. */
async function finish(backend) {
  backend.endComputePassEncoder();
  if (backend.commandEncoder) backend.submitQueue();
  await backend.queue.onSubmittedWorkDone();
}

export async function create({ batch, check }) {
  await tf.setBackend("webgpu");
  await tf.ready();
  const weightsG = variables(GENERATOR, SEEDS.generator);
  const weightsD = variables(DISCRIMINATOR, SEEDS.discriminator);
  const running = [7 * 7 * 256, 128, 64].map((channels) => ({
    mean: tf.variable(tf.zeros([channels]), false),
    variance: tf.variable(tf.ones([channels]), false),
  }));
  const generator = generatorOf(weightsG, running, batch);
  const drop = check ? (x) => x : (x) => tf.dropout(x, DROPOUT);
  const discriminator = discriminatorOf(weightsD, drop);
  const [adamG, adamD] = [tf.train.adam(...ADAM), tf.train.adam(...ADAM)];
  const apply = (adam, weights, gradients) =>
    adam.applyGradients(weights.map(({ name }, i) => ({ name, tensor: gradients[i] })));
  const next = uniforms(3);
  let steps = 0;
  let kept = [];

  return {
    datasetBytes: 0,
    async step() {
      tf.dispose(kept);
      const draw = drawBatch(batch, next);
      const latents = check ? Float32Array.from(check.latents[steps]) : draw.latents;
      const images = check ? Float32Array.from(check.images) : draw.images;
      steps += 1;
      kept = tf.tidy(() => {
        const z = tf.tensor(latents, [batch, 100]);
        const real = tf.tensor(images, [batch, 28, 28, 1]);
        const forward = () => {
          const fake = generator(z);
          const [onReal, onFake] = [discriminator(real), discriminator(fake)];
          // Cross-entropy from logits: softplus(−x) for label 1, softplus(x) for label 0.
          const genuine = (logits) => tf.mean(tf.softplus(tf.neg(logits)));
          const lossD = tf.add(genuine(onReal), tf.mean(tf.softplus(onFake)));
          return [lossD, genuine(onFake)];
        };
        const { losses, gradients } = gradientsFromOneForward(forward, [weightsD, weightsG]);
        apply(adamD, weightsD, gradients[0]);
        apply(adamG, weightsG, gradients[1]);
        return check ? [...losses, ...gradients[1], ...gradients[0]] : losses;
      });
      await finish(tf.backend());
    },
    async losses() {
      const [lossD, lossG] = await Promise.all(kept.slice(0, 2).map((loss) => loss.data()));
      return { lossD: lossD[0], lossG: lossG[0] };
    },
    async gradientNorms() {
      const norms = [];
      for (const gradient of kept.slice(2)) norms.push(norm(await gradient.data()));
      return norms;
    },
  };
}

/** One kernel, on operands that are on the device already. */
export async function createKernel(row) {
  await tf.setBackend("webgpu");
  await tf.ready();
  const operands = operandsOf(row);
  const [x, filter, y] = ["x", "filter", "y"].map((name) => tf.tensor(operands[name], row[name]));
  const { strides } = row;
  const launches = {
    matmul: () => tf.matMul(x, filter),
    forward: () => tf.conv2d(x, filter, strides, "same"),
    "data-gradient": () => tf.conv2dTranspose(y, filter, row.x, strides, "same"),
    "filter-gradient": () =>
      tf
        .engine()
        .runKernel(
          tf.Conv2DBackpropFilter,
          { x, dy: y },
          { strides, pad: "same", dataFormat: "NHWC", filterShape: row.filter },
        ),
  };
  let result;
  return {
    async run() {
      result?.dispose();
      result = launches[row.kind]();
      await finish(tf.backend());
    },
    resultNorm: async () => norm(await result.data()),
  };
}
