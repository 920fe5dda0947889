// Longhand's own training step as a contestant: the program that `npm run train` runs.
import { openDevice } from "../../src/gpu/device.ts";
import type { DeviceOptions } from "../../src/gpu/device-options.ts";
import { createGan, type Gan, type Images } from "../../src/gan/gan.ts";
import { dcgan } from "../../src/gan/recipes/dcgan.ts";
import type { Recipe } from "../../src/gan/recipe.ts";
import { standIns } from "../../src/gan/stand-in.ts";
import { compileSteps } from "../../src/gan/train-steps.ts";
import { normal } from "../../src/kernels/random.ts";
import type { Network } from "../../src/nn/network.ts";
import { norm, type Contestant, type ContestOptions } from "./contestant.ts";
import { DISCRIMINATOR, GENERATOR, initialWeights, SEEDS, type WeightSpec } from "./weights.ts";

/** Where Longhand runs. */
export type Platform = Pick<DeviceOptions, "adapter" | "shaderText" | "software">;

/** What Longhand also needs: which recipe to train. */
export interface OwnOptions extends ContestOptions {
  readonly recipe?: Recipe;
}

const BATCHES = 8; // of images on the device; their number doesn't affect a step

/** Returns `count` images of random bytes, or `images`, in [−1, 1], if given. */
export function imagesOf(count: number, images?: readonly number[]): Images {
  let state = 1;
  const bytes = Uint8Array.from({ length: count * 784 }, (_, i) => {
    if (images) return Math.round((images[i]! + 1) * 127.5);
    state = Math.imul(state, 1_664_525) + 1_013_904_223;
    return state >>> 24;
  });
  return { images: bytes, count, height: 28, width: 28 };
}

/** Returns a recipe whose steps every contestant can take: without dropout, and with PyTorch's Adam. */
const comparable = (recipe: Recipe): Recipe => ({
  ...recipe,
  generatorAdam: { ...recipe.generatorAdam, convention: "pytorch" },
  discriminatorAdam: { ...recipe.discriminatorAdam, convention: "pytorch" },
  discriminator: (constants) =>
    recipe.discriminator(constants).filter(({ kind }) => kind !== "Dropout"),
});

function setWeights(network: Network, specs: readonly WeightSpec[], seed: number): void {
  const values = initialWeights(specs, seed);
  network.parameters.forEach(({ name, tensor }, i) => {
    if (name !== specs[i]!.name) {
      throw new Error(
        `check: parameter ${i} of the ${network.name} is ${name}, not ${specs[i]!.name}`,
      );
    }
    tensor.array.write(values[i]!);
  });
}

async function gradientNorms({ generator, discriminator }: Gan): Promise<number[]> {
  const norms: number[] = [];
  for (const { gradient } of [...generator.parameters, ...discriminator.parameters]) {
    norms.push(norm(await gradient.read()));
  }
  return norms;
}

/** Opens a device, builds the GAN, and traces, plans and compiles its step. */
export async function createLonghand(
  platform: Platform,
  { batch, check, recipe = dcgan }: OwnOptions,
): Promise<Contestant> {
  const device = await openDevice(platform);
  const data = check ? imagesOf(batch, check.images) : standIns(recipe, batch * BATCHES);
  const gan = createGan(device, check ? comparable(recipe) : recipe, data, { seed: 0, batch });
  if (check) {
    setWeights(gan.generator, GENERATOR, SEEDS.generator);
    setWeights(gan.discriminator, DISCRIMINATOR, SEEDS.discriminator);
  }
  const { full } = await compileSteps(gan);
  const latents: number[][] = [];
  let steps = 0;
  return {
    datasetBytes: gan.shards.reduce((sum, { size }) => sum + size, 0),
    multiplyAdds: full.explain().multiplyAdds,
    async step() {
      if (check) {
        gan.rng.nextStream = 0; // the stream from which the step itself draws them
        latents.push([...(await normal(gan.rng, [batch, recipe.latent]).read())]);
      }
      await full.run();
      await device.idle();
      steps += 1;
    },
    async losses() {
      const [capacity, scalars] = gan.ring.shape;
      const at = ((steps - 1) % capacity!) * scalars!;
      const [lossD, lossG] = (await gan.ring.read()).subarray(at);
      return { lossD: lossD!, lossG: lossG! };
    },
    gradientNorms: () => gradientNorms(gan),
    drawnLatents: () => latents,
  };
}
