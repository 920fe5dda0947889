// Checks that a checkpoint belongs to the run in the same folder, by the run's record. No file access, because browsers
// use it too.
import { formatJson, parseJsonText } from "../checkpoint/json.ts";
import type { VerifiedFiles } from "../checkpoint/manifest.ts";
import { CheckpointError } from "../gpu/errors.ts";
import { printable, shellQuote } from "../gpu/foreign-text.ts";
import { parseRecord, RECORD_FILE } from "./run-record.ts";

const SHOWN = 4;

/**
 * Throws a `CheckpointError` that names what differs, unless the checkpoint at `path` was saved by the run whose
 * `run.json`, called `name`, has these `bytes`. Recipe, constants, seed, data, kernels and all else must agree. A
 * checkpoint without a copy of `run.json` is checked by its seed alone.
 */
export function checkRecord(
  { bytes, name }: { readonly bytes: Uint8Array; readonly name: string },
  path: string,
  { state, manifest, files }: VerifiedFiles,
): void {
  const record = parseRecord(bytes, name);
  const copy = files.get(RECORD_FILE);
  const found =
    manifest && copy
      ? [
          ...differencesBetween(copy, bytes),
          ...differenceOf("recipe", manifest.recipe, record.recipe),
          ...differenceOf("seed", manifest.seed, record.seed),
        ]
      : differenceOf("seed", state.seed, record.seed);
  if (found.length === 0) return;
  const words = [...new Set(found)];
  const shown = words.slice(0, SHOWN).join(", ");
  const more = words.length > SHOWN ? ` and ${words.length - SHOWN} more` : "";
  const mend = copy
    ? `; if run.json was changed: cp ${shellQuote(`${path}/${RECORD_FILE}`)} ${shellQuote(name)}`
    : "";
  throw new CheckpointError(`${path}: belongs to another run than ${name}: ${shown}${more}${mend}`);
}

function differenceOf(name: string, there: unknown, here: unknown): readonly string[] {
  return there === here ? [] : [differenceWords(name, formatJson(there), formatJson(here))];
}

function differencesBetween(there: Uint8Array, here: Uint8Array): readonly string[] {
  const before = leavesOf(there);
  const after = leavesOf(here);
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((name) => {
    const [a, b] = [before.get(name), after.get(name)];
    return a === b ? [] : [differenceWords(name, a, b)];
  });
}

function differenceWords(name: string, there?: string, here?: string): string {
  return `${cut(name)} is ${cut(there ?? "missing")} in the checkpoint, ${cut(here ?? "missing")} in run.json`;
}

const cut = (text: string): string => printable(text, 60);

/** Returns the values in a JSON text, each as JSON again, by path. Lists and empty objects are kept whole. */
function leavesOf(bytes: Uint8Array): ReadonlyMap<string, string> {
  const leaves = new Map<string, string>();
  const visit = (value: unknown, path: string): void => {
    const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
    if (Array.isArray(value) || entries.length === 0) leaves.set(path, formatJson(value));
    else for (const [key, item] of entries) visit(item, path === "" ? key : `${path}.${key}`);
  };
  const value = parseJsonText(new TextDecoder().decode(bytes), (what) => {
    throw new CheckpointError(`${RECORD_FILE}: is not JSON (${what}); the file is damaged`);
  });
  visit(value, "");
  return leaves;
}
