// The reference's training step of the recipe `dcgan`, at narrow widths.
import { expect, test } from "vitest";
import { adamStep } from "../../proof/reference/adam.ts";
import { createRandom, dot, randomRef, type Ref, refOf, zip } from "../../proof/reference/array.ts";
import {
  DCGAN,
  type DcganBatch,
  type DcganConfig,
  dcganSample,
  type DcganState,
  dcganStep,
  DISCRIMINATOR_NAMES,
  discriminatorShapes,
  GENERATOR_NAMES,
  generatorShapes,
  initialState,
} from "../../proof/reference/dcgan.ts";
import { mapNames } from "../../proof/reference/network.ts";
import { keepMask } from "../../proof/reference/philox.ts";

const config: DcganConfig = { ...DCGAN, latent: 5, generator: [4, 3, 2], discriminator: [3, 4] };
const N = 3;
const random = createRandom(3);
const state = randomState();
const batch = randomBatch();
const result = dcganStep(config, state, batch);

function randomState(): DcganState {
  const near = (centre: number, spread: number, shape: readonly number[]): Ref =>
    randomRef(shape, random, centre - spread, centre + spread);
  const draw = (name: string, shape: readonly number[]): Ref =>
    name.endsWith("gamma") ? near(1, 0.2, shape) : near(0, 0.3, shape);
  const [g, d] = [generatorShapes(config), discriminatorShapes(config)];
  return initialState(
    mapNames(GENERATOR_NAMES, (name) => draw(name, g[name])),
    mapNames(DISCRIMINATOR_NAMES, (name) => draw(name, d[name])),
  );
}

function randomBatch(): DcganBatch {
  const mask = (stream: number, size: number, channels: number): Ref => {
    const shape = [N, size, size, channels];
    const count = N * size * size * channels;
    return refOf(shape, keepMask(count, 0.3, { seed: [9, 0], step: 0, stream, domain: 2 }));
  };
  const [c0, c1] = config.discriminator;
  return {
    z: randomRef([N, config.latent], random, -2, 2),
    real: randomRef([N, 28, 28, 1], random),
    realMasks: [mask(0, 14, c0), mask(1, 7, c1)],
    fakeMasks: [mask(2, 14, c0), mask(3, 7, c1)],
  };
}

/** (loss(w + h·direction) − loss(w − h·direction)) / 2h. */
function measuredSlope(loss: (step: number) => number): number {
  const h = 1e-6;
  return (loss(h) - loss(-h)) / (2 * h);
}

const shifted = (x: Ref, direction: Ref, step: number): Ref =>
  zip(x, direction, (a, b) => a + step * b);

test.each(GENERATOR_NAMES)("lossG's gradient by the generator's %s", (name) => {
  const { weights } = state.generator;
  const direction = randomRef(weights[name].shape, random);
  const slope = measuredSlope((step) => {
    const moved = { ...weights, [name]: shifted(weights[name], direction, step) };
    const generator = { ...state.generator, weights: moved };
    return dcganStep(config, { ...state, generator }, batch).lossG;
  });
  expect(Math.abs(slope)).toBeGreaterThan(1e-4);
  expect(dot(result.generatorGrads[name], direction) / slope).toBeCloseTo(1, 5);
});

test.each(DISCRIMINATOR_NAMES)("lossD's gradient by the discriminator's %s", (name) => {
  const { weights } = state.discriminator;
  const direction = randomRef(weights[name].shape, random);
  const slope = measuredSlope((step) => {
    const moved = { ...weights, [name]: shifted(weights[name], direction, step) };
    const discriminator = { ...state.discriminator, weights: moved };
    return dcganStep(config, { ...state, discriminator }, batch).lossD;
  });
  expect(Math.abs(slope)).toBeGreaterThan(1e-4);
  expect(dot(result.discriminatorGrads[name], direction) / slope).toBeCloseTo(1, 5);
});

test("both losses come from the same verdict on the fake images", () => {
  const softplus = (x: number): number => Math.log(1 + Math.exp(x));
  const mean = (x: Ref, f: (x: number) => number): number =>
    x.data.reduce((total, value) => total + f(value), 0) / x.data.length;
  const realPart = mean(result.realLogits, (x) => softplus(-x));
  expect(result.lossD).toBeCloseTo(realPart + mean(result.fakeLogits, softplus), 12);
  expect(result.lossG).toBeCloseTo(
    mean(result.fakeLogits, (x) => softplus(-x)),
    12,
  );
});

test("each pass through the discriminator has its own masks", () => {
  const otherReal = dcganStep(config, state, { ...batch, realMasks: batch.fakeMasks });
  expect(otherReal.realLogits).not.toEqual(result.realLogits);
  expect(otherReal.fakeLogits).toEqual(result.fakeLogits);
  const otherFake = dcganStep(config, state, { ...batch, fakeMasks: batch.realMasks });
  expect(otherFake.realLogits).toEqual(result.realLogits);
  expect(otherFake.fakeLogits).not.toEqual(result.fakeLogits);
});

test("every weight and moment is Adam's first step from the old weights", () => {
  for (const name of GENERATOR_NAMES) {
    const { weights, m, v } = state.generator;
    const slot = { x: weights[name], m: m[name], v: v[name] };
    const next = adamStep(slot, result.generatorGrads[name], 1, config.adam);
    expect(result.state.generator.weights[name]).toEqual(next.x);
    expect(result.state.generator.m[name]).toEqual(next.m);
    expect(result.state.generator.v[name]).toEqual(next.v);
  }
  for (const name of DISCRIMINATOR_NAMES) {
    const { weights, m, v } = state.discriminator;
    const slot = { x: weights[name], m: m[name], v: v[name] };
    const next = adamStep(slot, result.discriminatorGrads[name], 1, config.adam);
    expect(result.state.discriminator.weights[name]).toEqual(next.x);
    expect(result.state.discriminator.m[name]).toEqual(next.m);
    expect(result.state.discriminator.v[name]).toEqual(next.v);
  }
  expect(result.state.step).toBe(1);
});

test("running statistics move by 1 − momentum, with one forward pass", () => {
  const [first] = result.state.running;
  const kernel = state.generator.weights["dense.kernel"];
  const feature = (n: number): number =>
    [0, 1, 2, 3, 4].reduce(
      (total, i) => total + batch.z.data[n * 5 + i]! * kernel.data[i * kernel.shape[1]!]!,
      0,
    );
  const values = [feature(0), feature(1), feature(2)];
  const mean = values.reduce((a, b) => a + b, 0) / N;
  const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / N;
  expect(first.mean.data[0]).toBeCloseTo(0.01 * mean, 12);
  expect(first.variance.data[0]).toBeCloseTo(0.99 + 0.01 * variance, 12);
});

test("samples use the running statistics, each image by itself", () => {
  const { weights } = state.generator;
  const all = dcganSample(config, weights, result.state.running, batch.z);
  expect(all.shape).toEqual([N, 28, 28, 1]);
  const one = refOf([1, 5], batch.z.data.subarray(5, 10));
  const alone = dcganSample(config, weights, result.state.running, one);
  expect([...alone.data]).toEqual([...all.data.subarray(784, 1568)]);
  expect([...all.data]).not.toEqual([...result.fake.data]);
});

test("a second step goes on from the first's weights, moments and statistics", () => {
  const second = dcganStep(config, result.state, batch);
  expect(second.state.step).toBe(2);
  for (const name of DISCRIMINATOR_NAMES) {
    const { weights, m, v } = result.state.discriminator;
    const slot = { x: weights[name], m: m[name], v: v[name] };
    const next = adamStep(slot, second.discriminatorGrads[name], 2, config.adam);
    expect(second.state.discriminator.weights[name]).toEqual(next.x);
  }
  const [before, after] = [result.state.running[2], second.state.running[2]];
  expect(after.mean).not.toEqual(before.mean);
});
