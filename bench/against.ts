// `npm run bench -- against`: times this checkout next to another commit, each run by its own code, in turn.
import { resolve } from "node:path";
import { LonghandError } from "../src/gpu/errors.ts";
import { openAdapter } from "../src/gpu/node/adapter.ts";
import { readConfig } from "../src/runs/config.ts";
import { checkoutCommit } from "../src/runs/checkout.ts";
import { checkOut, commitNamed, ROOT } from "./against/checkout.ts";
import { modelsOf } from "./against/model.ts";
import type { Duel, Row } from "./against/pairs.ts";
import { ROWS } from "./against/row-names.ts";
import { coldRows, judgeRows, stepRows, type Measured } from "./against/rows.ts";
import { againstTable } from "./against/table.ts";
import { checkReport, interruption, progress, progressDone, writeReport } from "./reports.ts";

/** The command's flags. */
export interface AgainstFlags {
  /** Default: the config's, else dcgan and small. */
  readonly recipe?: readonly string[];
  readonly width?: number;
  readonly config?: string;
  /** Default: 32; for recipes other than `small` on SwiftShader 8. */
  readonly batch?: number;
  readonly pairs: number;
  /** Default: all that the adapter serves. */
  readonly rows?: readonly string[];
  /** Takes the other commit's files and packages anew. */
  readonly fresh?: boolean;
  readonly adapter?: string;
  readonly json?: string;
}

/** Compares this checkout with another commit, and prints a table. Throws `UsageError` if that can't be measured. */
export async function againstCommand(name: string, flags: AgainstFlags): Promise<void> {
  checkReport(flags.json);
  const { width, pairs, adapter: request } = flags;
  const config = flags.config === undefined ? undefined : resolve(flags.config);
  const listed = await recipesOf(config);
  const recipes = flags.recipe ?? listed;
  const commit = commitNamed(name);
  const { name: adapter, kind, release } = await openAdapter(request);
  release();
  const swiftshader = /swiftshader/i.test(adapter);
  // SwiftShader keeps no compiled kernels: every first step is a cold one.
  const rows = flags.rows ?? ROWS.filter((row) => row !== "cold" || !swiftshader);
  const root = await checkOut(commit, flags.fresh ?? false, progress);
  const models = modelsOf(commit, root, config);
  const stop = interruption();
  const duel: Duel = {
    roots: { there: root, here: ROOT },
    names: { there: commit.name, here: "here" },
    software: kind !== "gpu",
    pairs,
    asked: stop.asked,
  };
  const found: Row[] = [];
  const notes: string[] = [];
  const take = async (measuring: () => Promise<Measured>): Promise<void> => {
    if (stop.asked()) return;
    try {
      const measured = await measuring();
      found.push(...measured.rows);
      notes.push(...measured.notes);
    } catch (error) {
      if (!(error instanceof LonghandError)) throw error;
      progressDone();
      console.error(error.message);
      process.exitCode = 1;
    }
  };
  try {
    for (const [index, recipe] of recipes.entries()) {
      const batch = flags.batch ?? (swiftshader && recipe !== "small" ? 8 : 32);
      const given = { width, batch, adapter: request };
      if (rows.includes("step") || rows.includes("memory")) {
        await take(async () => stepRows(duel, await models.of(recipe), given, rows));
      }
      if (rows.includes("cold") && index === 0) {
        await take(async () => coldRows(duel, await models.of(recipe), given));
      }
    }
    if (rows.includes("judge")) await take(() => judgeRows(duel, request));
  } finally {
    progressDone();
    models.forget();
    stop.forget();
  }
  const here = checkoutCommit() ?? "no commit";
  console.log(`${commit.name} and this checkout (${here}), on ${adapter}`);
  console.log(againstTable(found, duel));
  for (const note of notes) console.log(note);
  console.log(`${commit.name} is kept in ${root}, for the next time.`);
  writeReport(flags.json, "against", { adapter, there: commit, pairs, rows: found, notes });
}

async function recipesOf(config: string | undefined): Promise<readonly string[]> {
  if (config === undefined) return ["dcgan", "small"];
  return [(await readConfig(config)).recipe ?? "dcgan"];
}
