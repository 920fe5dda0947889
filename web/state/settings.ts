// The settings of a run and their place in the page's address: the same link opens the same run.
import { recipeNamed, recipes, type Recipe } from "../../src/gan.ts";
import {
  constantsOf,
  quote,
  UsageError,
  withConstants,
  wordsOf,
  type ActivationType,
  type ConstantValues,
} from "../../src/web.ts";

/** The settings of a run; undefined leaves the choice to the recipe. */
export interface Settings {
  readonly recipe: string;
  readonly seed: number;
  /** Images per step. */
  readonly batch: number | undefined;
  /** Steps in all; undefined means the recipe's epochs. */
  readonly steps: number | undefined;
  /** Learning rates. */
  readonly discriminatorRate: number | undefined;
  readonly generatorRate: number | undefined;
  /** How training stores activations. */
  readonly activationType: ActivationType;
  /** Samples are drawn and kept for the timeline every so many steps. */
  readonly sampleEvery: number;
  /** Seconds to spend measuring which kernels are fastest; undefined uses what was measured before. */
  readonly tune: number | undefined;
  /** Other constants of the recipe. */
  readonly constants: ConstantValues;
}

/** The recipe of a page opened without a choice: the one that any machine can train. */
export const DEFAULT_RECIPE = "small";
/** Steps between the pictures of the timeline, by default. */
export const SAMPLE_EVERY = 20;

/** A field of the settings: its name in the address, its label on the page, and what it means. */
export interface Field {
  readonly name: string;
  readonly label: string;
  readonly help: string;
}

/** The fields, by their names in the address. */
export const FIELDS: Readonly<Record<keyof Settings, Field>> = {
  recipe: {
    name: "recipe",
    label: "Recipe",
    help: "Both networks and how they learn. “small” suits any machine; the others want a GPU.",
  },
  seed: {
    name: "seed",
    label: "Seed",
    help: "Where all random numbers come from: the same seed gives the same run, bit for bit.",
  },
  batch: { name: "batch", label: "Batch", help: "How many real images a step looks at." },
  steps: { name: "steps", label: "Steps", help: "When to stop. Empty: the recipe’s epochs." },
  discriminatorRate: {
    name: "rate-d",
    label: "Discriminator rate",
    help: "How far a step moves the discriminator’s weights.",
  },
  generatorRate: {
    name: "rate-g",
    label: "Generator rate",
    help: "How far a step moves the generator’s weights.",
  },
  activationType: {
    name: "f16",
    label: "Activations",
    help: "16 bits halve the memory that a step moves, if the adapter has them.",
  },
  sampleEvery: {
    name: "sample-every",
    label: "Samples every",
    help: "Steps between the pictures of the timeline.",
  },
  tune: {
    name: "tune",
    label: "Tune first",
    help: "Seconds to measure which kernels are fastest on this adapter. Later runs use the results too.",
  },
  constants: { name: "constants", label: "Other constants", help: "As JSON." },
};

/** What is wrong with settings, in a sentence each, by field. */
export type Problems = Partial<Record<keyof Settings, string>>;

/** Returns which field an error of the engine names, if any, and its words with the field's label. */
export function withLabel(words: string): {
  readonly field: keyof Settings | undefined;
  readonly words: string;
} {
  const [, name = "", rest] = /^(\w+)(: .*)$/s.exec(words) ?? [];
  const field = Object.keys(FIELDS).find((key): key is keyof Settings => key === name);
  return { field, words: field ? `${FIELDS[field].label}${rest}` : words };
}

/** Settings that were read, or what is wrong with them. */
export type Read =
  | { readonly settings: Settings; readonly problems?: undefined }
  | { readonly settings?: undefined; readonly problems: Problems };

/** Reads settings from an address or a form; what is missing or empty has its default. */
export function readSettings(parameters: URLSearchParams): Read {
  const problems: Problems = {};
  const take = <T>(key: keyof Settings, read: (text: string) => T): T | undefined => {
    const text = parameters.get(FIELDS[key].name)?.trim() ?? "";
    try {
      return read(text);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      const words = error.message.replace(/\.?$/, ".");
      problems[key] = words.startsWith(FIELDS[key].label)
        ? words
        : `${FIELDS[key].label}: ${words}`;
      return undefined;
    }
  };
  const recipe = take("recipe", (text) => {
    const names = recipes.map(({ name }) => name).join(", ");
    if (text !== "" && !recipes.some(({ name }) => name === text)) {
      throw new UsageError(`there is no ${quote(text)}; choose one of ${names}`);
    }
    return text || DEFAULT_RECIPE;
  });
  const settings = {
    recipe: recipe ?? DEFAULT_RECIPE,
    seed: take("seed", whole(0)) ?? 0,
    batch: take("batch", whole(1)),
    steps: take("steps", whole(1)),
    discriminatorRate: take("discriminatorRate", rate),
    generatorRate: take("generatorRate", rate),
    activationType: take("activationType", storedType) ?? "f32",
    sampleEvery: take("sampleEvery", whole(1)) ?? SAMPLE_EVERY,
    tune: take("tune", whole(1)),
    constants: take("constants", constants) ?? {},
  };
  if (Object.keys(problems).length === 0) {
    try {
      recipeOf(settings);
    } catch (error) {
      problems.constants = `${FIELDS.constants.label}: ${wordsOf(error, Infinity)}.`;
    }
  }
  return Object.keys(problems).length > 0 ? { problems } : { settings };
}

/** Writes settings into an address; what has its default is left out. */
export function writeSettings(parameters: URLSearchParams, settings: Settings): void {
  const texts: Record<keyof Settings, string> = {
    recipe: settings.recipe === DEFAULT_RECIPE ? "" : settings.recipe,
    seed: settings.seed === 0 ? "" : String(settings.seed),
    batch: textOf(settings.batch),
    steps: textOf(settings.steps),
    discriminatorRate: textOf(settings.discriminatorRate),
    generatorRate: textOf(settings.generatorRate),
    activationType: settings.activationType === "f16" ? "1" : "",
    sampleEvery: settings.sampleEvery === SAMPLE_EVERY ? "" : String(settings.sampleEvery),
    tune: textOf(settings.tune),
    constants: Object.keys(settings.constants).length > 0 ? JSON.stringify(settings.constants) : "",
  };
  for (const [key, { name }] of Object.entries(FIELDS)) {
    const text = texts[key as keyof Settings];
    if (text === "") parameters.delete(name);
    else parameters.set(name, text);
  }
}

/** Returns the recipe with the constants that the settings change. Throws `UsageError` if they don't fit it. */
export function recipeOf(
  settings: Pick<Settings, "recipe" | "discriminatorRate" | "generatorRate" | "constants">,
): Recipe {
  const { recipe, discriminatorRate, generatorRate, constants: given } = settings;
  const changed = withConstants(recipeNamed(recipe), given, "constants");
  const rates = {
    ...(discriminatorRate === undefined
      ? {}
      : { discriminatorAdam: { learningRate: discriminatorRate } }),
    ...(generatorRate === undefined ? {} : { generatorAdam: { learningRate: generatorRate } }),
  };
  return withConstants(changed, rates, "learning rates");
}

/** Returns the constants of the settings' recipe, changed or not, for fields to show as their defaults. */
export const constantsFor = (settings: Settings): ConstantValues => constantsOf(recipeOf(settings));

const textOf = (value: number | undefined): string => (value === undefined ? "" : String(value));

function whole(least: number): (text: string) => number | undefined {
  return (text) => {
    if (text === "") return undefined;
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
    throw new UsageError(`must be a whole number of at least ${least}; got ${quote(text)}`);
  };
}

function rate(text: string): number | undefined {
  if (text === "") return undefined;
  const value = Number(text);
  if (Number.isFinite(value) && value >= 0) return value;
  throw new UsageError(`must be a number of at least 0; got ${quote(text)}`);
}

function storedType(text: string): ActivationType {
  if (["", "0", "false"].includes(text)) return "f32";
  if (["1", "true", "on"].includes(text)) return "f16";
  throw new UsageError(`must be 1 for 16 bits or 0 for 32; got ${quote(text)}`);
}

function constants(text: string): ConstantValues {
  if (text === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // Said below.
  }
  throw new UsageError(`must be a JSON object, such as {"smoothing":0.1}; got ${quote(text)}`);
}
