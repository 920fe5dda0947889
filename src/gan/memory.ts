// Computes the memory that training a recipe needs, before anything is allocated, and the largest batch that fits.
import { formatShape, locate } from "../gpu/array.ts";
import type { Trace } from "../gpu/dispatch.ts";
import { GpuError, MemoryError, UsageError } from "../gpu/errors.ts";
import { mostBytes, type ArrayLimits } from "../gpu/limits.ts";
import { paperDevice, type AdapterFacts } from "../gpu/paper-device.ts";
import { planTrace, type Plan } from "../gpu/plan.ts";
import { MOST_SHARDS } from "../kernels/dataset.ts";
import type { ActivationType } from "../kernels/epilogue-attributes.ts";
import { layOutGan, type Images } from "./gan.ts";
import type { Recipe } from "./recipe.ts";
import { standInSize } from "./stand-in.ts";
import { trainingStep } from "./step.ts";

/** An adapter, and where its kernels come from. */
export interface TrainingAdapter {
  readonly adapter: AdapterFacts;
  readonly software: boolean;
  readonly shaderText: (path: string) => string;
  /** The bytes that all arrays together may take, if known. A software adapter has the machine's memory. */
  readonly memory?: number | undefined;
}

/** What to train. */
export interface Training {
  readonly recipe: Recipe;
  readonly data: Pick<Images, "count" | "height" | "width" | "channels">;
  readonly batch: number;
  readonly activationType?: ActivationType;
}

/** Returns a training on stand-ins for images, one batch of them. Tuning and timing run it. */
export function standInTraining(recipe: Recipe, batch: number): Training {
  return { recipe, batch, data: { count: batch, ...standInSize(recipe) } };
}

/** The memory that a training needs. */
interface Demand {
  /** The largest array, in words, and its bytes. It has to be bound whole. */
  readonly largest: { readonly what: string; readonly bytes: number };
  readonly largestBuffer: number;
  readonly total: number;
}

/**
 * Returns the limits that a training needs of a device. Throws `UsageError` if the batch is too large, with the largest
 * that fits; `MemoryError` if none fits.
 */
export function limitsForTraining(on: TrainingAdapter, training: Training): ArrayLimits {
  const demand = demandOf(on, training);
  const trouble = troubleOf(on, demand);
  if (typeof demand !== "string" && trouble === undefined) {
    return {
      maxStorageBufferBindingSize: demand.largest.bytes,
      maxBufferSize: demand.largestBuffer,
    };
  }
  const { recipe, data, batch } = training;
  const fits = largestBatch(on, training, demand);
  if (fits > 0) {
    throw new UsageError(
      `batch: ${batch} is too large for recipe ${recipe.name} on this adapter: ${trouble}; the largest batch that fits is ${fits}`,
    );
  }
  const images = imagesThatFit(on, training, demand);
  throw new MemoryError(
    images < data.count
      ? `data: ${trouble}; ${images > 0 ? `leave some images out (at most ${images} fit)` : "use smaller images"}, or choose another adapter`
      : `recipe ${recipe.name}: ${trouble}, whatever the batch; use smaller widths, or choose another adapter`,
  );
}

/** What errors call an array of the dataset. */
const DATASET = "an array of the dataset";

/** Returns how many images fit, if it is the dataset that doesn't; else as many as there are. */
function imagesThatFit(
  { adapter, memory = Infinity }: TrainingAdapter,
  { data: { count, height, width, channels = 1 } }: Training,
  demand: Demand | string,
): number {
  if (typeof demand === "string") return count;
  const most = mostBytes(adapter.limits);
  const each = height * width * channels;
  if (demand.largest.what === DATASET && demand.largest.bytes > most) {
    return MOST_SHARDS * Math.floor(most / each);
  }
  if (demand.total <= memory) return count;
  const others = demand.total - count * each;
  return Math.floor((memory - others) / each);
}

/** Returns why a demand can't be met, or undefined if it can. */
function troubleOf(
  { adapter, memory = Infinity }: TrainingAdapter,
  demand: Demand | string,
): string | undefined {
  if (typeof demand === "string") return demand;
  const { largest, largestBuffer, total } = demand;
  const most = mostBytes(adapter.limits);
  if (largest.bytes > most) {
    return `${largest.what} takes ${largest.bytes} bytes, and the adapter binds at most ${most} at once`;
  }
  if (largestBuffer > adapter.limits.maxBufferSize) {
    return `a buffer of ${largestBuffer} bytes is needed, and the adapter's largest has ${adapter.limits.maxBufferSize}`;
  }
  if (total > memory) {
    return `all arrays together take ${total} bytes, and there is memory for ${memory}`;
  }
  return undefined;
}

/** Returns the largest batch below the requested one that fits; 0 if none does. */
function largestBatch(on: TrainingAdapter, training: Training, demand: Demand | string): number {
  const fitsAt = (batch: number): boolean => {
    // If the data is one batch of stand-ins, as in tuning, it shrinks with the batch.
    const count = training.data.count === training.batch ? batch : training.data.count;
    const smaller = { ...training, batch, data: { ...training.data, count } };
    return troubleOf(on, demandOf(on, smaller)) === undefined;
  };
  if (training.batch === 1 || !fitsAt(1)) return 0;
  const most = mostBytes(on.adapter.limits);
  let [fits, fails] = [1, Math.min(training.batch, most)]; // an image takes at least one byte
  // Nearly all arrays are proportional to the batch, so the first guess is usually right, and the next one confirms it.
  const bytes = typeof demand === "string" ? Infinity : demand.largest.bytes;
  let guess = Math.floor((training.batch / bytes) * most);
  for (; fails - fits > 1; guess += 1) {
    const near = guess > fits && guess < fails && guess - fits <= 1;
    const first = fits === 1 && guess > 1 && guess < fails;
    const batch = near || first ? guess : Math.floor((fits + fails) / 2);
    if (fitsAt(batch)) fits = batch;
    else fails = batch;
  }
  return fits;
}

/** Returns what a training needs, or the reason that it can't be planned, if that isn't memory. */
function demandOf(on: TrainingAdapter, training: Training): Demand | string {
  try {
    return counted(on, training);
  } catch (error) {
    if (!(error instanceof GpuError)) throw error;
    // A launch would have too many workgroups. Usually arrays are too large then, which is the more useful reason.
    const demand = counted(on, training, Infinity);
    return troubleOf(on, demand) === undefined ? error.message : demand;
  }
}

function counted(
  on: TrainingAdapter,
  { recipe, data, batch, activationType = "f32" }: Training,
  maxWorkgroups?: number,
): Demand {
  const { device, buffers } = paperDevice(on.adapter, on);
  device.maxWorkgroups = maxWorkgroups ?? device.maxWorkgroups;
  const shardBytes = mostBytes(on.adapter.limits);
  const gan = layOutGan(device, recipe, data, { seed: 0, batch, activationType, shardBytes });
  device.trim();
  const state = [...buffers];
  let largest = { what: "", bytes: 0 };
  for (const { label, size } of state) {
    const what = label === "dataset" ? DATASET : label;
    if (size > largest.bytes) largest = { what, bytes: size };
  }
  let slots: readonly number[] = [];
  let outputs = 0;
  const { last } = gan.plan;
  for (const count of new Set([batch, last])) {
    let scalars;
    const trace = device.record("step", () => {
      ({ scalars } = trainingStep(gan, count));
    });
    const options = { share: true, available: slots, mostBytes: on.adapter.limits.maxBufferSize };
    const plan = planTrace(trace, scalars ? [scalars] : [], options);
    const found = largestOf(trace, plan);
    if (found.bytes > largest.bytes) largest = found;
    slots = plan.slots;
    outputs += plan.outputs.reduce((sum, { bytes }) => sum + bytes, 0);
  }
  return {
    largest,
    largestBuffer: Math.max(largest.bytes, ...slots),
    total: state.reduce((sum, { size }) => sum + size, 0) + slots.reduce((a, b) => a + b, outputs),
  };
}

/** Returns the largest temporary of a trace. */
function largestOf({ temporaries }: Trace, { dispatches }: Plan): Demand["largest"] {
  let largest = { what: "", bytes: 0 };
  for (const { label, bindings } of dispatches) {
    for (const { array, access } of bindings) {
      const { root } = locate(array.storage, 0);
      if (!temporaries.has(root) || access === "read" || root.bytes <= largest.bytes) continue;
      largest = { what: `the result ${formatShape(array.shape)} of ${label}`, bytes: root.bytes };
    }
  }
  return largest;
}
