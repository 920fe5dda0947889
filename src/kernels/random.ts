// Random numbers on the device: Philox streams keyed by (seed, step, stream, element).
import { checkShape, GpuArray } from "../gpu/array.ts";
import { checkDevice } from "../gpu/check-device.ts";
import type { Device } from "../gpu/device.ts";
import { AttributeError } from "../gpu/errors.ts";
import { show } from "../gpu/foreign-text.ts";
import {
  belowOne,
  type Check,
  checkAttributes,
  extent,
  type Checks,
  finite,
  needed,
} from "./attributes.ts";
import { advance } from "./counters.ts";
import { defineOp, type Op } from "./op.ts";

/**
 * An Rng: its state (seed low, seed high, step) lives on the device; what is drawn follows from it, from the draw's
 * number in its step, and from nothing else. A compiled step counts its draws from where it began to, and ends by
 * counting the state's step up: each run draws other numbers, and those of a step are the same whenever it is run.
 */
export interface Rng {
  readonly state: GpuArray;
  /** The number of the next draw. */
  nextStream: number;
}

/** Where compiled steps begin to count an Rng's draws: behind those that were made before any was traced. */
const firstStreams = new WeakMap<Rng, number>();

/** What can be drawn from. */
export const isRng: Check = {
  expects: "an Rng: see createRng",
  accepts: (value) =>
    typeof value === "object" &&
    value !== null &&
    "state" in value &&
    value.state instanceof GpuArray &&
    value.state.dtype === "u32" &&
    "nextStream" in value &&
    extent(0).accepts(value.nextStream),
};

/** An Rng from a seed, a whole number in [0, 2⁵³), at a step in [0, 2³²). Throws `AttributeError`. */
export function createRng(device: Device, seed: number, step = 0): Rng {
  checkDevice("createRng", device);
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new AttributeError(`seed: must be a whole number in [0, 2^53); got ${show(seed)}`);
  }
  if (!Number.isInteger(step) || step < 0 || step >= 2 ** 32) {
    throw new AttributeError(`step: must be a whole number in [0, 2^32); got ${show(step)}`);
  }
  const state = device.persistent([3], "u32", "rng");
  state.write(Uint32Array.of(seed >>> 0, Math.floor(seed / 2 ** 32), step));
  return { state, nextStream: 0 };
}

/** The checks that every draw makes before it takes a stream: of its rng, shape and numbers. */
function checkDraw(
  op: string,
  rng: Rng,
  shape: readonly number[],
  numbers: Readonly<Record<string, number>>,
  check: Check = finite(),
): void {
  checkAttributes(op, { rng }, { rng: needed(isRng) });
  checkShape(op, shape);
  for (const [name, value] of Object.entries(numbers)) {
    checkAttributes(op, { [name]: value }, { [name]: needed(check) });
  }
}

function fill(
  rng: Rng,
  shape: readonly number[],
  entry: "uniform_noise" | "normal_noise" | "bernoulli_noise",
  constants: Record<string, number>,
): GpuArray {
  const { device } = rng.state;
  const out = device.empty(shape, "f32", entry);
  device.launch({
    shader: "random",
    entry,
    constants: { ...constants, COUNT: out.size, STREAM: takeStream(rng) },
    bind: { state: rng.state, out },
    workgroups: device.linear(Math.ceil(out.size / 4)),
  });
  return out;
}

/** To be called before a launch reads an Rng's state: a trace then counts its draws anew, and ends its step. */
export function beginStep(rng: Rng): void {
  startStep(rng, true);
}

/** The same for what reads the step and may come behind the launch that counts it: it isn't counted twice. */
export function readStep(rng: Rng): void {
  startStep(rng, false);
}

function startStep(rng: Rng, again: boolean): void {
  const { device } = rng.state;
  if (!device.atTraceEnd(rng, () => advance(device, [], rng), again)) return;
  const first = firstStreams.get(rng) ?? rng.nextStream;
  firstStreams.set(rng, first);
  rng.nextStream = first;
}

/** The number of the next stream, which is the caller's now. */
export function takeStream(rng: Rng): number {
  beginStep(rng);
  const stream = rng.nextStream;
  rng.nextStream += 1;
  return stream;
}

/** What `uniform` of autograd/draws.ts gives, as an array. */
export function uniform(rng: Rng, shape: readonly number[], low = 0, high = 1): GpuArray {
  checkDraw("uniform", rng, shape, { low, high });
  if (low > high) {
    throw new AttributeError(`uniform: low must be at most high; got ${low} and ${high}`);
  }
  return fill(rng, shape, "uniform_noise", { LOW: low, HIGH: high });
}

/** What `normal` of autograd/draws.ts gives, as an array. */
export function normal(rng: Rng, shape: readonly number[], mean = 0, deviation = 1): GpuArray {
  checkDraw("normal", rng, shape, { mean });
  checkDraw("normal", rng, shape, { deviation }, finite(0));
  return fill(rng, shape, "normal_noise", { MEAN: mean, DEVIATION: deviation });
}

/** What `bernoulli` of autograd/draws.ts gives, as an array. */
export function bernoulli(rng: Rng, shape: readonly number[], probability: number): GpuArray {
  checkDraw("bernoulli", rng, shape, { probability }, finite(0, 1));
  return fill(rng, shape, "bernoulli_noise", { PROBABILITY: probability });
}

/** What dropout takes. */
export interface DropoutAttributes {
  /** The share of elements to drop, in [0, 1). */
  readonly rate: number;
  /** Where the mask comes from: see `createRng`. */
  readonly rng: Rng;
}

/** What dropout's attributes may be. */
export const dropoutChecks: Checks<DropoutAttributes> = {
  rate: needed(belowOne),
  rng: needed(isRng),
};

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
export const dropout: Op<readonly [GpuArray], DropoutAttributes> = defineOp({
  name: "dropout",
  attributes: dropoutChecks,
  forward([x], { rate, rng }: DropoutAttributes) {
    const stream = takeStream(rng);
    const out = drop(x, rate, rng.state, stream);
    return { out, saved: { rate, state: rng.state, stream } };
  },
  backward: (dout, { rate, state, stream }) => [drop(dout, rate, state, stream)],
});
