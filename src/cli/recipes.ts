// `longhand recipes`: what recipes there are, how large they are, and how long an epoch takes here.
import { kernelChoices } from "../kernels/variant.ts";
import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { formatJson } from "../checkpoint/json.ts";
import { writeFileAtomic } from "../checkpoint/files.ts";
import { recipeFigures, type RecipeFigures } from "../gan/figures.ts";
import { createGan, planEpoch, type Gan } from "../gan/gan.ts";
import { standInTraining } from "../gan/memory.ts";
import type { Recipe } from "../gan/recipe.ts";
import { recipes } from "../gan/recipes/list.ts";
import { standIns } from "../gan/stand-in.ts";
import { trainingStep } from "../gan/step.ts";
import type { Device } from "../gpu/device.ts";
import { UsageError } from "../gpu/errors.ts";
import { escapeText } from "../gpu/foreign-text.ts";
import type { OpenedAdapter } from "../gpu/node/adapter.ts";
import { compile } from "../gpu/program.ts";
import { textTable } from "../gpu/text-table.ts";
import { chosenRecipe, type RecipeFlags } from "./config.ts";
import { constantsOf, titleOf } from "../runs/constants.ts";
import { loadKernelChoices } from "./kernel-choices.ts";
import { stopAtOnce } from "./interrupt.ts";
import { print } from "./print.ts";
import { createBars, formatDuration } from "./progress.ts";
import { limitsFor, withDevice } from "./session.ts";

/** The flags of `recipes`. */
export interface RecipesFlags extends RecipeFlags {
  readonly batch?: number;
  /** False to count only. */
  readonly time?: boolean;
  /** Seconds of timed steps for each recipe. */
  readonly budget?: number;
  readonly adapter?: string;
  readonly json?: string;
}

/** Seconds of timed steps for each recipe where nobody says. */
export const STEPS_BUDGET = 5;

const IMAGES = 60_000; // MNIST's training set
const MOST_STEPS = 10;
/** Images of a timed step where an adapter is software and nobody says. */
const SOFTWARE_BATCH = 32;

/** A step's time, and the epoch's that follows. */
interface Timing {
  /** Images of the timed steps; an epoch's time is proportional. */
  readonly batch: number;
  readonly steps: number;
  /** The median. */
  readonly secondsPerStep: number;
  readonly secondsPerEpoch: number;
}

/** A recipe's line. */
interface Entry {
  readonly recipe: Recipe;
  readonly batch: number;
  readonly stepsPerEpoch: number;
  readonly figures: RecipeFigures;
  timing?: Timing;
}

/** Lists recipes with their figures. Throws `UsageError`, `AdapterError`, `OutputError`. */
export async function recipesCommand(flags: RecipesFlags): Promise<void> {
  const { time = true, budget = STEPS_BUDGET, json } = flags;
  if (json !== undefined && !existsSync(dirname(resolve(json)))) {
    throw new UsageError(
      `--json ${json}: the folder it should be in does not exist; make it, or name another`,
    ); // before minutes of measuring
  }
  const chosen = await recipesOf(flags);
  const planned = chosen.map((recipe) => {
    const batch = flags.batch ?? recipe.batch;
    const { steps: stepsPerEpoch } = planEpoch(IMAGES, batch, recipe.lastBatch);
    return { recipe, batch, stepsPerEpoch };
  });
  const list = async (device: Device, { name, line, kind }: OpenedAdapter): Promise<void> => {
    if (time) print(line);
    const { choices } = await loadKernelChoices(name);
    for (const [key, variant] of Object.entries(choices))
      kernelChoices(device).stored.set(key, variant);
    const gans = planned.map((each): [Gan, Entry] => {
      const { recipe, batch } = each;
      const gan = createGan(device, recipe, standIns(recipe, batch), { seed: 0, batch });
      return [gan, { ...each, figures: recipeFigures(gan) }];
    });
    const entries = gans.map(([, entry]) => entry);
    const report = (): void => {
      print(...tableOf(entries, time ? name : undefined).split("\n"));
      if (json !== undefined) writeFileAtomic(json, jsonOf(entries, time ? name : null));
    };
    const view = createView(gans.length, report);
    try {
      for (const [gan, entry] of time ? gans : []) {
        const most = kind === "gpu" || flags.batch !== undefined ? entry.batch : SOFTWARE_BATCH;
        const count = Math.min(most, entry.batch);
        entry.timing = await timeOf(gan, count, budget, (words) =>
          view.update(`${entry.recipe.name}: ${words}`),
        );
        view.next(entry);
      }
    } finally {
      view.stop();
    }
    report();
  };
  const trainings = planned.map(({ recipe, batch }) => standInTraining(recipe, batch));
  // Dawn's null backend runs nothing, and needs no adapter.
  await withDevice(time ? flags.adapter : "null", list, limitsFor(trainings));
}

/** The recipes that flags ask for: one, or all of them at that width. */
async function recipesOf(flags: RecipesFlags): Promise<readonly Recipe[]> {
  if (flags.batch !== undefined && flags.batch > IMAGES) {
    throw new UsageError(`--batch ${flags.batch}: is more than MNIST's ${IMAGES} images`);
  }
  if (flags.recipe !== undefined || flags.config !== undefined) return [await chosenRecipe(flags)];
  return Promise.all(recipes.map(({ name }) => chosenRecipe({ recipe: name, width: flags.width })));
}

/** Times steps of `count` images: one that isn't counted, then until the budget is spent, but one at least. */
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
  say("first step"); // in which some adapters compile
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

const grouped = (count: number): string => Math.round(count).toLocaleString("en");
const millions = (count: number): string => (count / 1e6).toFixed(count < 1e6 ? 2 : 1);

function tableOf(entries: readonly Entry[], adapter: string | undefined): string {
  const columns = [
    { title: "recipe" },
    { title: "parameters G", numeric: true },
    { title: "D", numeric: true },
    { title: "MFLOP an image: training", numeric: true },
    { title: "drawing", numeric: true },
    { title: "batch", numeric: true },
    { title: "steps an epoch", numeric: true },
    ...(adapter === undefined
      ? []
      : [{ title: "an epoch here", numeric: true }, { title: "from" }]),
    { title: "" },
  ];
  const rows = entries.map(({ recipe, figures, batch, stepsPerEpoch, timing }) => [
    recipe.name,
    grouped(figures.parameters.generator),
    grouped(figures.parameters.discriminator),
    millions(figures.trainingFlop),
    millions(figures.drawingFlop),
    String(batch),
    grouped(stepsPerEpoch),
    ...(adapter === undefined ? [] : timeCells(timing)),
    recipe.summary,
  ]);
  const changed = entries
    .map(({ recipe }) => titleOf(recipe))
    .filter((title) => title.includes(" "));
  return [
    "",
    ...textTable(columns, rows),
    "",
    ...changed.map((title) => `Changed: ${title}.`),
    "A FLOP is an addition or a multiplication, all of a step's kernels together; an epoch is MNIST's 60,000 images.",
    ...(adapter === undefined
      ? []
      : [
          `Times are of ${adapter} as busy as it was: the median of a few steps, times the epoch's images.`,
        ]),
  ].join("\n");
}

function timeCells(timing: Timing | undefined): readonly string[] {
  if (!timing) return ["–", "not measured"];
  const { secondsPerEpoch, secondsPerStep, steps, batch } = timing;
  const often = steps === 1 ? "1 step" : `${steps} steps`;
  return [
    formatDuration(secondsPerEpoch),
    `${(secondsPerStep * 1000).toFixed(0)} ms for ${batch} images, ${often}`,
  ];
}

function jsonOf(entries: readonly Entry[], adapter: string | null): string {
  const rows = entries.map(({ recipe, batch, stepsPerEpoch, figures, timing = null }) => {
    const { name, summary } = recipe;
    return {
      name,
      summary,
      batch,
      stepsPerEpoch,
      ...figures,
      timing,
      constants: constantsOf(recipe),
    };
  });
  return `${formatJson({ adapter, images: IMAGES, recipes: rows }, 2)}\n`;
}

/** A bar in a terminal, else a line a recipe on stderr. Ctrl-C prints what there is and ends the process. */
function createView(
  total: number,
  report: () => void,
): { update: (now: string) => void; next: (entry: Entry) => void; stop: () => void } {
  const bars = createBars("{bar} {value}/{total} recipes | {now}");
  const bar = bars?.create(total, 0, { now: "" });
  const leave = stopAtOnce(() => {
    bars?.stop();
    report();
  });
  return {
    update(now) {
      bar?.update({ now });
    },
    next({ recipe, timing }) {
      bar?.increment();
      if (!bars) console.error(escapeText(`${recipe.name}: ${timeCells(timing).join(", ")}`));
    },
    stop() {
      leave();
      bars?.stop();
    },
  };
}
