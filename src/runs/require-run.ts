// Whether a folder holds a run at all. Commands ask before they load what reads one.
import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { CheckpointError } from "../gpu/errors.ts";
import { printable, shellQuote } from "../gpu/foreign-text.ts";

const RECORD = "run.json";

/** Throws `CheckpointError` if a folder has no `run.json`, and names the runs next to it. */
export function requireRun(path: string): void {
  if (existsSync(join(path, RECORD))) return;
  const reason = existsSync(path) ? "has no run.json, so it is not a run" : "does not exist";
  const near = existsSync(dirname(resolve(path))) ? runsIn(dirname(path)) : [];
  const hint =
    near.length > 0 ? `; runs there: ${near.map((name) => printable(name, 60)).join(", ")}` : "";
  throw new CheckpointError(`${path}: ${reason}${recordCopy(path) || hint}`);
}

/** Says in a clause where a run has a copy of its `run.json`; empty if there is none. */
export function recordCopy(path: string): string {
  const record = join(path, RECORD);
  const copy = join(path, "checkpoint", basename(record));
  return existsSync(copy)
    ? `; the checkpoint has a copy of it: cp ${shellQuote(copy)} ${shellQuote(record)}`
    : "";
}

function runsIn(parent: string): string[] {
  return readdirSync(parent)
    .filter((name) => existsSync(join(parent, name, RECORD)))
    .slice(0, 5);
}
