// docs/gpus.md and the table of adapters in docs/performance.md: made from the reports of `npm run gpu-check` that are
// kept in bench/results.
import { readdirSync, readFileSync } from "node:fs";
import { parseCheck, type GpuCheck } from "../../src/gpu-check/report.ts";
import { checkTables, significant } from "../../src/gpu-check/tables.ts";

const RESULTS = new URL("../../bench/results/", import.meta.url);

/** The page with each report's tables, from the project's root. */
export const GPUS_DOC = "docs/gpus.md";
/** The page with one line per report. */
export const ADAPTERS_DOC = "docs/performance.md";

/** Returns the kept reports, the newest of each adapter. */
export function keptChecks(): readonly { readonly file: string; readonly check: GpuCheck }[] {
  const all = readdirSync(RESULTS)
    .filter((file) => /^\d{4}-\d\d-\d\d-gpu-check-[\w-]+\.json$/.test(file))
    .toSorted()
    .map((file) => ({ file, check: parseCheck(readFileSync(new URL(file, RESULTS)), file) }));
  const newest = new Map(all.map((each) => [each.check.about.adapter, each]));
  return [...newest.values()];
}

/** Returns docs/gpus.md. */
export function gpusDoc(): string {
  const parts = keptChecks().map(
    ({ file, check }) => `${checkTables(check)}\n[The whole report](../bench/results/${file})\n`,
  );
  return `# Adapters that were checked

\`npm run docs\` writes this page from the reports in \`bench/results\`. To add your GPU, run \`npm run gpu-check\` while nothing else runs, and send the file that it writes. [Performance](performance.md) says what the figures mean.

${parts.join("\n")}`;
}

function adapterTable(): string {
  const rows = keptChecks().map(({ check }) => {
    const { about, date, correctness, ceilings, steps } = check;
    const wrong = correctness.kernels.filter((kernel) => kernel.wrong > 0).length;
    const { length } = correctness.kernels;
    const times = steps.map(
      ({ recipe, batch, seconds }) => `\`${recipe}\` at ${batch}: ${significant(seconds * 1e3)} ms`,
    );
    return [
      about.adapter,
      `${date.slice(0, 10)}, ${about.commit ?? "no commit"}`,
      `${length - wrong} of ${length} (${correctness.cases} cases)`,
      ceilings ? `${significant(ceilings.flops / 1e9)} GFLOP/s` : "–",
      ceilings ? `${significant(ceilings.bandwidth / 1e9)} GB/s` : "–",
      times.join("; ") || "–",
    ];
  });
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const titles = [
    "adapter",
    "checked",
    "kernels that are right",
    "multiply-adds",
    "copying",
    "a step",
  ];
  return [line(titles), line(titles.map(() => "---")), ...rows.map(line)].join("\n");
}

/** Returns a page with the table of adapters between its two marks. Throws if a mark is missing. */
export function withAdapters(page: string): string {
  const marks = /(<!-- adapters -->\n)[\s\S]*?(\n<!-- end of adapters -->)/;
  if (!marks.test(page)) throw new Error("docs/performance.md has no marks for the adapters");
  return page.replace(
    marks,
    (_, begin: string, end: string) => `${begin}\n${adapterTable()}\n${end}`,
  );
}
