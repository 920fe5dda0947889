// Inverts the generator: finds the latent from which it draws a given image best, by gradient descent on latents. The
// generator itself stays as it is.
import { add, concat, mean, mul, square, sub, sum } from "../autograd/ops.ts";
import { Tensor } from "../autograd/tensor.ts";
import { formatShape, sizeOf, type GpuArray } from "../gpu/array.ts";
import { AttributeError, ShapeError } from "../gpu/errors.ts";
import { compile, type Program } from "../gpu/program.ts";
import { adam } from "../nn/adam.ts";
import { updateAll } from "../nn/optimizer.ts";
import { parameterGroup } from "../nn/parameters.ts";
import type { Models } from "./gan.ts";
import { normOf } from "./latent.ts";
import { conditionCount } from "./recipe.ts";
import { resizeImages } from "./resize-images.ts";

/** How a projection searches. */
export interface ProjectionOptions {
  /** Where the search starts: (restarts, inputs), as `generatorInputs` returns them. Classes stay as they are. */
  readonly starts: Float32Array;
  /** How often every restart is drawn. It moves after each time except the last. */
  readonly steps: number;
  /** Adam's first step; it falls to near 0 along half a cosine. Default 0.4. */
  readonly learningRate?: number;
  /** The weight of (|z|² / n − 1)² relative to the mean squared error per pixel. Default 0.1. */
  readonly prior?: number;
  /** Report about every so many seconds. Default 0.5. */
  readonly reportSeconds?: number;
}

/** The best latent so far. */
export interface Projected {
  /** The restart that it comes from. */
  readonly restart: number;
  readonly latent: Float32Array<ArrayBuffer>;
  /** The generator's inputs: the latent, and the class behind it if there is one. */
  readonly inputs: Float32Array<ArrayBuffer>;
  /** The class that was drawn, if the recipe has any. */
  readonly digit: number | undefined;
  /** The latent's norm; about √n for normal latents of n numbers. */
  readonly norm: number;
  /** The mean squared error per pixel, where black and white are 2 apart. */
  readonly error: number;
  /** What was minimised: the error and the term that the prior adds. */
  readonly loss: number;
}

/** How far a projection is. */
export interface ProjectionProgress {
  readonly step: number;
  readonly best: Projected;
  /** Each restart's error at this step. */
  readonly errors: Float32Array;
}

const STAGES = 8; // learning rates are compiled into kernels: the search has this many parts, with one rate each

/**
 * Searches for the latent from which the generator draws `target`, (height, width, channels) in [−1, 1], with its
 * running statistics. All restarts form one batch, and a step is one submit. Adam moves only the latents (Lipton and
 * Tripathi 2017; Bojanowski et al. 2018 learn latents likewise). The loss is the mean squared error and a prior: normal
 * latents of n numbers have a |z|² near n, and far from it the generator was never trained. Yields at intervals, and
 * after the last step. Callers may leave at any time with the best latent so far.
 *
 * Throws `ShapeError` if the target or the starts don't fit the recipe, `AttributeError` unless there is at least one
 * step and one start.
 */
export async function* project(
  models: Models,
  target: Float32Array,
  options: ProjectionOptions,
): AsyncGenerator<ProjectionProgress, void, undefined> {
  const { steps, learningRate = 0.4, prior = 0.1, reportSeconds = 0.5 } = options;
  checkSearch(models, target, options);
  const { latent: length, classes = 0 } = models.recipe;
  const told = conditionCount(models.recipe);
  const starts = startsOf(options.starts, length, told);
  const search = createSearch(models, target, starts, { learningRate, prior });
  const programs: Program[] = [];
  const stages = Math.min(STAGES, steps);
  for (let stage = 0; stage < stages; stage += 1) {
    const share = (1 + Math.cos((Math.PI * (stage + 0.5)) / stages)) / 2;
    programs.push(await compile(models.device, "projection", () => search.step(share)));
  }

  let best: Projected | undefined;
  let reported = performance.now();
  for (let step = 1; step <= steps; step += 1) {
    await programs[Math.floor(((step - 1) * stages) / steps)]!.run();
    const due = performance.now() - reported >= reportSeconds * 1000;
    if (step > 1 && step < steps && !due) continue;
    reported = performance.now();
    const errors = await search.errors.read();
    const losses = await search.losses.read();
    const latents = await search.latents.read();
    for (const [restart, loss] of losses.entries()) {
      if (best && !(loss < best.loss)) continue;
      const latent = latents.slice(restart * length, (restart + 1) * length);
      const oneHot = starts.oneHot.subarray(restart * told, (restart + 1) * told);
      const digit = classes > 0 ? oneHot.indexOf(1) : undefined;
      const inputs = Float32Array.of(...latent, ...oneHot);
      const [norm, error] = [normOf(latent), errors[restart]!];
      best = { restart, latent, inputs, digit, norm, error, loss };
    }
    yield { step, best: best!, errors };
  }
}

function checkSearch(
  { recipe, sampler }: Models,
  target: Float32Array,
  { starts, steps }: ProjectionOptions,
): void {
  if (target.length !== sizeOf(recipe.image)) {
    throw new ShapeError(
      `project: the target must be an image ${formatShape(recipe.image)}; got ${target.length} values: see asImage`,
    );
  }
  const inputs = sizeOf(sampler.inputShape);
  if (starts.length === 0 || starts.length % inputs !== 0) {
    throw new ShapeError(
      `project: starts must be (restarts, ${inputs}), with one restart or more; got ${starts.length} values: see generatorInputs`,
    );
  }
  if (!Number.isInteger(steps) || steps < 1) {
    throw new AttributeError(`project: steps must be a whole number ≥ 1; got ${steps}`);
  }
}

/** Where restarts begin. */
interface Starts {
  readonly count: number;
  /** (count, latent) */
  readonly latents: Float32Array;
  /** (count, classes): 1 at each restart's class, else 0. */
  readonly oneHot: Float32Array;
}

/** Splits the generator's inputs into latents and classes. */
function startsOf(inputs: Float32Array, latent: number, classes: number): Starts {
  const width = latent + classes;
  const count = inputs.length / width;
  const part = (from: number, to: number): Float32Array =>
    inputs.filter((_, i) => i % width >= from && i % width < to);
  return { count, latents: part(0, latent), oneHot: part(latent, width) };
}

/** What a search keeps on the device: the values of the last step, from before it moved the latents. */
interface Search {
  readonly errors: GpuArray;
  readonly losses: GpuArray;
  readonly latents: GpuArray;
  /** Draws every restart and moves it by Adam's step, with the learning rate multiplied by `share`. */
  readonly step: (share: number) => Record<string, never>;
}

function createSearch(
  { device, recipe, sampler }: Models,
  target: Float32Array,
  starts: Starts,
  { learningRate, prior }: Required<Pick<ProjectionOptions, "learningRate" | "prior">>,
): Search {
  const { count } = starts;
  const keep = (shape: readonly number[], label: string, values?: Float32Array): GpuArray => {
    const array = device.persistent(shape, "f32", `projection.${label}`);
    if (values) array.write(values);
    return array;
  };
  const constant = (...args: Parameters<typeof keep>): Tensor => new Tensor(keep(...args));
  const wanted = constant([1, ...recipe.image], "wanted", target);
  const one = constant([1], "one", Float32Array.of(1));
  const weight = constant([1], "prior", Float32Array.of(prior));
  const told = conditionCount(recipe);
  const oneHot = told > 0 ? constant([count, told], "classes", starts.oneHot) : undefined;
  const start = constant([count, recipe.latent], "starts", starts.latents);
  const group = parameterGroup(device, "projection", { z: start });
  const { z } = group.tensors;
  const optimizer = adam(group, { learningRate, epsilon: 1e-8, convention: "pytorch" });
  const [errors, losses] = [keep([count], "errors"), keep([count], "losses")];
  const latents = keep(z.shape, "latents");
  return {
    errors,
    losses,
    latents,
    step(share) {
      const images = sampler.forward(oneHot ? concat([z, oneHot], { axis: 1 }) : z, {
        training: false,
      });
      const error = mean(square(sub(images, wanted)), { axes: [1, 2, 3] });
      const excess = sub(mean(square(z), { axes: [1] }), one);
      const loss = add(error, mul(square(excess), weight));
      device.moveInto(error.array, errors);
      device.moveInto(loss.array, losses);
      device.moveInto(z.array, latents);
      optimizer.differentiate(sum(loss)); // with respect to z alone: the generator's own gradients aren't computed
      updateAll([optimizer], undefined, share);
      return {};
    },
  };
}

/**
 * Returns a grey image, (height, width), as the recipe's networks take it: resized if their images have another size.
 */
export async function asImage(
  { device, recipe }: Models,
  pixels: Float32Array,
  height: number,
  width: number,
): Promise<Float32Array> {
  const [rows, columns] = recipe.image;
  const size = [rows, columns] as const;
  return resizeImages(device, pixels, { count: 1, height, width }, size, recipe.edges);
}

/** Returns the mean squared error of each of `count` images against one, all in the same units. */
export function errorsAgainst(
  images: Float32Array,
  count: number,
  target: Float32Array,
): Float64Array {
  const size = target.length;
  return Float64Array.from({ length: count }, (_, i) => {
    const gap = (total: number, value: number, at: number): number =>
      total + (value - images[i * size + at]!) ** 2;
    return target.reduce(gap, 0) / size;
  });
}

/** Returns the mean squared error per pixel between two different images, averaged over all pairs of `count` images. */
export function errorBetween(images: Float32Array, count: number): number {
  const size = images.length / count;
  let variance = 0; // over all pairs, (a − b)² has a mean of twice the variance with n − 1
  for (let at = 0; at < size; at += 1) {
    let [total, squares] = [0, 0];
    for (let i = 0; i < count; i += 1) {
      const value = images[i * size + at]!;
      total += value;
      squares += value * value;
    }
    variance += (squares - (total * total) / count) / (count - 1);
  }
  return (2 * variance) / size;
}
