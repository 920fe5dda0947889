// A trained GAN as one small safetensors file, for pages: the network that draws, and the discriminator, with their
// large arrays in 16 bits, and in the header's metadata how they were trained. To go on training, take a checkpoint.
import { z } from "zod";
import {
  decodeSafetensors,
  encodeSafetensors,
  readFloats,
  type NativeTensor,
} from "../checkpoint/safetensors.ts";
import { checkSeal, EMPTY_SEAL, sealed } from "../checkpoint/seal.ts";
import { clusterState, createModels, type Models } from "../gan/gan.ts";
import type { Recipe } from "../gan/recipe.ts";
import { recipeNamed } from "../gan/recipes/list.ts";
import type { Device } from "../gpu/device.ts";
import { CheckpointError, UsageError } from "../gpu/errors.ts";
import { toHalves } from "../gpu/half.ts";
import { constantsOf, withConstants } from "./constants.ts";

/** How a GAN was trained. */
export interface AboutTrained {
  /** The recipe with the constants of the run. */
  readonly recipe: Recipe;
  /** Steps done. */
  readonly step: number;
  readonly stepsPerEpoch: number;
  readonly seed: number;
  readonly adapter: string;
  /** Longhand's version and commit, in words. */
  readonly longhand: string;
}

/** A trained GAN on a device. */
export interface Trained {
  /** Its generator is also its sampler: a file has no other. */
  readonly models: Models;
  readonly about: AboutTrained;
}

/** Float arrays by name, such as `dense.kernel`. */
export type NamedArrays = ReadonlyMap<
  string,
  { readonly shape: readonly number[]; readonly data: Float32Array }
>;

const FORMAT = "longhand trained 1";
/** Shorter arrays stay in 32 bits: together they are small, and a variance may need more than 16 bits span. */
const LEAST_HALVED = 1024;

const whole = z.string().regex(/^\d+$/).transform(Number);
const schema = z.object({
  format: z.literal(FORMAT),
  recipe: z.string(),
  constants: z.string(),
  step: whole,
  stepsPerEpoch: whole,
  seed: whole,
  adapter: z.string(),
  longhand: z.string(),
});

/** Returns the bytes of a trained GAN's file, sealed. `generator` is the network that draws. */
export async function encodeTrained(
  { recipe, ...about }: AboutTrained,
  arrays: {
    readonly generator: NamedArrays;
    readonly discriminator: NamedArrays;
    /** Of recipes with clusters: `shares` and `centres`. */
    readonly clusters?: NamedArrays;
  },
): Promise<Uint8Array<ArrayBuffer>> {
  const tensors = Object.entries(arrays).flatMap(([network, named]) =>
    [...named].map(([name, { shape, data }]): [string, NativeTensor] => [
      `${network}.${name}`,
      data.length < LEAST_HALVED
        ? { dtype: "F32", shape, data }
        : { dtype: "F16", shape, data: toHalves(data) },
    ]),
  );
  const strings = Object.entries(about).map(([key, value]) => [key, String(value)]);
  return sealed(
    encodeSafetensors(new Map(tensors), {
      format: FORMAT,
      seal: EMPTY_SEAL,
      recipe: recipe.name,
      constants: JSON.stringify(constantsOf(recipe)),
      ...Object.fromEntries(strings),
    }),
  );
}

/**
 * Puts the GAN of a file on a device. Throws `CheckpointError`, which names the file, if it is damaged, holds something
 * else, or doesn't fit this version's recipe.
 */
export async function loadTrained(
  device: Device,
  bytes: Uint8Array,
  name: string,
): Promise<Trained> {
  const file = decodeSafetensors(bytes, name);
  const parsed = schema.safeParse(file.metadata);
  if (!parsed.success) throw new CheckpointError(`${name}: holds no trained GAN`);
  await checkSeal(bytes, name);
  const { format: _, constants, ...rest } = parsed.data;
  const recipe = recipeFrom(rest.recipe, constants, name);
  // Without an average, the generator draws itself; the recipe keeps the constant that it was trained with.
  const built = createModels(device, { ...recipe, average: 0 }, rest.seed);
  const models = { ...built, recipe };
  const { generator, discriminator, clusters } = models;
  const named = [
    ...[generator, discriminator].map(({ name: of, state }) => ({ of, arrays: state })),
    ...(clusters ? [{ of: "clusters", arrays: clusterState(clusters) }] : []),
  ];
  const found = named.flatMap(({ of, arrays }) =>
    [...arrays].map(([key, array]) => ({
      array,
      data: readFloats(file, `${of}.${key}`, array.shape),
    })),
  );
  for (const { array, data } of found) array.write(new Float32Array(data));
  return { models, about: { ...rest, recipe } };
}

function recipeFrom(name: string, constants: string, file: string): Recipe {
  try {
    const values: unknown = JSON.parse(constants);
    return withConstants(recipeNamed(name), values, "constants");
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof SyntaxError)) throw error;
    throw new CheckpointError(`${file}: ${error.message}`); // it comes from a file, not from a person
  }
}
