// Training that ranks share: each has the whole GAN and a part of every batch, and its gradients are averaged over all
// ranks. N ranks with B / N images each then do what one rank with B images does, but for the order of sums.
import type { GpuArray } from "../gpu/array.ts";
import type { Device } from "../gpu/device.ts";
import type { HostFloats } from "../gpu/dispatch.ts";
import { UsageError } from "../gpu/errors.ts";
import type { Ranks } from "../gpu/ranks.ts";
import { parameterCount } from "../nn/parameters.ts";
import type { EpochPlan, Gan } from "./gan.ts";
import type { Recipe } from "./recipe.ts";

/** How ranks share a training. */
export interface Sharing {
  readonly ranks: Ranks;
  /** Whether batch norm takes the statistics of all ranks, or of this rank's part, which saves exchanges. Set before a step is compiled. */
  batchNorm: "all" | "local";
  /** In how many bits gradients travel. Set before a step is compiled. */
  reduce: "f32" | "f16";
  /** Whether this rank wants to stop. Asked at each step; a loop sets it. */
  wantsToStop: () => boolean;
  /** Set at the end of the step in which some rank wanted to stop: the same step on every rank. */
  stops: boolean;
}

/** Returns a sharing among ranks: batch norm of the whole batch and sums in 32 bits, unless `how` says otherwise. */
export function shareAmong(
  ranks: Ranks,
  how: Partial<Pick<Sharing, "batchNorm" | "reduce">> = {},
): Sharing {
  const { batchNorm = "all", reduce = "f32" } = how;
  return { ranks, batchNorm, reduce, wantsToStop: () => false, stops: false };
}

/** Throws `UsageError` if ranks can't share a recipe's step so that it stays the same. */
export function checkSharing(recipe: Recipe, { batch, last }: EpochPlan, { ranks }: Sharing): void {
  const { size } = ranks;
  if (batch % size !== 0) {
    throw new UsageError(
      `batch: ${batch} images can't be divided into equal parts for ${size} ranks; choose a multiple of ${size}, or other ranks`,
    );
  }
  if (last % size !== 0) {
    throw new UsageError(
      `batch: the last batch of an epoch has ${last} images, which can't be divided into equal parts for ${size} ranks; choose another --batch, or a recipe that drops that batch ({ "lastBatch": "drop" } in --config)`,
    );
  }
  const compares = [...recipe.generator(recipe), ...recipe.discriminator(recipe)].find(
    ({ kind }) => kind === "MinibatchStddev",
  );
  if (compares) {
    throw new UsageError(
      `recipe ${recipe.name}: its layer ${compares.kind} compares the images of a batch, which ranks have in parts; train it without --distributed`,
    );
  }
}

/**
 * Begins to average arrays over the ranks, once what computes them has run; `label` names this in errors. Returns a
 * function to call before the launches that read the averages. Launches between the two run meanwhile. For use inside a
 * trace.
 */
export function averageOverRanks(
  device: Device,
  sharing: Sharing,
  label: string,
  arrays: readonly GpuArray[],
): () => void {
  const { ranks, reduce } = sharing;
  const total = arrays.reduce((sum, { size }) => sum + size, 0);
  const all: HostFloats = new Float32Array(new ArrayBuffer(4 * (total + 1)));
  let first = 0;
  const parts = arrays.map((array) => {
    const memory = all.subarray(first, (first += array.size));
    return { array, into: memory, from: memory };
  });
  const [gradients, wish] = [all.subarray(0, total), all.subarray(total)];
  device.onHost(label, {
    read: parts,
    run: async () => {
      wish[0] = sharing.wantsToStop() ? 1 : 0;
      if (reduce === "f16") {
        await ranks.sum(gradients, reduce);
        await ranks.sum(wish);
      } else await ranks.sum(all);
      if (wish[0] > 0) sharing.stops = true;
      scale(gradients, 1 / ranks.size);
    },
  });
  return () => device.onHost(label, { write: parts, run: () => undefined });
}

/** Multiplies floats, in place. Inside the async function, the same loop took 20 ms for the dcgan's; here it takes 3. */
function scale(values: HostFloats, factor: number): void {
  const { length } = values;
  for (let i = 0; i < length; i += 1) values[i] = values[i]! * factor;
}

/** Returns the parameters whose gradients are averaged in a step: D's count twice if it has two updates. */
export function averagedParameters({ generator, discriminator, recipe }: Gan): number {
  const updates = recipe.order === "alternating-split" ? 2 : 1;
  return parameterCount(generator.parameters) + updates * parameterCount(discriminator.parameters);
}
