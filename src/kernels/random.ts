// Random numbers on the device: Philox streams keyed by (seed, step, stream, element).
import { checkShape, GpuArray } from "../gpu/array.ts";
import { checkDevice } from "../gpu/check-device.ts";
import type { Device } from "../gpu/device.ts";
import { AttributeError } from "../gpu/errors.ts";
import { show } from "../gpu/foreign-text.ts";
import type { Part } from "../gpu/ranks.ts";
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
 * A source of random numbers. Its state (seed low, seed high, step) is on the device. The numbers drawn depend only on
 * the state and on the draw's number within its step. A compiled step numbers its draws from the same start at each
 * trace, and ends by advancing the state's step. So each run draws different numbers, and a step with a given number
 * always draws the same ones.
 */
export interface Rng {
  readonly state: GpuArray;
  /** The number of the next draw. */
  nextStream: number;
  /**
   * The part of each draw that this rank takes, if ranks share them: together, the ranks draw what one rank would draw
   * for arrays with as many rows as all of theirs.
   */
  readonly part?: Part | undefined;
}

/**
 * Returns the constants of `lib/drawn.wgsl` for a draw of so many elements, in `batches` batches of equal size, one
 * after another.
 */
export function drawnConstants(
  { part }: Rng,
  elements: number,
  batches = 1,
): Readonly<Record<string, number>> {
  if (!part || part.size === 1) return {};
  const own = elements / batches;
  return { DRAWN_PART: own, DRAWN_WHOLE: own * part.size, DRAWN_BEFORE: own * part.rank };
}

/** The number of an Rng's first draw in compiled steps: it follows the draws made before the first trace. */
const firstStreams = new WeakMap<Rng, number>();

/** Accepts an Rng. */
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

/** Creates an Rng from a seed, a whole number in [0, 2⁵³), at a step in [0, 2³²). Throws `AttributeError`. */
export function createRng(device: Device, seed: number, step = 0): Rng {
  checkDevice("createRng", device);
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new AttributeError(
      `createRng: seed must be a whole number in [0, 2^53); got ${show(seed)}`,
    );
  }
  if (!Number.isInteger(step) || step < 0 || step >= 2 ** 32) {
    throw new AttributeError(
      `createRng: step must be a whole number in [0, 2^32); got ${show(step)}`,
    );
  }
  const state = device.persistent([3], "u32", "rng");
  state.write(Uint32Array.of(seed >>> 0, Math.floor(seed / 2 ** 32), step));
  return { state, nextStream: 0 };
}

/** Checks a draw's Rng, shape and numbers, before it takes a stream. */
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
  batches?: number,
): GpuArray {
  const { device } = rng.state;
  const out = device.empty(shape, "f32", entry);
  device.launch({
    shader: "random",
    entry,
    constants: {
      ...constants,
      ...drawnConstants(rng, out.size, batches),
      COUNT: out.size,
      STREAM: takeStream(rng),
    },
    bind: { state: rng.state, out },
    workgroups: device.linear(Math.ceil(out.size / 4)),
  });
  return out;
}

/** Call before a launch that reads an Rng's state. A trace then numbers draws anew and advances the step at its end. */
export function beginStep(rng: Rng): void {
  startStep(rng, true);
}

/** Like `beginStep`, for launches that may read the step after it was advanced: it isn't advanced twice. */
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

/** Takes the number of the next stream, which then belongs to the caller. */
export function takeStream(rng: Rng): number {
  beginStep(rng);
  const stream = rng.nextStream;
  rng.nextStream += 1;
  return stream;
}

/** Returns what `uniform` of autograd/draws.ts does, as a raw array. */
export function uniform(rng: Rng, shape: readonly number[], low = 0, high = 1): GpuArray {
  checkDraw("uniform", rng, shape, { low, high });
  if (low > high) {
    throw new AttributeError(`uniform: low must be at most high; got ${low} and ${high}`);
  }
  return fill(rng, shape, "uniform_noise", { LOW: low, HIGH: high });
}

/** Returns what `normal` of autograd/draws.ts does, as a raw array that holds `batches` batches of equal size. */
export function normal(
  rng: Rng,
  shape: readonly number[],
  mean = 0,
  deviation = 1,
  batches = 1,
): GpuArray {
  checkDraw("normal", rng, shape, { mean });
  checkDraw("normal", rng, shape, { deviation }, finite(0));
  return fill(rng, shape, "normal_noise", { MEAN: mean, DEVIATION: deviation }, batches);
}

/** Returns what `bernoulli` of autograd/draws.ts does, as a raw array. */
export function bernoulli(rng: Rng, shape: readonly number[], probability: number): GpuArray {
  checkDraw("bernoulli", rng, shape, { probability }, finite(0, 1));
  return fill(rng, shape, "bernoulli_noise", { PROBABILITY: probability });
}

/** The attributes of `dropout`. */
export interface DropoutAttributes {
  /** The fraction of elements to drop, in [0, 1). */
  readonly rate: number;
  /** Where the mask comes from: see `createRng`. */
  readonly rng: Rng;
  /** How many batches of equal size the input holds, one after another (1): ranks share each batch's mask. */
  readonly batches?: number;
}

/** The checks of dropout's attributes. */
export const dropoutChecks: Checks<DropoutAttributes> = {
  rate: needed(belowOne),
  rng: needed(isRng),
  batches: extent(1),
};

/** What forward and backward share: they must draw the same mask. */
interface Mask {
  readonly state: GpuArray;
  readonly constants: Readonly<Record<string, number>>;
}

function drop(x: GpuArray, { state, constants }: Mask): GpuArray {
  const out = x.device.empty(x.shape, "f32", "dropout");
  x.device.launch({
    shader: "random",
    entry: "dropout",
    constants: { ...constants, COUNT: x.size },
    bind: { state, inp: x, out },
    workgroups: x.device.linear(Math.ceil(x.size / 4)),
    flop: x.size,
  });
  return out;
}

/** Inverted dropout: sets elements to 0 at `rate` and scales the rest by 1 / (1 − rate). */
export const dropout: Op<readonly [GpuArray], DropoutAttributes> = defineOp({
  name: "dropout",
  attributes: dropoutChecks,
  forward([x], { rate, rng, batches }: DropoutAttributes) {
    const own = { STREAM: takeStream(rng), RATE: rate, SCALE: 1 / (1 - rate) };
    const constants = { ...own, ...drawnConstants(rng, x.size, batches) };
    const mask: Mask = { state: rng.state, constants };
    return { out: drop(x, mask), saved: mask };
  },
  backward: (dout, mask) => [drop(dout, mask)],
});
