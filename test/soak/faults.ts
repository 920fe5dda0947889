// `npm run soak -- faults`: counts what happens to runs and files under every kind of fault.
import type { Fuzzed } from "./fuzzing.ts";
import { fuzzIdx } from "./fuzz-idx.ts";
import { fuzzArrays, fuzzPictures, fuzzTables } from "./fuzz-sets.ts";
import { fuzzPng } from "./fuzz-png.ts";
import { fuzzConfig } from "./fuzz-json.ts";
import { flipBits, flipEveryBit, fuzzRunFolders, fuzzRunRecords } from "./fuzz-runs.ts";
import { fuzzOnnx, fuzzPt, fuzzTorch } from "./fuzz-exchange.ts";
import { fuzzKeras, fuzzTfjs } from "./fuzz-keras.ts";
import { fuzzSafetensors } from "./fuzz-safetensors.ts";
import { fillDisks, killRuns, onRealRun, resumeRuns, stopRuns, type Report } from "./run-faults.ts";

function reportOf({ count, refused, accepted, worstMs, worstBytes, failures }: Fuzzed): Report {
  const words = `${count} inputs: ${refused} refused, ${accepted} accepted; the slowest took ${worstMs.toFixed(0)} ms, the dearest ${(worstBytes / 1e6).toFixed(1)} MB beyond twice its size`;
  return { figures: words, failures };
}

/** A part of the soak: its usual count, and what it does with a count and a seed. */
interface Part {
  readonly count: number;
  readonly run: (count: number, seed: number) => Promise<Report> | Report;
}

/** The parts, in the order in which they run. */
export const PARTS: Readonly<Record<string, Part>> = {
  flips: { count: 1, run: async () => reportOf(await flipEveryBit()) },
  realFlips: {
    count: 2000,
    run: async (count, seed) =>
      onRealRun(async (path) => reportOf(await flipBits(path, count, seed))),
  },
  safetensors: {
    count: 1e6,
    run: async (count, seed) => reportOf(await fuzzSafetensors(count, seed)),
  },
  folders: { count: 1e5, run: async (count, seed) => reportOf(await fuzzRunFolders(count, seed)) },
  records: { count: 1e5, run: async (count, seed) => reportOf(await fuzzRunRecords(count, seed)) },
  idx: { count: 1e5, run: async (count, seed) => reportOf(await fuzzIdx(count, seed)) },
  arrays: { count: 20_000, run: async (count, seed) => reportOf(await fuzzArrays(count, seed)) },
  tables: { count: 20_000, run: async (count, seed) => reportOf(await fuzzTables(count, seed)) },
  pictures: {
    count: 20_000,
    run: async (count, seed) => reportOf(await fuzzPictures(count, seed)),
  },
  png: { count: 1e5, run: async (count, seed) => reportOf(await fuzzPng(count, seed)) },
  onnx: { count: 1e5, run: async (count, seed) => reportOf(await fuzzOnnx(count, seed)) },
  torch: { count: 1e5, run: async (count, seed) => reportOf(await fuzzTorch(count, seed)) },
  pt: { count: 1e5, run: async (count, seed) => reportOf(await fuzzPt(count, seed)) },
  keras: { count: 500, run: async (count, seed) => reportOf(await fuzzKeras(count, seed)) },
  tfjs: { count: 1e5, run: async (count, seed) => reportOf(await fuzzTfjs(count, seed)) },
  configs: { count: 1e5, run: async (count, seed) => reportOf(await fuzzConfig(count, seed)) },
  resumes: { count: 1, run: resumeRuns },
  disks: { count: 24, run: fillDisks },
  signals: { count: 4, run: stopRuns },
  kills: { count: 200, run: killRuns },
};

/** How to run parts. */
export interface RunFaults {
  /** How much of the usual counts. */
  readonly share: number;
  readonly seed: number;
  /** Called with each part's report as soon as it is there. */
  readonly onReport?: (name: string, count: number, report: Report) => void;
}

/** Runs some parts, or all, and prints a line for each. Returns whether nothing failed. */
export async function runFaults(
  names: readonly string[],
  { share, seed, onReport }: RunFaults,
): Promise<boolean> {
  let failed = 0;
  for (const name of names.length > 0 ? names : Object.keys(PARTS)) {
    const part = PARTS[name]!;
    const count = Math.max(1, Math.round(part.count * share));
    const report = await part.run(count, seed);
    console.log(`${name}: ${report.figures}`);
    for (const failure of report.failures) console.error(`  FAILED ${failure}`);
    failed += report.failures.length;
    onReport?.(name, count, report);
  }
  console.log(failed === 0 ? "nothing failed" : `${failed} failures`);
  return failed === 0;
}
