// The dcgan's training step in jax-js 0.1.25 on WebGPU: one jitted function, in its own layout (NCHW), in
// which one generator forward and one pass over the fakes serve both losses. First weights are laid out on
// the host so that the step itself transposes and flips nothing.
import {
  blockUntilReady,
  init,
  defaultDevice,
  jit,
  lax,
  nn,
  numpy as np,
  random,
  tree,
  vjp,
} from "@jax-js/jax";
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

const RATE = 1e-4;
const [BETA1, BETA2, ADAM_EPSILON] = [0.9, 0.999, 1e-7];
const EPSILON = 1e-3; // of batch norm, as its momentum Keras's default
const MOMENTUM = 0.99;
const KEPT = 0.7; // by dropout

/** A parameter's values in Keras's layout, as this library wants them: its shape, and where each comes from. */
function relaid({ name, shape }) {
  if (shape.length === 4) {
    // Filters are (out, in, height, width). A transposed convolution here doesn't turn its filter around,
    // Keras's does: it is laid down turned around once.
    const [height, width, a, b] = shape;
    const turned = name.startsWith("conv_transpose2d");
    const [outs, ins] = turned ? [a, b] : [b, a];
    const from = (out, inp, y, x) =>
      turned
        ? (((height - 1 - y) * width + (width - 1 - x)) * a + out) * b + inp
        : ((y * width + x) * a + inp) * b + out;
    return { shape: [outs, ins, height, width], from };
  }
  // The 7×7 images between dense layers and convolutions: channels first here, last in Keras.
  if (shape.at(-1) === 7 * 7 * 256) {
    const moved = (i) => (i % 49) * 256 + Math.floor(i / 49);
    const rows = shape.length === 2 ? shape[0] : 1;
    return { shape, rows, from: (row, i) => row * 7 * 7 * 256 + moved(i) };
  }
  if (shape[0] === 7 * 7 * 128) {
    return { shape, rows: 1, from: (_, i) => (i % 49) * 128 + Math.floor(i / 49) };
  }
  return { shape, rows: 1, from: (_, i) => i };
}

function laidOut(values, spec) {
  const { shape, rows, from } = relaid(spec);
  const out = new Float32Array(values.length);
  let at = 0;
  if (rows === undefined) {
    const [outs, ins, height, width] = shape;
    for (let o = 0; o < outs; o += 1)
      for (let i = 0; i < ins; i += 1)
        for (let y = 0; y < height; y += 1)
          for (let x = 0; x < width; x += 1) out[at++] = values[from(o, i, y, x)];
  } else {
    for (let row = 0; row < rows; row += 1)
      for (let i = 0; i < values.length / rows; i += 1) out[at++] = values[from(row, i)];
  }
  return np.array(out, { shape });
}

const parameters = (specs, seed) =>
  initialWeights(specs, seed).map((values, i) => laidOut(values, specs[i]));

/** Batch norm of a training step; gives the batch's mean and variance too. Consumes its arguments. */
function batchNorm(x, gamma, beta) {
  const axes = x.ndim === 4 ? [0, 2, 3] : [0];
  const spread = (v) => (x.ndim === 4 ? v.reshape([1, -1, 1, 1]) : v.reshape([1, -1]));
  const scale = spread(gamma);
  const shift = spread(beta);
  const mean = np.mean(x.ref, axes, { keepdims: true });
  const centred = x.sub(mean.ref);
  const variance = np.mean(np.square(centred.ref), axes, { keepdims: true });
  const factor = scale.div(np.sqrt(variance.ref.add(EPSILON)));
  return [centred.mul(factor).add(shift), [lax.stopGradient(mean), lax.stopGradient(variance)]];
}

function generator([dense, g0, b0, f0, g1, b1, f1, g2, b2, f2], z) {
  const statistics = [];
  const active = (x, gamma, beta) => {
    const [y, moments] = batchNorm(x, gamma, beta);
    statistics.push(moments.map((moment) => moment.reshape([-1])));
    return nn.leakyRelu(y, 0.3);
  };
  const up = (x, filter, strides) => lax.convTranspose(x, filter, [strides, strides], "SAME");
  let x = active(np.matmul(z, dense), g0, b0).reshape([-1, 256, 7, 7]);
  x = active(up(x, f0, 1), g1, b1);
  x = active(up(x, f1, 2), g2, b2);
  return [np.tanh(up(x, f2, 2)), statistics];
}

function discriminator([f0, b0, f1, b1, dense, b2], image, masks) {
  const layer = (x, filter, bias, mask) => {
    const sum = lax.conv(x, filter, [2, 2], "SAME").add(bias.reshape([1, -1, 1, 1]));
    const y = nn.leakyRelu(sum, 0.3);
    return mask ? y.mul(mask) : y;
  };
  let x = layer(image, f0, b0, masks?.[0]);
  x = layer(x, f1, b1, masks?.[1]);
  return np.matmul(x.reshape([-1, 7 * 7 * 128]), dense).add(b2);
}

function adam(weights, gradients, { m, v, beta1, beta2 }) {
  const [decay1, decay2] = [beta1.mul(BETA1), beta2.mul(BETA2)];
  const rate = np.sqrt(np.array(1).sub(decay2.ref)).div(np.array(1).sub(decay1.ref));
  const epsilon = np.sqrt(np.array(1).sub(decay2.ref)); // ε stands beside √v̂, not beside √v
  const next = weights.map((weight, i) => {
    const first = m[i].mul(BETA1).add(gradients[i].ref.mul(1 - BETA1));
    const second = v[i].mul(BETA2).add(np.square(gradients[i]).mul(1 - BETA2));
    const root = np.sqrt(second.ref).add(epsilon.ref.mul(ADAM_EPSILON));
    const moved = weight.sub(first.ref.mul(rate.ref).div(root).mul(RATE));
    return [moved, first, second];
  });
  rate.dispose();
  epsilon.dispose();
  return [
    next.map(([weight]) => weight),
    {
      m: next.map(([, first]) => first),
      v: next.map(([, , second]) => second),
      beta1: decay1,
      beta2: decay2,
    },
  ];
}

const freshMoments = (weights) => ({
  m: weights.map(({ shape }) => np.zeros(shape)),
  v: weights.map(({ shape }) => np.zeros(shape)),
  beta1: np.array(1),
  beta2: np.array(1),
});

/** Masks for the real and the fake images, from one key each: 1/kept or 0. */
function masksFrom(key, batch) {
  const shapes = [
    [batch, 64, 14, 14],
    [batch, 128, 7, 7],
  ];
  const keys = random.split(key, 4);
  const masks = [0, 1, 2, 3].map((i) => {
    const own = i === 3 ? keys : keys.ref;
    return random
      .bernoulli(own.slice(i), KEPT, shapes[i % 2])
      .astype(np.float32)
      .mul(1 / KEPT);
  });
  return [masks.slice(0, 2), masks.slice(2)];
}

function stepFunction(batch, checked) {
  return jit(({ weightsG, weightsD, adamG, adamD, running }, latents, real, key) => {
    let masks = [undefined, undefined];
    if (checked) key.dispose();
    else masks = masksFrom(key, batch);
    const [fake, backG, statistics] = vjp(
      (weights) => generator(weights, latents),
      [tree.ref(weightsG)],
      { hasAux: true },
    );
    const [onReal, backReal] = vjp(
      (weights) => discriminator(weights, real, masks[0]),
      [tree.ref(weightsD)],
    );
    const [onFake, backFake] = vjp(
      (weights, image) => discriminator(weights, image, masks[1]),
      [tree.ref(weightsD), fake],
    );
    // Cross-entropy from logits: softplus(−x) for label 1, softplus(x) for label 0; and what they pass back.
    const genuine = (logits) => np.mean(nn.softplus(logits.neg()));
    const lossD = genuine(onReal.ref).add(np.mean(nn.softplus(onFake.ref)));
    const lossG = genuine(onFake.ref);
    const towardsReal = (logits) =>
      nn
        .sigmoid(logits)
        .sub(1)
        .mul(1 / batch);
    const [fromReal] = backReal(towardsReal(onReal));
    const [fromFake, unused] = backFake(nn.sigmoid(onFake.ref).mul(1 / batch));
    const [unusedToo, towardsG] = backFake(towardsReal(onFake));
    tree.dispose([unused, unusedToo]);
    const [gradientsG] = backG(towardsG);
    const gradientsD = fromReal.map((gradient, i) => gradient.add(fromFake[i]));
    for (const each of [backG, backReal, backFake]) each.dispose();

    const kept = checked ? tree.ref([...gradientsG, ...gradientsD]) : [];
    const [nextG, nextAdamG] = adam(weightsG, gradientsG, adamG);
    const [nextD, nextAdamD] = adam(weightsD, gradientsD, adamD);
    const move = (average, value) => average.mul(MOMENTUM).add(value.mul(1 - MOMENTUM));
    return {
      state: {
        weightsG: nextG,
        weightsD: nextD,
        adamG: nextAdamG,
        adamD: nextAdamD,
        running: running.map((pair, i) =>
          pair.map((average, j) => move(average, statistics[i][j])),
        ),
      },
      losses: [lossD, lossG],
      gradients: kept,
    };
  });
}

async function start() {
  const ready = await init("webgpu");
  if (!ready.includes("webgpu")) throw new Error("jax-js found no WebGPU");
  defaultDevice("webgpu");
}

export async function create({ batch, check }) {
  await start();
  const weightsG = parameters(GENERATOR, SEEDS.generator);
  const weightsD = parameters(DISCRIMINATOR, SEEDS.discriminator);
  let state = {
    weightsG,
    weightsD,
    adamG: freshMoments(weightsG),
    adamD: freshMoments(weightsD),
    running: [7 * 7 * 256, 128, 64].map((n) => [np.zeros([n]), np.ones([n])]),
  };
  await blockUntilReady(state);
  const run = stepFunction(batch, check !== undefined);
  const next = uniforms(3);
  let steps = 0;
  let losses = [];
  let gradients = [];
  return {
    datasetBytes: 0,
    async step() {
      tree.dispose([losses, gradients]);
      const draw = drawBatch(batch, next);
      const latents = check ? Float32Array.from(check.latents[steps]) : draw.latents;
      const images = check ? Float32Array.from(check.images) : draw.images;
      const z = np.array(latents, { shape: [batch, 100] });
      const real = np.array(images, { shape: [batch, 1, 28, 28] });
      ({ state, losses, gradients } = run(state, z, real, random.key(steps)));
      steps += 1;
      // One launch queue: the losses are ready when all is. The new state must be kept, or work is dropped.
      await blockUntilReady(losses);
    },
    async losses() {
      const [lossD, lossG] = await Promise.all(losses.map((loss) => loss.ref.data()));
      return { lossD: lossD[0], lossG: lossG[0] };
    },
    async gradientNorms() {
      const norms = [];
      for (const gradient of gradients) norms.push(norm(await gradient.ref.data()));
      return norms;
    },
  };
}

/** A convolution's operand in this library's layout, channels first. */
function channelsFirst(values, [batch, height, width, channels]) {
  const plane = height * width;
  const out = new Float32Array(values.length);
  for (let n = 0; n < batch; n += 1)
    for (let c = 0; c < channels; c += 1)
      for (let i = 0; i < plane; i += 1)
        out[(n * channels + c) * plane + i] = values[(n * plane + i) * channels + c];
  return np.array(out, { shape: [batch, channels, height, width] });
}

/** One jitted kernel, on operands that are on the device already. */
export async function createKernel(row) {
  await start();
  const { x, filter, y } = operandsOf(row);
  const image = row.kind === "matmul" ? (v, shape) => np.array(v, { shape }) : channelsFirst;
  const operands = {
    x: image(x, row.x),
    filter:
      row.kind === "matmul"
        ? image(filter, row.filter)
        : laidOut(filter, { name: "conv2d", shape: row.filter }),
    y: image(y, row.y),
  };
  await blockUntilReady(operands);
  const convolve = (a, b) => lax.conv(a, b, [row.strides, row.strides], "SAME");
  /** The gradient towards one operand: what is computed forward besides is dropped by `jit`. */
  const towards = (which) => (a, b, out) => {
    const fixed = which === "x" ? b : a;
    const other = which === "x" ? a : b;
    const [value, back] = vjp(
      (moving) => (which === "x" ? convolve(moving, fixed) : convolve(fixed, moving)),
      [other],
    );
    value.dispose();
    const [gradient] = back(out);
    back.dispose();
    return gradient;
  };
  const dropping = (f) => (a, b, out) => {
    out.dispose();
    return f(a, b);
  };
  const launch = jit(
    {
      matmul: dropping(np.matmul),
      forward: dropping(convolve),
      "data-gradient": towards("x"),
      "filter-gradient": towards("filter"),
    }[row.kind],
  );
  let result;
  return {
    async run() {
      result?.dispose();
      result = launch(operands.x.ref, operands.filter.ref, operands.y.ref);
      await blockUntilReady(result);
    },
    resultNorm: async () => norm(await result.ref.data()),
  };
}
