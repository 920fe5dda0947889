// `npm run soak -- faults`: everything that may happen to runs and files, counted.
import { writeFileSync } from "node:fs";
import { fuzzConfig } from "./fuzz-json.ts";
import { flipEveryBit, fuzzRunFolders, fuzzRunRecords } from "./fuzz-runs.ts";
import { fuzzSafetensors } from "./fuzz-safetensors.ts";
import { fillDisks, killRuns, resumeRuns, stopRuns, type Report } from "./run-faults.ts";

/** What a fuzzer counts. */
interface Counted {
  readonly count: number;
  readonly refused: number;
  readonly accepted: number;
  readonly worstMs: number;
  readonly grownBytes?: number;
  readonly failures: readonly string[];
}

const MOST_MS = 1000;

function reportOf({ count, refused, accepted, worstMs, grownBytes, failures }: Counted): Report {
  const grown = grownBytes === undefined ? "" : `, ${(grownBytes / 1e6).toFixed(0)} MB grown`;
  const slow = worstMs < MOST_MS ? [] : [`one took ${worstMs.toFixed(0)} ms`];
  return {
    figures: `${count} inputs: ${refused} refused, ${accepted} accepted; ${worstMs.toFixed(0)} ms at most${grown}`,
    failures: [...failures, ...slow],
  };
}

/** A part of the soak: its usual count, and what it does with a count and a seed. */
interface Part {
  readonly count: number;
  readonly run: (count: number, seed: number) => Promise<Report> | Report;
}

/** The parts, in the order in which they run. */
export const PARTS: Readonly<Record<string, Part>> = {
  flips: { count: 1, run: () => reportOf(flipEveryBit()) },
  safetensors: { count: 1e6, run: (count, seed) => reportOf(fuzzSafetensors(count, seed)) },
  folders: { count: 1e5, run: (count, seed) => reportOf(fuzzRunFolders(count, seed)) },
  records: { count: 1e5, run: (count, seed) => reportOf(fuzzRunRecords(count, seed)) },
  configs: { count: 1e5, run: async (count, seed) => reportOf(await fuzzConfig(count, seed)) },
  resumes: { count: 1, run: resumeRuns },
  disks: { count: 24, run: fillDisks },
  signals: { count: 6, run: stopRuns },
  kills: { count: 200, run: killRuns },
};

/**
 * Runs some parts, or all, with `share` of their usual counts, and prints a line for each. Returns whether nothing failed;
 * writes what was found to `json` if that is given.
 */
export async function runFaults(
  names: readonly string[],
  { share, seed, json }: { share: number; seed: number; json: string | undefined },
): Promise<boolean> {
  const found: Record<string, Report> = {};
  for (const name of names.length > 0 ? names : Object.keys(PARTS)) {
    const part = PARTS[name]!;
    const report = await part.run(Math.max(1, Math.round(part.count * share)), seed);
    found[name] = report;
    console.log(`${name}: ${report.figures}`);
    for (const failure of report.failures) console.error(`  FAILED ${failure}`);
    if (json !== undefined) writeFileSync(json, `${JSON.stringify(found, null, 2)}\n`);
  }
  const failed = Object.values(found).flatMap(({ failures }) => failures).length;
  console.log(failed === 0 ? "nothing failed" : `${failed} failures`);
  return failed === 0;
}
