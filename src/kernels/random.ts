// Random numbers on the device: Philox streams keyed by (seed, step, stream, element).
import type { GpuArray } from "../gpu/array.ts";
import type { Device } from "../gpu/device.ts";
import { AttributeError } from "../gpu/errors.ts";
import { anything, needed } from "./attributes.ts";
import { defineRule, type Rule } from "./rule.ts";

/**
 * A generator: its state (seed low, seed high, step) lives on the device, where `advance` counts
 * steps; its streams are numbered by call order, from 0 each step.
 */
export interface Generator {
  readonly state: GpuArray;
  /** The number of the next stream; a step starts by setting it to 0. */
  nextStream: number;
}

/** A generator from a seed, a whole number in [0, 2⁵³). Throws `AttributeError`. */
export function createGenerator(device: Device, seed: number, step = 0): Generator {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new AttributeError(`seed: must be a whole number in [0, 2^53); got ${seed}`);
  }
  const state = device.persistent([3], "u32", "generator");
  state.write(Uint32Array.of(seed >>> 0, Math.floor(seed / 2 ** 32), step));
  return { state, nextStream: 0 };
}

function fill(
  generator: Generator,
  shape: readonly number[],
  entry: "uniform_noise" | "normal_noise",
  constants: Record<string, number>,
): GpuArray {
  const { device } = generator.state;
  const out = device.empty(shape, "f32", entry);
  device.launch({
    shader: "random",
    entry,
    constants: { ...constants, COUNT: out.size, STREAM: takeStream(generator) },
    bind: { state: generator.state, out },
    workgroups: device.linear(Math.ceil(out.size / 4)),
  });
  return out;
}

function takeStream(generator: Generator): number {
  const stream = generator.nextStream;
  generator.nextStream += 1;
  return stream;
}

/** Uniform in [low, high), 24 random bits each. */
export function uniform(
  generator: Generator,
  shape: readonly number[],
  low = 0,
  high = 1,
): GpuArray {
  return fill(generator, shape, "uniform_noise", { LOW: low, HIGH: high });
}

/** Normal, by Box–Muller. */
export function normal(
  generator: Generator,
  shape: readonly number[],
  mean = 0,
  deviation = 1,
): GpuArray {
  return fill(generator, shape, "normal_noise", { MEAN: mean, DEVIATION: deviation });
}

/** What dropout takes: the share of elements to drop, and where its mask comes from. */
export interface DropoutAttributes {
  /** In [0, 1). */
  readonly rate: number;
  readonly generator: Generator;
}

function drop(x: GpuArray, rate: number, state: GpuArray, stream: number): GpuArray {
  const out = x.device.empty(x.shape, "f32", "dropout");
  x.device.launch({
    shader: "random",
    entry: "dropout",
    constants: { COUNT: x.size, STREAM: stream, RATE: rate, SCALE: 1 / (1 - rate) },
    bind: { state, inp: x, out },
    workgroups: x.device.linear(Math.ceil(x.size / 4)),
    flop: x.size,
  });
  return out;
}

/** Inverted dropout: drops elements at `rate` and scales the rest by 1 / (1 − rate). */
export const dropout: Rule<readonly [GpuArray], DropoutAttributes> = defineRule({
  name: "dropout",
  attributes: {
    rate: needed({
      expects: "a number in [0, 1)",
      accepts: (rate) => typeof rate === "number" && rate >= 0 && rate < 1,
    }),
    generator: needed(anything("a generator: see createGenerator")),
  },
  forward([x], { rate, generator }: DropoutAttributes) {
    const stream = takeStream(generator);
    const out = drop(x, rate, generator.state, stream);
    return { out, saved: { rate, state: generator.state, stream } };
  },
  backward: (dout, { rate, state, stream }) => [drop(dout, rate, state, stream)],
});
