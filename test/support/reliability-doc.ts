// The table of docs/reliability.md: the results of `npm run soak -- faults` and `-- memory` when they last ran with
// `--keep`, and what other libraries do.
import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";
import { parseJson } from "../../src/checkpoint/json.ts";

/** The page and the figures, from the project's root. */
export const RELIABILITY_DOC = "docs/reliability.md";
export const RELIABILITY_FIGURES = "docs/reliability.json";

/** The result of a part of the soak, and when it ran. */
export interface KeptReport {
  /** One line of figures. */
  readonly figures: string;
  readonly failures: readonly string[];
  /** How many inputs, disks, signals of each kind, or kills. */
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
  safetensors:
    "Fuzzed safetensors files: each is read as it is written, or refused with a typed error of one line.",
  folders: "Fuzzed run folders: `--resume` goes on from what was written, or refuses.",
  records: "Fuzzed `run.json`: each is read as it is written, or refused.",
  idx: "Fuzzed IDX files, plain and gzipped.",
  arrays: "Fuzzed .npy and .npz files, read as `--data` reads them.",
  tables: "Fuzzed CSV tables, plain and gzipped, read as `--data` reads them.",
  pictures: "Fuzzed PNGs with corrected checksums, and JPEGs, in folders that `--data` reads.",
  png: "Fuzzed PNGs, most with corrected checksums, read as digits.",
  onnx: "Fuzzed ONNX files, read as networks of a recipe.",
  torch: "Fuzzed safetensors with PyTorch's names, read as networks of a recipe.",
  pt: "Fuzzed files of `torch.save`, zip and pickle, read as tensors.",
  keras:
    "Fuzzed `.keras` and `.weights.h5` files, read as networks of a recipe: the process that reads HDF5 never hangs or crashes.",
  tfjs: "Fuzzed layers models of TensorFlow.js, read as networks of a recipe.",
  configs: "Fuzzed `--config` files.",
  resumes: "N steps compared with the same in three parts, by `--resume`: their SHA-256 are equal.",
  disks:
    "Disks that are full at various places in a run's life, one that turns read-only, and a folder that vanishes. The runs then go on with room again, and a quarter of them is compared with an undisturbed run, bit by bit.",
  signals:
    "Signals at random moments, with the run resumed each time: every finished step is saved, and in the end the bits are those of an undisturbed run.",
  kills:
    "SIGKILL at random moments of a run that saves after each step, resumed each time by the real command line: the newest acknowledged checkpoint loads, and in the end the bits are those of an undisturbed run.",
  memory:
    "Training steps and their reports, each adapter in its own process: what remains allocated after a step, by least squares over the last half.",
};

/**
 * Returns the reports that were kept, or none if there is no file yet. Throws `CheckpointError` if the file is damaged.
 */
export function keptReports(): Readonly<Record<string, KeptReport>> {
  const path = new URL(`../../${RELIABILITY_FIGURES}`, import.meta.url);
  return existsSync(path) ? parseJson(schema, readFileSync(path), RELIABILITY_FIGURES) : {};
}

/** Returns one line per part, in the order in which they run. */
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
    "| what | `npm run soak --` | result | when |",
    "| --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}

/** Returns the page with the table between its marks. Throws if it has no marks. */
export function withFigures(page: string): string {
  const marks = /(<!-- figures -->\n)[\s\S]*?(\n<!-- end -->)/;
  if (!marks.test(page)) throw new Error(`${RELIABILITY_DOC}: has no marks for the figures`);
  return page.replace(
    marks,
    (_, begin: string, end: string) => `${begin}\n${figuresTable()}\n${end}`,
  );
}
