// How large recipes are, and how long an epoch takes on an adapter: measured on a few steps.
import { recipeFigures, type RecipeFigures } from "../gan/figures.ts";
import { createGan, planEpoch, type Gan } from "../gan/gan.ts";
import type { Recipe } from "../gan/recipe.ts";
import { recipes } from "../gan/recipes/list.ts";
import { standIns } from "../gan/stand-in.ts";
import { trainingStep } from "../gan/step.ts";
import type { Device } from "../gpu/device.ts";
import { UsageError } from "../gpu/errors.ts";
import { compile } from "../gpu/program.ts";
import { chosenRecipe, type RecipeFlags } from "./config.ts";

/** Images per epoch: MNIST's training set. */
export const IMAGES = 60_000;

/** Images per timed step, by default: enough for an estimate on software adapters. */
const USUAL_BATCH = 32;

const MOST_STEPS = 10;

/** A step's time, and the epoch's time that follows from it. */
export interface Timing {
  /** Images per timed step. An epoch's time is in proportion. */
  readonly batch: number;
  readonly steps: number;
  /** The median. */
  readonly secondsPerStep: number;
  readonly secondsPerEpoch: number;
}

/** A recipe's line. */
export interface Entry {
  readonly recipe: Recipe;
  readonly batch: number;
  readonly stepsPerEpoch: number;
  readonly figures: RecipeFigures;
  timing?: Timing;
}

/** Returns a recipe's line before anything has run. */
function planEntry(recipe: Recipe, batch: number): Omit<Entry, "figures"> {
  const { steps: stepsPerEpoch } = planEpoch(IMAGES, batch, recipe.lastBatch);
  return { recipe, batch, stepsPerEpoch };
}

/** Creates a recipe's GAN on stand-ins for images, and counts its parameters and its work. */
function countEntry(device: Device, planned: Omit<Entry, "figures">): readonly [Gan, Entry] {
  const { recipe, batch } = planned;
  const gan = createGan(device, recipe, standIns(recipe, batch), { seed: 0, batch });
  return [gan, { ...planned, figures: recipeFigures(gan) }];
}

/**
 * Times steps of `count` images. The first isn't counted; then at least one runs, and more until the budget is spent.
 */
async function timeOf(
  gan: Gan,
  count: number,
  budget: number,
  say: (words: string) => void,
): Promise<Timing> {
  const { device, recipe, plan } = gan;
  say("compiling");
  const program = await compile(device, recipe.name, () => trainingStep(gan, count), {
    onCompile: (done, total) => say(`compiling ${done}/${total}`),
  });
  say("first step"); // some adapters compile during it
  await program.run();
  await device.idle();
  const seconds: number[] = [];
  const began = performance.now();
  while (
    seconds.length === 0 ||
    (seconds.length < MOST_STEPS && performance.now() - began < budget * 1000)
  ) {
    say(`step ${seconds.length + 1}`);
    const start = performance.now();
    await program.run();
    await device.idle();
    seconds.push((performance.now() - start) / 1000);
  }
  const sorted = seconds.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const secondsPerStep =
    sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  const { steps, last } = planEpoch(IMAGES, plan.batch, recipe.lastBatch);
  const images = (steps - 1) * plan.batch + last;
  const secondsPerEpoch = (secondsPerStep * images) / count;
  return { batch: count, steps: seconds.length, secondsPerStep, secondsPerEpoch };
}

/** Returns the seconds that a step of a recipe takes at its own batch: the median of a few, after one that compiles. */
export async function stepSeconds(
  device: Device,
  recipe: Recipe,
  budget: number,
  say: (words: string) => void,
): Promise<number> {
  const gan = createGan(device, recipe, standIns(recipe, recipe.batch), { seed: 0 });
  return (await timeOf(gan, recipe.batch, budget, say)).secondsPerStep;
}

/** What to measure, and whom to tell. */
export interface TimesRequest {
  readonly planned: readonly Omit<Entry, "figures">[];
  /** The most images per timed step (default: 32). */
  readonly most?: number | undefined;
  /** Seconds of timed steps per recipe; 0 to count only. */
  readonly budget: number;
  /** Called with all lines before anything is timed. */
  readonly onEntries: (entries: readonly Entry[]) => void;
  /** Called with what is being done. */
  readonly onStage: (words: string) => void;
  /** Called with each line once it is timed. */
  readonly onTimed: (entry: Entry) => void;
}

/** Counts the parameters and the work of recipes, and times their steps on a device. */
export async function measureRecipes(device: Device, request: TimesRequest): Promise<void> {
  const { planned, most = USUAL_BATCH, budget, onEntries, onStage, onTimed } = request;
  const gans = planned.map((each) => countEntry(device, each));
  onEntries(gans.map(([, entry]) => entry));
  for (const [gan, entry] of budget > 0 ? gans : []) {
    const count = Math.min(most, entry.batch);
    const say = (words: string): void => onStage(`${entry.recipe.name}: ${words}`);
    entry.timing = await timeOf(gan, count, budget, say);
    onTimed(entry);
  }
}

/** Returns the recipes that the flags ask for: one, or all of them at the given width. */
async function recipesOf(flags: PlanRequest): Promise<readonly Recipe[]> {
  if (flags.batch !== undefined && flags.batch > IMAGES) {
    throw new UsageError(`--batch ${flags.batch}: must be at most the ${IMAGES} images of MNIST`);
  }
  if (flags.recipe !== undefined || flags.config !== undefined) return [await chosenRecipe(flags)];
  const { width, channels } = flags;
  return Promise.all(recipes.map(({ name }) => chosenRecipe({ recipe: name, width, channels })));
}

/** Which recipes, at which batch. */
export interface PlanRequest extends RecipeFlags {
  readonly batch?: number;
}

/** Returns the lines of the requested recipes: one, or all of them at the given width. Throws `UsageError`. */
export async function plannedOf(request: PlanRequest): Promise<readonly Omit<Entry, "figures">[]> {
  const chosen = await recipesOf(request);
  return chosen.map((recipe) => planEntry(recipe, request.batch ?? recipe.batch));
}
