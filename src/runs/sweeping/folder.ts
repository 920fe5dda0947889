// The folder of a sweep: runs, and the plan that they were begun with.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { makeFolder, writeFileAtomic } from "../../checkpoint/files.ts";
import { SWEEP_FILE } from "../comparing/folder.ts";
import { UsageError } from "../../gpu/errors.ts";
import { printable } from "../../gpu/foreign-text.ts";
import { planDifference, sweepPlan, type Sweep } from "./sweep-file.ts";

/**
 * Throws `UsageError` if the folder of a sweep holds something else, or a sweep with another plan. Returns whether it
 * holds this one.
 */
export function checkSweepFolder(sweep: Sweep): boolean {
  const { folder, file } = sweep;
  if (!existsSync(folder)) return false;
  const where = `sweep ${printable(file)}: ${printable(folder)}`;
  if (!statSync(folder).isDirectory()) {
    throw new UsageError(`${where} is a file; name a folder as "out"`);
  }
  const path = join(folder, SWEEP_FILE);
  // Processes begin at the same time: another may be writing the plan, or have written it since the names were read.
  const names = readdirSync(folder).filter((name) => !name.includes(SWEEP_FILE));
  if (!existsSync(path)) {
    if (names.length === 0) return false;
    throw new UsageError(`${where} holds something other than a sweep; name a new folder as "out"`);
  }
  const [there, here] = [readFileSync(path, "utf8"), sweepPlan(sweep)];
  if (there === here) return true;
  throw new UsageError(
    `${where} was begun by a file with other ${planDifference(there, here)}; name another folder as "out", or give the file back what it had`,
  );
}

/** Makes the folder of a sweep, if it isn't there yet. Throws `UsageError` and `OutputError`. */
export function beginSweepFolder(sweep: Sweep): void {
  if (checkSweepFolder(sweep)) return;
  makeFolder(sweep.folder);
  writeFileAtomic(join(sweep.folder, SWEEP_FILE), sweepPlan(sweep));
}
