// A recipe's constants as people change them: by --width, by a --config file, and as a run's record keeps them.
import { z } from "zod";
import { UsageError } from "../gpu/errors.ts";
import { keyPath, show } from "../gpu/foreign-text.ts";
import { endsInSigmoid, type Recipe, type Loss } from "../gan/recipe.ts";
import { recipeNamed } from "../gan/recipes/list.ts";
import { belowOne, finite, flag, oneOf, whole, wholes, type Check } from "../kernels/attributes.ts";
import { adamChecks } from "../nn/adam.ts";
import { withNewKeys } from "./renamed-keys.ts";

/** What constants of these names must be. Others need be no more than of the type that the recipe has. */
const known: Readonly<Record<string, Check>> = {
  latent: whole(1),
  batch: whole(1),
  epochs: whole(1),
  lastBatch: oneOf("keep", "drop"),
  smoothing: belowOne,
  average: belowOne,
  dropout: belowOne,
  momentum: belowOne,
  edges: oneOf("clamp", "mirror"),
  runningVariance: oneOf("population", "sample"),
};

/** Constants as older versions called them, and as they are called now. */
const RENAMED = { verdicts: "loss" };

/** What a recipe is whatever its constants are. */
const FIXED = ["name", "summary", "image", "resizes", "classes", "order"];

/** Constants by name, as JSON has them. */
export type ConstantValues = Readonly<Record<string, unknown>>;

/** What `run.json` keeps: checked against the recipe by `withConstants`. */
export const constantsSchema: z.ZodType<ConstantValues> = z.record(z.string(), z.unknown());

/** The constants that a recipe has, by name: all of it that isn't fixed and isn't a function. */
export function constantsOf(recipe: Recipe): ConstantValues {
  return Object.fromEntries(
    Object.entries(recipe).filter(
      ([name, value]) => typeof value !== "function" && !FIXED.includes(name),
    ),
  );
}

/** The losses that the recipe's last layer and its order of steps can go with. */
function lossesOf({ loss, order }: Recipe): readonly Loss[] {
  if (!endsInSigmoid(loss)) return ["logits", "hinge"];
  return order === "simultaneous"
    ? ["sigmoid", "probabilities"]
    : ["sigmoid", "probabilities", "clamped"];
}

/**
 * A recipe as runs followed it whose record doesn't say: what each constant stood for before it had a name. Adam's
 * convention was PyTorch's in all of them, the loss of a sigmoid was taken of its probabilities, resizing
 * repeated the outermost pixels, and batch norm remembered the population's variance.
 */
export function asBefore(recipe: Recipe): Recipe {
  return {
    ...recipe,
    generatorAdam: { ...recipe.generatorAdam, convention: "pytorch" },
    discriminatorAdam: { ...recipe.discriminatorAdam, convention: "pytorch" },
    loss: recipe.loss === "sigmoid" ? "probabilities" : recipe.loss,
    ...(recipe.edges ? { edges: "clamp" } : {}),
    ...("runningVariance" in recipe ? { runningVariance: "population" } : {}),
  };
}

/** What a constant must be that has no entry of its own: something like the recipe's. */
function alike(value: unknown): Check {
  if (Array.isArray(value)) return wholes(1, value.length);
  return typeof value === "boolean" ? flag : finite();
}

/** A value that passes a check; the issue's message is what it must be. */
const schemaOf = ({ accepts, expects }: Check): z.ZodType =>
  z.custom(accepts, expects).exactOptional();

/** The schema of a recipe's constants, all of them optional: those that it has, of the lengths that it has. */
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
 * A recipe with some constants changed. `from` is who says so, for errors: a file, or a run's record. Throws
 * `UsageError` naming each key that is unknown or doesn't fit.
 */
export function withConstants(recipe: Recipe, given: unknown, from: string): Recipe {
  const changes = withNewKeys(given, RENAMED);
  const parsed = constantsSchemaOf(recipe).safeParse(changes);
  if (!parsed.success) {
    const complaints = parsed.error.issues.flatMap((issue) => complaintsOf(recipe, changes, issue));
    throw new UsageError(`${from}: ${several(complaints, "; ")}`);
  }
  const { generatorAdam, discriminatorAdam, ...rest } = parsed.data;
  const changed: Recipe = {
    ...recipe,
    ...rest,
    generatorAdam: { ...recipe.generatorAdam, ...generatorAdam },
    discriminatorAdam: { ...recipe.discriminatorAdam, ...discriminatorAdam },
  };
  if (changed.loss === "hinge" && changed.smoothing > 0) {
    throw new UsageError(
      `${from}: smoothing: must be 0 with the loss 'hinge', which has no labels; it is ${changed.smoothing}`,
    );
  }
  return changed;
}

const MOST = 8;

/** The first of some texts, and how many more there are. */
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
      ? `is no constant of recipe ${recipe.name}, which`
      : "is no constant of Adam, which";
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

/** What of some constants differs from others, in words: `batch 64, generatorAdam.beta1 0.4`. */
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

/** A recipe's name, and how it differs from the one in the list: `dcgan with batch 64`. */
export function titleOf(recipe: Recipe): string {
  const changed = differences(constantsOf(recipe), constantsOf(recipeNamed(recipe.name)));
  return changed === "" ? recipe.name : `${recipe.name} with ${changed}`;
}
