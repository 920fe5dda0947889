// The file of a sweep: which recipes and constants are trained, with which seeds, and for how long. A sweep is a
// comparison whose runs are shared among processes.
import { basename, extname } from "node:path";
import { z } from "zod";
import { scaled, type Recipe } from "../../gan/recipe.ts";
import { recipeNamed } from "../../gan/recipes/list.ts";
import { UsageError } from "../../gpu/errors.ts";
import { keyPath, printable, quote, show, wordsOf } from "../../gpu/foreign-text.ts";
import {
  goalOf,
  plannedEntries,
  seedsOf,
  type CompareFlags,
  type Goal,
} from "../comparing/plan.ts";
import type { Asked } from "../comparing/prepare.ts";
import { checkEntryName, entryNameOf, isRecipe, type Entry } from "../comparing/entries.ts";
import { configValue } from "../config-value.ts";
import { readConfig } from "../config.ts";
import { withConstants, type ConstantValues } from "../constants.ts";
import { MOST_RUNS, MOST_SEEDS } from "../defaults.ts";
import { JUDGE_IS_GRAY, requireGray } from "../require-gray.ts";

/** A sweep: what its file says, as `compare` takes it. */
export interface Sweep extends Asked {
  /** The file. */
  readonly file: string;
  /** The folder of its runs. */
  readonly folder: string;
}

const count = (least: number, most: number): z.ZodType<number> => z.int().min(least).max(most);

const schema = z.strictObject({
  entries: z
    .array(z.union([z.string(), z.looseObject({ name: z.string().optional() })]))
    .min(1)
    .max(MOST_RUNS),
  vary: z.record(z.string(), z.array(z.unknown()).min(1).max(MOST_RUNS)).optional(),
  width: z.number().gt(0).max(16).optional(),
  seeds: count(1, MOST_SEEDS).optional(),
  firstSeed: count(0, 2 ** 32 - MOST_SEEDS).optional(),
  steps: count(1, 1e9).optional(),
  minutes: z.number().gt(0).max(1e5).optional(),
  every: z.number().gt(0).max(1e9).optional(),
  count: count(100, 5000).optional(),
  data: z.string().optional(),
  adapter: z.string().optional(),
  out: z.string().optional(),
});

/** Reads a sweep. Throws `UsageError` if the file can't be read, or doesn't fit. */
export async function readSweep(file: string): Promise<Sweep> {
  const where = `sweep ${printable(file)}`;
  const parsed = schema.safeParse(await configValue(file, where));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const at = keyPath(issue?.path ?? []) || "the whole";
    throw new UsageError(`${where}: ${at}: ${printable(issue?.message ?? "does not fit")}`);
  }
  const { entries: bases, vary = {}, out, ...flags } = parsed.data;
  const axes = Object.entries(vary);
  const entries: Entry[] = [];
  for (const base of bases) {
    const start = await baseOf(base, where);
    for (const point of pointsOf(axes)) entries.push(entryAt(start, point, flags.width, where));
  }
  const seen = new Set<string>();
  for (const { name } of entries) {
    if (seen.has(name)) {
      throw new UsageError(`${where}: entries: two are called ${name}; give one another "name"`);
    }
    seen.add(name);
  }
  const asked: CompareFlags = Object.fromEntries(
    Object.entries(flags).filter(([, value]) => value !== undefined),
  );
  const seeds = seedsOf(asked);
  if (entries.length * seeds.length > MOST_RUNS) {
    throw new UsageError(
      `${where}: has ${entries.length} entries with ${seeds.length} seeds each; a sweep has at most ${MOST_RUNS} runs, so make two of it`,
    );
  }
  const folder = out ?? `runs/${basename(file, extname(file))}`;
  return {
    file,
    folder,
    entries,
    seeds,
    goal: goalIn(asked, where),
    flags: { ...asked, out: folder },
  };
}

function goalIn(asked: CompareFlags, where: string): Goal {
  try {
    return goalOf(asked);
  } catch (error) {
    throw error instanceof UsageError ? new UsageError(`${where}: ${wordsOf(error)}`) : error;
  }
}

/** What an entry begins with, before its constants vary. */
interface Base {
  readonly name: string;
  readonly recipe: Recipe;
  readonly constants: ConstantValues;
}

async function baseOf(
  base: string | Readonly<Record<string, unknown>>,
  where: string,
): Promise<Base> {
  if (typeof base !== "string") {
    const { name, recipe = "dcgan", ...constants } = base;
    if (typeof recipe !== "string") {
      throw new UsageError(
        `${where}: entries: recipe must be a recipe's name; got ${show(recipe)}`,
      );
    }
    return {
      name: typeof name === "string" ? name : recipe,
      recipe: recipeNamed(recipe),
      constants,
    };
  }
  const name = entryNameOf(base, where);
  if (isRecipe(base)) return { name, recipe: recipeNamed(base), constants: {} };
  const { recipe = "dcgan", constants } = await readConfig(base);
  return { name, recipe: recipeNamed(recipe), constants };
}

type Axis = readonly [path: string, values: readonly unknown[]];
type Point = readonly (readonly [path: string, value: unknown])[];

/** Returns every combination of values, the last axis' values next to each other. */
function pointsOf(axes: readonly Axis[]): readonly Point[] {
  const [first, ...rest] = axes;
  if (!first) return [[]];
  const [path, values] = first;
  const others = pointsOf(rest);
  return values.flatMap((value) => others.map((other): Point => [[path, value], ...other]));
}

/** Returns an entry with its varied constants, which are part of its name. */
function entryAt(
  { name: base, recipe, constants }: Base,
  point: Point,
  width: number | undefined,
  where: string,
): Entry {
  const last = (path: string): string => path.slice(path.lastIndexOf(".") + 1);
  const clear = new Set(point.map(([path]) => last(path))).size === point.length;
  const name = [
    base,
    ...point.map(([path, value]) => `${clear ? last(path) : path}-${valueWords(value)}`),
  ].join("+");
  checkEntryName(name, `${where}: entries`);
  let [changed, factor] = [constants, width];
  for (const [path, value] of point) {
    if (path !== "width") changed = withValue(changed, path.split("."), value);
    else if (typeof value === "number" && value > 0 && value <= 16) factor = value;
    else
      throw new UsageError(
        `${where}: vary: width must be above 0 and at most 16; got ${show(value)}`,
      );
  }
  const configured = withConstants(recipe, changed, `${where}: ${name}`);
  const entry = factor === undefined ? configured : scaled(configured, factor);
  requireGray(entry, `${where}: ${name}`, JUDGE_IS_GRAY);
  return { name, recipe: entry };
}

/** `0.001`, or `64x32`: a value in the name of a folder. */
const valueWords = (value: unknown): string =>
  Array.isArray(value) ? value.map(valueWords).join("x") : String(value);

/** Returns constants with one of them changed; its path has a key per level. */
function withValue(
  constants: ConstantValues,
  [key = "", ...rest]: readonly string[],
  value: unknown,
): ConstantValues {
  const inner = constants[key];
  const isObject = typeof inner === "object" && inner !== null && !Array.isArray(inner);
  return {
    ...constants,
    [key]: rest.length === 0 ? value : withValue(isObject ? { ...inner } : {}, rest, value),
  };
}

/** What must not change while a sweep is under way, as JSON. */
export function sweepPlan({
  entries,
  seeds,
  goal,
  flags: { count: samples, data },
}: Sweep): string {
  const plan = { entries: plannedEntries(entries), seeds, goal, count: samples, data };
  return `${JSON.stringify(plan, null, 1)}\n`;
}

/** Names the first entry, or other part, in which two plans differ. */
export function planDifference(there: string, here: string): string {
  const [a, b] = [there, here].map((text) => JSON.parse(text) as Record<string, unknown>);
  const part = Object.keys({ ...a, ...b }).find(
    (key) => JSON.stringify(a![key]) !== JSON.stringify(b![key]),
  );
  return quote(part ?? "");
}
