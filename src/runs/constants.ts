// A recipe's constants: how a --config file changes them, and how a run's record keeps them.
import { z } from "zod";
import { UsageError } from "../gpu/errors.ts";
import { keyPath, show } from "../gpu/foreign-text.ts";
import {
  endsInSigmoid,
  hasLabels,
  MOST_CLUSTERS,
  OF_LOGITS,
  type Recipe,
  type Loss,
} from "../gan/recipe.ts";
import { recipeNamed } from "../gan/recipes/list.ts";
import { EARLIER_SMALL, small } from "../gan/recipes/small.ts";
import {
  belowOne,
  finite,
  flag,
  oneOf,
  positive,
  whole,
  wholes,
  type Check,
} from "../kernels/attributes.ts";
import { adamChecks } from "../nn/adam.ts";
import { withNewKeys } from "./renamed-keys.ts";

/** What constants of these names must be. Others only need the type of the recipe's own value. */
const known: Readonly<Record<string, Check>> = {
  latent: whole(1),
  batch: whole(1),
  epochs: whole(1),
  lastBatch: oneOf("keep", "drop"),
  smoothing: belowOne,
  average: belowOne,
  clusters: {
    expects: `a whole number from 0 to ${MOST_CLUSTERS}`,
    accepts: (value) => whole(0).accepts(value) && Number(value) <= MOST_CLUSTERS,
  },
  channels: {
    expects: "1, for grey images, or 3, for red, green and blue",
    accepts: (value) => value === 1 || value === 3,
  },
  dropout: belowOne,
  momentum: belowOne,
  penalty: finite(0),
  penaltyNoise: positive,
  edges: oneOf("clamp", "mirror"),
  runningVariance: oneOf("population", "sample"),
};

/** Names of constants in older versions, and their names now. */
const RENAMED = { verdicts: "loss" };

/** The fields of a recipe that are not constants. */
const FIXED = ["name", "summary", "image", "resizes", "classes", "order"];

/** Constants by name, as JSON has them. */
export type ConstantValues = Readonly<Record<string, unknown>>;

/** The schema of the constants in `run.json`. `withConstants` checks them against the recipe. */
export const constantsSchema: z.ZodType<ConstantValues> = z.record(z.string(), z.unknown());

/** Returns a recipe's constants by name: every field that is neither fixed nor a function. */
export function constantsOf(recipe: Recipe): ConstantValues {
  return Object.fromEntries(
    Object.entries(recipe).filter(
      ([name, value]) => typeof value !== "function" && !FIXED.includes(name),
    ),
  );
}

/** Returns the losses that fit the recipe's last layer and the order of its step. */
function lossesOf({ loss, order }: Recipe): readonly Loss[] {
  if (!endsInSigmoid(loss)) return OF_LOGITS;
  return order === "simultaneous"
    ? ["sigmoid", "probabilities"]
    : ["sigmoid", "probabilities", "clamped"];
}

/**
 * Returns a recipe as it was before some of its constants existed, for runs whose record doesn't have them. In those
 * runs, Adam followed PyTorch's convention, the loss after a sigmoid was computed from its probabilities, resizing
 * repeated the outermost pixels, batch norm stored the population variance, there were neither clusters nor a noise
 * penalty, and `small` had other constants.
 */
export function asBefore(recipe: Recipe): Recipe {
  const named: Recipe = recipe.name === small.name ? { ...recipe, ...EARLIER_SMALL } : recipe;
  return {
    ...named,
    generatorAdam: { ...named.generatorAdam, convention: "pytorch" },
    discriminatorAdam: { ...named.discriminatorAdam, convention: "pytorch" },
    loss: recipe.loss === "sigmoid" ? "probabilities" : recipe.loss,
    ...(recipe.edges ? { edges: "clamp" } : {}),
    ...("runningVariance" in recipe ? { runningVariance: "population" } : {}),
    ...("clusters" in recipe ? { clusters: 0 } : {}),
    ...("penalty" in recipe ? { penalty: 0 } : {}),
  };
}

/** Returns the check for a constant without an entry in `known`: its value must be like the recipe's. */
function alike(value: unknown): Check {
  if (Array.isArray(value)) return wholes(1, value.length);
  return typeof value === "boolean" ? flag : finite();
}

/** Returns the schema of a value that passes a check. The issue's message says what the value must be. */
const schemaOf = ({ accepts, expects }: Check): z.ZodType =>
  z.custom(accepts, expects).exactOptional();

/**
 * Returns the schema of a recipe's constants, all of them optional. Names and lengths of lists must be the recipe's.
 */
function constantsSchemaOf(recipe: Recipe): z.ZodType<Partial<Recipe>> {
  const shape = Object.entries(constantsOf(recipe)).map(([name, value]): [string, z.ZodType] => {
    if (name === "loss") return [name, schemaOf(oneOf(...lossesOf(recipe)))];
    if (!name.endsWith("Adam")) return [name, schemaOf(known[name] ?? alike(value))];
    const rates = Object.entries(adamChecks).map(([rate, check]) => [rate, schemaOf(check)]);
    return [name, z.strictObject(Object.fromEntries(rates)).exactOptional()];
  });
  return z.strictObject(Object.fromEntries(shape));
}

/**
 * Returns a recipe with some constants changed. `from` names their source in errors: a file, or a run's record. Throws
 * a `UsageError` that names each key that is unknown or doesn't fit.
 */
export function withConstants(recipe: Recipe, given: unknown, from: string): Recipe {
  const changes = withNewKeys(given, RENAMED);
  const parsed = constantsSchemaOf(recipe).safeParse(changes);
  if (!parsed.success) {
    const complaints = parsed.error.issues.flatMap((issue) => complaintsOf(recipe, changes, issue));
    throw new UsageError(`${from}: ${several(complaints, "; ")}`);
  }
  const { generatorAdam, discriminatorAdam, ...rest } = parsed.data;
  const [height, width, channels] = recipe.image;
  const changed: Recipe = {
    ...recipe,
    ...rest,
    image: [height, width, rest.channels ?? channels],
    generatorAdam: { ...recipe.generatorAdam, ...generatorAdam },
    discriminatorAdam: { ...recipe.discriminatorAdam, ...discriminatorAdam },
  };
  if (!hasLabels(changed.loss) && changed.smoothing > 0) {
    throw new UsageError(
      `${from}: smoothing: must be 0 with the loss '${changed.loss}', which has no labels; got ${changed.smoothing}`,
    );
  }
  return changed;
}

const MOST = 8;

/** Joins the first texts, and says how many more there are. */
function several(texts: readonly string[], between: string): string {
  const more = texts.length > MOST ? [`and ${texts.length - MOST} more`] : [];
  return [...texts.slice(0, MOST), ...more].join(between);
}

function complaintsOf(recipe: Recipe, changes: unknown, issue: z.core.$ZodIssue): string[] {
  const path = issue.path.map(String);
  if (issue.code === "unrecognized_keys") {
    const top = path.length === 0;
    const has = Object.keys(top ? constantsOf(recipe) : adamChecks).join(", ");
    const what = top
      ? `is not a constant of recipe ${recipe.name}, which`
      : "is not a constant of Adam, which";
    const keys = issue.keys.map((key) => keyPath([...path, key]));
    return [`${several(keys, ", ")}: ${what} has ${has}`];
  }
  const got = path.reduce<unknown>((value, key) => Object(value)[key], changes);
  const expects =
    issue.code === "invalid_type"
      ? `an object of ${Object.keys(adamChecks).join(", ")}`
      : issue.message;
  return [`${keyPath(path)}: must be ${expects}; got ${show(got)}`];
}

/** Says in words which constants differ from `before`: `batch 64, generatorAdam.beta1 0.4`. */
function differences(values: ConstantValues, before: ConstantValues, prefix = ""): string {
  return Object.entries(values)
    .filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name]))
    .flatMap(([name, value]) => {
      const earlier = before[name];
      if (isValues(value) && isValues(earlier)) {
        return differences(value, earlier, `${prefix}${name}.`) || []; // the same in another order
      }
      const words = typeof value === "string" ? value : JSON.stringify(value);
      return `${prefix}${name} ${words}`;
    })
    .join(", ");
}

function isValues(value: unknown): value is ConstantValues {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Returns a recipe's name, and how it differs from the listed recipe of that name: `dcgan with batch 64`. */
export function titleOf(recipe: Recipe): string {
  const changed = differences(constantsOf(recipe), constantsOf(recipeNamed(recipe.name)));
  return changed === "" ? recipe.name : `${recipe.name} with ${changed}`;
}
