// A recipe's constants as people change them: by --width, by a --config file, and as a run's record keeps them.
import { z } from "zod";
import { UsageError } from "../gpu/errors.ts";
import { scaled, type Recipe } from "../gan/recipe.ts";

const whole = z.int().min(1);
const rate = z.number().min(0).lt(1);
const widths = z.array(whole).readonly();
const adam = z.strictObject({
  learningRate: z.number().min(0),
  beta1: rate,
  beta2: rate,
  epsilon: z.number().positive(),
});

/** Every constant that some recipe has. */
const known = {
  latent: whole,
  batch: whole,
  epochs: whole,
  lastBatch: z.enum(["keep", "drop"]),
  verdicts: z.enum(["logits", "hinge", "probabilities", "clamped"]),
  generatorAdam: adam,
  discriminatorAdam: adam,
  smoothing: rate,
  average: rate,
  generatorWidths: widths,
  discriminatorWidths: widths,
  slope: z.number(),
  dropout: rate,
  momentum: rate,
  spectral: z.boolean(),
} as const;

/** Constants by name, as JSON has them. */
export type ConstantValues = Readonly<Record<string, unknown>>;

/** What `run.json` keeps: checked against the recipe by `withConstants`. */
export const constantsSchema: z.ZodType<ConstantValues> = z.record(z.string(), z.unknown());

/** The constants that a recipe has, by name. */
export function constantsOf(recipe: Recipe): ConstantValues {
  return Object.fromEntries(Object.entries(recipe).filter(([name]) => name in known));
}

/**
 * The schema of a recipe's constants, all of them optional: those that it has, of the lengths that it has. What
 * its last layer is can't be changed, so verdicts stay of their kind.
 */
function schemaOf(recipe: Recipe): z.ZodType<Partial<Recipe>> {
  const own = Object.entries(known).flatMap(([name, schema]): [string, z.ZodType][] => {
    const value: unknown = Object.entries(recipe).find(([key]) => key === name)?.[1];
    if (value === undefined) return [];
    if (Array.isArray(value)) return [[name, z.array(whole).length(value.length)]];
    if (name === "verdicts") {
      const logits = value === "logits" || value === "hinge";
      return [[name, z.enum(logits ? ["logits", "hinge"] : ["probabilities", "clamped"])]];
    }
    if (name.endsWith("Adam")) return [[name, adam.partial()]];
    return [[name, schema]];
  });
  return z.strictObject(Object.fromEntries(own)).partial();
}

/**
 * A recipe with some constants changed. `from` is who says so, for errors: a file, or a run's record. Throws
 * `UsageError` naming the key that is unknown or doesn't fit.
 */
export function withConstants(recipe: Recipe, changes: unknown, from: string): Recipe {
  const parsed = schemaOf(recipe).safeParse(changes);
  if (!parsed.success) throw new UsageError(`${from}: ${complaint(recipe, parsed.error)}`);
  const { generatorAdam, discriminatorAdam, ...rest } = parsed.data;
  return {
    ...recipe,
    ...rest,
    generatorAdam: { ...recipe.generatorAdam, ...generatorAdam },
    discriminatorAdam: { ...recipe.discriminatorAdam, ...discriminatorAdam },
  };
}

function complaint(recipe: Recipe, { issues }: z.ZodError): string {
  const [issue] = issues;
  const path = issue!.path.join(".");
  if (issue!.code === "unrecognized_keys") {
    const where = path === "" ? `recipe ${recipe.name}` : path;
    const has = path === "" ? Object.keys(constantsOf(recipe)) : Object.keys(adam.shape);
    return `${[path, issue!.keys[0]].filter(Boolean).join(".")}: ${where} has no such constant; it has ${has.join(", ")}`;
  }
  return `${path || "the whole"}: ${issue!.message}`;
}

/** A recipe as flags change it: first the config's constants, then widths times `width`. */
export function changedRecipe(
  recipe: Recipe,
  changes: { readonly width?: number | undefined; readonly config?: ConstantValues | undefined },
  from = "--config",
): Recipe {
  const configured = changes.config ? withConstants(recipe, changes.config, from) : recipe;
  return changes.width === undefined ? configured : scaled(configured, changes.width);
}
