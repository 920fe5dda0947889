// A comparison from its folder to its last page: trains what is missing, judges it, and writes the files.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { withFolders, writeFileAtomic } from "../../checkpoint/files.ts";
import { formatDuration } from "../../gpu/duration.ts";
import { printable, shellQuote } from "../../gpu/foreign-text.ts";
import { longhandWords } from "../checkout.ts";
import { COMPARED } from "../defaults.ts";
import { readGray } from "../training/run-pictures.ts";
import type { Ui } from "../ui.ts";
import { compareRun, foresee, gridPath, leftWords, type Comparing } from "./compare-run.ts";
import {
  COMPARISON_FILE,
  formatComparison,
  FORMAT,
  type RecipeComparison,
} from "./comparison-file.ts";
import { comparisonReport } from "./comparison-report.ts";
import { comparisonTable } from "./comparison-table.ts";
import {
  comparisonIn,
  freeComparisonPath,
  leaveFolder,
  lockComparison,
  writeComparison,
} from "./folder.ts";
import { createForecast } from "./forecast.ts";
import { plannedEntries, requireSamePlan } from "./plan.ts";
import { prepareComparing, type Asked } from "./prepare.ts";
import { inTurn, isOver, runPath, stateOf, type WhichRun } from "./run-state.ts";
import { createTeller, runUi } from "./teller.ts";
import { goalWords, listWords, runWords } from "./words.ts";

const PAGE_FILE = "compare.html";

/** Does what `compareRecipes` says, once it is clear what is asked for. */
export async function compareAsked(ui: Ui, asked: Asked): Promise<void> {
  const { entries, goal, flags } = asked;
  const isSweep = flags.sweep !== undefined;
  const folder = flags.out ?? freeComparisonPath();
  const kept = comparisonIn(folder, isSweep);
  if (kept) {
    const { count = COMPARED.count } = flags;
    const now = { entries: plannedEntries(entries), seeds: asked.seeds, goal, count };
    requireSamePlan(folder, kept.plan, { ...kept.plan, ...now });
  }
  await withFolders([folder], async () => {
    const lock = lockComparison(folder);
    try {
      const stopped = (): void => {
        leaveFolder(folder, lock);
        const begun = existsSync(join(folder, COMPARISON_FILE));
        ui.remark(
          begun ? `stopped; ${keptWords(folder, isSweep)}` : "stopped before anything was written",
        );
      };
      const comparison = isComplete(kept)
        ? kept
        : await goOn(ui, asked, folder, comparisonIn(folder, isSweep), stopped);
      if (comparison) report(ui, folder, comparison, flags.keep);
    } finally {
      leaveFolder(folder, lock);
    }
  });
}

const keptWords = (folder: string, isSweep: boolean): string =>
  `everything is kept in ${printable(folder)}: the same command${isSweep ? "" : `, with --out ${shellQuote(folder)},`} goes on`;

function isComplete(comparison: RecipeComparison | undefined): comparison is RecipeComparison {
  if (!comparison) return false;
  const { plan, runs } = comparison;
  return runs.length === plan.entries.length * plan.seeds.length;
}

/** Trains what is missing. Returns the comparison as far as it got; undefined if a signal ended it. */
async function goOn(
  ui: Ui,
  asked: Asked,
  folder: string,
  kept: RecipeComparison | undefined,
  stopped: () => void,
): Promise<RecipeComparison | undefined> {
  let leave = ui.stopAtOnce(stopped);
  try {
    const isSweep = asked.flags.sweep !== undefined;
    const prepared = await prepareComparing(ui, asked);
    if (kept) requireSamePlan(folder, kept.plan, prepared.plan);
    let comparison: RecipeComparison = kept ?? {
      format: FORMAT,
      plan: prepared.plan,
      second: prepared.second,
      longhand: longhandWords(),
      ...(isSweep ? { sweep: true } : {}),
      runs: [],
    };
    const { plan } = comparison;
    const forecast = createForecast(prepared.pointSeconds);
    for (const [entry, seconds] of prepared.stepSeconds) forecast.pace(entry, seconds);
    const teller = createTeller(ui);
    const comparing: Comparing = {
      folder,
      entries: asked.entries,
      plan,
      second: comparison.second?.fingerprint,
      flags: Object.fromEntries(
        Object.entries(asked.flags).filter(([flag]) => flag === "data" || flag === "adapter"),
      ),
      ui: runUi(ui, stopped),
      teller,
      forecast,
    };
    const all = inTurn(
      plan.entries.map(({ name }) => name),
      plan.seeds,
    );
    const isLeft = ({ entry, seed }: WhichRun): boolean =>
      !comparison.runs.some((run) => run.entry === entry && run.seed === seed);
    const missing = all.filter(isLeft);
    const left = isSweep
      ? missing.filter((run) => isOver(runPath(folder, run), plan.goal))
      : missing;
    for (const run of left) foresee(comparing, run, stateOf(runPath(folder, run), plan.goal));
    await writeResults(folder, comparison);
    ui.print(
      isSweep
        ? gatherWords(comparing, left.length, all.length - missing.length, all.length)
        : beginWords(comparing, left.length, all.length),
    );
    for (const run of left) {
      const at = `run ${all.indexOf(run) + 1} of ${all.length}`;
      teller.say(`${runWords(run)} (${at}): ${leftWords(forecast)}`);
      leave(); // training has its own way to stop, which saves
      const found = await compareRun(comparing, run);
      leave = ui.stopAtOnce(stopped);
      if (!found) {
        ui.print(`Stopped; ${keptWords(folder, isSweep)}`);
        return undefined;
      }
      comparison = { ...comparison, runs: [...comparison.runs, found] };
      await writeResults(folder, comparison);
    }
    return comparison;
  } finally {
    leave();
  }
}

function beginWords({ folder, plan, forecast }: Comparing, left: number, all: number): string {
  const names = listWords(plan.entries.map(({ name }) => name));
  const { steps, all: seconds } = forecast.left();
  const which =
    left < all ? `${left} of ${all} runs are left` : `${all} run${all === 1 ? "" : "s"}`;
  const seeds = `seed${plan.seeds.length === 1 ? "" : "s"} ${listWords(plan.seeds)}`;
  return `Comparing ${names} with ${seeds}: ${which}, of ${goalWords(plan.goal)} each, one after the other. In all about ${formatDuration(seconds)}: ${formatDuration(steps)} of steps, the rest to judge. Writing to ${folder}`;
}

function gatherWords(
  { folder, forecast }: Comparing,
  left: number,
  had: number,
  all: number,
): string {
  const earlier = had === 0 ? "" : `, besides ${had} that were judged before`;
  const missing = all - had - left;
  const rest =
    missing === 0 ? "" : `; ${missing} ${missing === 1 ? "isn't" : "aren't"} trained yet`;
  return `Judging ${left} of ${all} runs${earlier}${rest}. In all about ${formatDuration(forecast.left().all)}. Writing to ${folder}`;
}

/** Writes the JSON file and the page of a comparison as far as it got. */
async function writeResults(folder: string, comparison: RecipeComparison): Promise<void> {
  writeComparison(folder, comparison);
  const page = comparisonReport(comparison, (entry, seed) => {
    const path = gridPath(folder, { entry, seed });
    return existsSync(path) ? readGray(path) : undefined;
  });
  const { comparisonPage } = await import("../../pictures/comparison-page.ts"); // its plots are slow to load
  writeFileAtomic(join(folder, PAGE_FILE), comparisonPage(page));
}

/** Prints the table and the paths of a finished comparison, and writes it to where it is to be kept. */
function report(
  ui: Ui,
  folder: string,
  comparison: RecipeComparison,
  keep: string | undefined,
): void {
  ui.print(...comparisonTable(comparison), "");
  ui.print(join(folder, COMPARISON_FILE), join(folder, PAGE_FILE));
  if (keep === undefined) return;
  writeFileAtomic(keep, formatComparison(comparison));
  ui.print(keep);
}
