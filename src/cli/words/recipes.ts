// Recipes and their figures, as a table and as JSON.
import { formatJson } from "../../checkpoint/json.ts";
import { textTable } from "../../gpu/text-table.ts";
import { constantsOf, titleOf } from "../../runs/constants.ts";
import { formatDuration } from "../../gpu/duration.ts";
import { IMAGES, type Entry, type Timing } from "../../runs/recipe-times.ts";

const grouped = (count: number): string => Math.round(count).toLocaleString("en");
const millions = (count: number): string => (count / 1e6).toFixed(count < 1e6 ? 2 : 1);

/** Returns the table of recipes, with times if an adapter is given. */
export function tableOf(entries: readonly Entry[], adapter: string | undefined): string {
  const columns = [
    { title: "recipe" },
    { title: "parameters G", numeric: true },
    { title: "D", numeric: true },
    { title: "MFLOP per image: training", numeric: true },
    { title: "drawing", numeric: true },
    { title: "batch", numeric: true },
    { title: "steps per epoch", numeric: true },
    ...(adapter === undefined
      ? []
      : [{ title: "an epoch here takes", numeric: true }, { title: "from" }]),
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
    "A FLOP is an addition or a multiplication, summed over all of a step's kernels; an epoch is MNIST's 60,000 images.",
    ...(adapter === undefined
      ? []
      : [
          `Times were measured on ${adapter}, as busy as it was: the median of a few steps, scaled to an epoch's images.`,
        ]),
  ].join("\n");
}

/** Returns an epoch's time, and what it was computed from. */
export function timeCells(timing: Timing | undefined): readonly string[] {
  if (!timing) return ["–", "not measured"];
  const { secondsPerEpoch, secondsPerStep, steps, batch } = timing;
  const often = steps === 1 ? "1 step" : `${steps} steps`;
  return [
    formatDuration(secondsPerEpoch),
    `${(secondsPerStep * 1000).toFixed(0)} ms for ${batch} images, ${often}`,
  ];
}

/** Returns all figures as JSON. */
export function jsonOf(entries: readonly Entry[], adapter: string | null): string {
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
