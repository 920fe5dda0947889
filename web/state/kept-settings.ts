// The settings of a run that was kept: from its recipe's constants, and from what the page noted next to it.
import { recipeNamed, type Recipe } from "../../src/gan.ts";
import { constantsOf, type ConstantValues, type Player } from "../../src/web.ts";
import { SAMPLE_EVERY, type Settings } from "./settings.ts";

/**
 * Returns the settings of a run that has the recipe's constants: only those that differ from the listed recipe are
 * named, so that the address stays short.
 */
export function settingsFor(
  recipe: Recipe,
  rest: Pick<Settings, "seed" | "batch" | "steps" | "activationType" | "sampleEvery">,
): Settings {
  const usual = constantsOf(recipeNamed(recipe.name));
  const {
    generatorAdam = {},
    discriminatorAdam = {},
    ...others
  } = changed(constantsOf(recipe), usual);
  const rateOf = (adam: unknown): readonly [rate: number | undefined, rest: ConstantValues] => {
    const { learningRate, ...rates } = Object(adam);
    return [learningRate, rates];
  };
  const [generatorRate, generator] = rateOf(generatorAdam);
  const [discriminatorRate, discriminator] = rateOf(discriminatorAdam);
  const named = { generatorAdam: generator, discriminatorAdam: discriminator };
  delete others["batch"];
  return {
    recipe: recipe.name,
    ...rest,
    discriminatorRate,
    generatorRate,
    tune: undefined,
    constants: {
      ...others,
      ...Object.fromEntries(Object.entries(named).filter(([, value]) => !isEmpty(value))),
    },
  };
}

const isEmpty = (value: object): boolean => Object.keys(value).length === 0;

/** Returns the values that differ from `usual`; of objects, the keys that differ. */
function changed(values: ConstantValues, usual: ConstantValues): Record<string, unknown> {
  const found = Object.entries(values).flatMap(([name, value]): [string, unknown][] => {
    const before = usual[name];
    if (JSON.stringify(value) === JSON.stringify(before)) return [];
    if (typeof value !== "object" || value === null || Array.isArray(value)) return [[name, value]];
    const inner = changed(Object(value), Object(before));
    return isEmpty(inner) ? [] : [[name, inner]];
  });
  return Object.fromEntries(found);
}

/** What a page keeps with a run. */
export interface KeptSettings extends Pick<Settings, "steps" | "sampleEvery"> {
  /** The only network that learns; undefined if both do. */
  readonly only: Player | undefined;
}

/** Returns what a page kept with a run. A damaged file is as none. */
export function parseKept(bytes: Uint8Array | undefined): KeptSettings {
  const usual = { steps: undefined, sampleEvery: SAMPLE_EVERY, only: undefined };
  try {
    const { steps, sampleEvery, only }: Record<string, unknown> = Object(
      JSON.parse(new TextDecoder().decode(bytes)),
    );
    const isCount = (value: unknown): value is number =>
      typeof value === "number" && Number.isSafeInteger(value) && value > 0;
    return {
      steps: isCount(steps) ? steps : usual.steps,
      sampleEvery: isCount(sampleEvery) ? sampleEvery : usual.sampleEvery,
      only: only === "generator" || only === "discriminator" ? only : usual.only,
    };
  } catch {
    return usual;
  }
}
