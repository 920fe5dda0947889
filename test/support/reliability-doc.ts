// The table of docs/reliability.md: what `npm run soak -- faults` and `-- memory` came to when they last ran with
// `--keep`, beside what other libraries do.
import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";
import { parseJson } from "../../src/checkpoint/json.ts";

/** The page and the figures, from the project's root. */
export const RELIABILITY_DOC = "docs/reliability.md";
export const RELIABILITY_FIGURES = "docs/reliability.json";

/** What a part of the soak came to, and when. */
export interface KeptReport {
  /** One line of figures. */
  readonly figures: string;
  readonly failures: readonly string[];
  /** How many inputs, disks, signals of a kind, or kills. */
  readonly count: number;
  readonly seed: number;
  readonly date: string;
  readonly commit: string;
  /** The adapter that commands ran on. */
  readonly adapter: string;
}

const schema: z.ZodType<Readonly<Record<string, KeptReport>>> = z.record(
  z.string(),
  z.object({
    figures: z.string(),
    failures: z.array(z.string()),
    count: z.number(),
    seed: z.number(),
    date: z.string(),
    commit: z.string(),
    adapter: z.string(),
  }),
);

/** What each part proves, and how other libraries fare where that is known. */
export const PROVEN: Readonly<Record<string, string>> = {
  flips:
    "Every single-bit flip of every file of a small checkpoint, and each file cut after every byte: none may load.",
  realFlips:
    "Random bits of a real run's checkpoint, `run.json` and log, and random cuts: none may load silently. Of random single-bit flips in a weights file PyTorch loads 562 of 600, safetensors 592 of 600, TensorFlow.js 300 of 300.",
  safetensors: "Fuzzed safetensors files: read as they say, or refused in one typed line.",
  folders: "Fuzzed run folders: `--resume` goes on from what was written, or refuses.",
  records: "Fuzzed `run.json`: read as it is written, or refused.",
  idx: "Fuzzed IDX files, plain and gzipped.",
  png: "Fuzzed PNGs, most with their checksums put right, read as digits.",
  configs: "Fuzzed `--config` files.",
  resumes: "N steps against the same in three parts, by `--resume`: equal SHA-256.",
  disks:
    "Disks that are full at each of some places of a run's life, one that turns read-only, a folder that vanishes; then with room again: a quarter compared with an undisturbed run, bit by bit.",
  signals:
    "Signals at random instants, resumed each time: all that was done is saved, and the bits are an undisturbed run's in the end.",
  kills:
    "SIGKILL at random instants of a run that saves after each step, resumed each time by the real command line: the newest acknowledged checkpoint loads, and the bits are an undisturbed run's in the end.",
  memory:
    "Training steps and their reports, in a process of its own: what is left behind a step, by least squares over the last half.",
};

/** What was kept; nothing where there is no file yet. Throws `CheckpointError` where it is damaged. */
export function keptReports(): Readonly<Record<string, KeptReport>> {
  const path = new URL(`../../${RELIABILITY_FIGURES}`, import.meta.url);
  return existsSync(path) ? parseJson(schema, readFileSync(path), RELIABILITY_FIGURES) : {};
}

/** A line a part, in the order in which they run. */
function figuresTable(): string {
  const kept = keptReports();
  const rows = Object.entries(PROVEN).map(([name, proves]) => {
    const report = kept[name];
    const command = name === "memory" ? "memory" : `faults ${name}`;
    if (!report) return `| ${proves} | \`${command}\` | not run yet | |`;
    const { figures, failures, date, commit, adapter } = report;
    const failed = failures.length === 0 ? "nothing failed" : `**${failures.length} failed**`;
    return `| ${proves} | \`${command}\` | ${figures}; ${failed} | ${date}, ${commit}, ${adapter} |`;
  });
  return [
    "| what | `npm run soak --` | came of it | when |",
    "| --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}

/** The page with the table between its marks. Throws where it has none. */
export function withFigures(page: string): string {
  const marks = /(<!-- figures -->\n)[\s\S]*?(\n<!-- end -->)/;
  if (!marks.test(page)) throw new Error(`${RELIABILITY_DOC}: has no marks for the figures`);
  return page.replace(
    marks,
    (_, begin: string, end: string) => `${begin}\n${figuresTable()}\n${end}`,
  );
}
