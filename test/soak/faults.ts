// `npm run soak -- faults`: everything that may happen to runs and files, counted.
import { writeFileSync } from "node:fs";
import { fuzzIdx } from "./fuzz-idx.ts";
import { fuzzPng } from "./fuzz-png.ts";
import { fuzzConfig } from "./fuzz-json.ts";
import { flipBits, flipEveryBit, fuzzRunFolders, fuzzRunRecords } from "./fuzz-runs.ts";
import { fuzzSafetensors } from "./fuzz-safetensors.ts";
import { fillDisks, killRuns, onRealRun, resumeRuns, stopRuns, type Report } from "./run-faults.ts";

/** What a fuzzer counts. */
interface Counted {
  readonly count: number;
  readonly refused: number;
  readonly accepted: number;
  readonly worstMs: number;
  /** By how much the process grew, or what the dearest input allocated beyond twice its size. */
  readonly grownBytes?: number;
  readonly worstBytes?: number;
  readonly failures: readonly string[];
}

const MOST_MS = 1000;

const megabytes = (bytes: number | undefined, words: string): string =>
  bytes === undefined ? "" : `, ${(bytes / 1e6).toFixed(0)} MB ${words}`;

function reportOf(counted: Counted): Report {
  const { count, refused, accepted, worstMs, failures } = counted;
  const grown =
    megabytes(counted.grownBytes, "grown over all of them") +
    megabytes(counted.worstBytes, "allocated by the dearest");
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
  realFlips: {
    count: 2000,
    run: async (count, seed) => onRealRun((path) => reportOf(flipBits(path, count, seed))),
  },
  safetensors: { count: 1e6, run: (count, seed) => reportOf(fuzzSafetensors(count, seed)) },
  folders: { count: 1e5, run: (count, seed) => reportOf(fuzzRunFolders(count, seed)) },
  records: { count: 1e5, run: (count, seed) => reportOf(fuzzRunRecords(count, seed)) },
  idx: { count: 1e5, run: async (count, seed) => reportOf(await fuzzIdx(count, seed)) },
  png: { count: 1e5, run: async (count, seed) => reportOf(await fuzzPng(count, seed)) },
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
