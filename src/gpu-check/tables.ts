// What a check of a GPU found, as Markdown tables: for an issue, a page of docs, or a terminal.
import type {
  CheckedCeilings,
  CheckedStep,
  CheckedWorkload,
  Correctness,
  GpuCheck,
} from "./report.ts";

/** Kernels that a step's table shows. */
const MOST_KERNELS = 10;
/** Wrong cases that are shown. */
const MOST_FAULTS = 12;

/** Returns the whole report as Markdown, with headings of the level `level`. */
export function checkTables(check: GpuCheck, level = 2): string {
  const { about, date, seconds, correctness, ceilings, workloads, steps } = check;
  const commit = about.commit === null ? "" : `, commit ${about.commit}`;
  const heading = "#".repeat(level);
  const parts = [
    `${heading} ${about.adapter}`,
    `${date.slice(0, 10)}, Longhand ${about.longhand}${commit}, ${about.runtime}; the check took ${Math.round(seconds)} s.`,
    correctnessWords(correctness),
    ...(correctness.faults.length > 0 ? [faultTable(correctness)] : []),
    ...(ceilings
      ? [ceilingTable(ceilings)]
      : ["The time was up before the ceilings were measured."]),
    ...(steps.length > 0 ? [stepTable(steps)] : []),
    ...steps.slice(0, 1).map((step) => kernelTable(step)),
    ...(workloads.length > 0 ? [variantTable(workloads)] : []),
  ];
  return `${parts.join("\n\n")}\n`;
}

/** Says in a paragraph which kernels are right. */
export function correctnessWords({
  cases,
  left,
  kernels,
  faults,
  barred,
  f16,
}: Correctness): string {
  const wrong = kernels.filter((kernel) => kernel.wrong > 0);
  const right = kernels.length - wrong.length;
  const rest = left > 0 ? ` There was no time for ${left} more cases.` : "";
  const half =
    f16 === null
      ? ""
      : f16
        ? " 16-bit activations are right too."
        : " 16-bit activations are wrong.";
  if (faults.length === 0) {
    return `**All ${right} kernels that ran are right**: ${cases} cases against float64, each in the variants that it proves.${half}${rest}`;
  }
  const instead =
    barred.length > 0
      ? ` Runs on this adapter use other variants in place of ${barred.join(", ")}.`
      : " No variant of them is right, so there is none to use in their place.";
  return `**${wrong.length} of ${kernels.length} kernels have wrong answers**: ${wrong.map(({ label }) => label).join(", ")}, in ${faults.length} comparisons of ${cases} cases with float64.${instead}${half}${rest}`;
}

function faultTable({ faults }: Correctness): string {
  const rows = faults
    .slice(0, MOST_FAULTS)
    .map(({ op, case: name, variant, problem }) => [op, name, variant ?? "", problem]);
  const more =
    faults.length > MOST_FAULTS ? [[`and ${faults.length - MOST_FAULTS} more`, "", "", ""]] : [];
  return markdown(["op", "case", "variant", "what is wrong"], [...rows, ...more]);
}

function ceilingTable(found: CheckedCeilings): string {
  const { flops, halfFlops, bandwidth, sharedBandwidth, barriers, launch } = found;
  const us = (seconds: number): string => `${significant(seconds * 1e6)} µs`;
  return markdown(
    ["what the adapter does at best", ""],
    [
      ["multiply-adds, 32 bits", `${scaled(flops)}FLOP/s`],
      ...(halfFlops === null ? [] : [["multiply-adds, 16 bits", `${scaled(halfFlops)}FLOP/s`]]),
      ["copying", `${scaled(bandwidth)}B/s`],
      ["reading workgroup memory", `${scaled(sharedBandwidth)}B/s`],
      ["barriers, workgroups of 64", `${scaled(barriers)}Hz`],
      ["a launch that depends on the one before", us(launch.dependent)],
      ["a launch that writes a part of one buffer", us(launch.oneBuffer)],
      ["a launch that writes a buffer of its own", us(launch.ownBuffers)],
    ],
  );
}

function stepTable(steps: readonly CheckedStep[]): string {
  return markdown(
    ["step", "batch", "ms", "fastest to slowest", "images/s", "FLOP/s", "dispatches", "peak MB"],
    steps.map(
      ({ recipe, batch, seconds, fastest, slowest, multiplyAdds, dispatches, peakBytes }) => [
        `\`${recipe}\``,
        `${batch}`,
        significant(seconds * 1e3),
        `${significant(fastest * 1e3)} to ${significant(slowest * 1e3)}`,
        significant(batch / seconds),
        scaled((2 * multiplyAdds) / seconds).trim(),
        `${dispatches}`,
        (peakBytes / 1e6).toFixed(1),
      ],
    ),
  );
}

function kernelTable({ recipe, batch, kernels }: CheckedStep): string {
  const total = kernels.reduce((sum, { seconds }) => sum + seconds, 0);
  return markdown(
    [
      `kernels of \`${recipe}\`, batch ${batch}`,
      "launches",
      "ms",
      "share",
      "FLOP/s",
      "B/s",
      "of ceiling",
    ],
    kernels
      .slice(0, MOST_KERNELS)
      .map(({ label, launches, seconds, flops, bandwidth, ofCeiling }) => [
        `\`${label}\``,
        `${launches}`,
        significant(seconds * 1e3),
        percent(seconds / total),
        flops > 0 ? scaled(flops).trim() : "–",
        scaled(bandwidth).trim(),
        percent(ofCeiling),
      ]),
  );
}

function variantTable(workloads: readonly CheckedWorkload[]): string {
  const names = [
    ...new Set(workloads.flatMap(({ variants }) => variants.map(({ variant }) => variant))),
  ];
  return markdown(
    ["ms per launch (GFLOP/s); *the default*", ...names],
    workloads.map(({ key, flop, standard, variants }) => [
      key,
      ...names.map((name) => {
        const found = variants.find(({ variant }) => variant === name);
        if (!found) return "";
        const { milliseconds, remark } = found;
        if (remark?.startsWith("wrong")) return "wrong";
        if (milliseconds === null) return "–";
        const rate = flop > 0 ? ` (${significant(flop / milliseconds / 1e6)})` : "";
        const cell = `${significant(milliseconds)}${rate}`;
        return name === standard ? `*${cell}*` : cell;
      }),
    ]),
  );
}

function markdown(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll(/\s+/g, " ")).join(" | ")} |`;
  return [line(titles), line(titles.map(() => "---")), ...rows.map(line)].join("\n");
}

const percent = (part: number): string => `${(part * 100).toFixed(0)} %`;

/** Formats a number to three significant digits, without an exponent. */
export function significant(value: number): string {
  if (value === 0) return "0";
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(digits, 6));
}

/** A rate with its decimal prefix, such as `47.1 T`. */
function scaled(value: number): string {
  const power = Math.max(0, Math.min(4, Math.floor(Math.log10(Math.max(value, 1)) / 3)));
  return `${significant(value / 1000 ** power)} ${["", "k", "M", "G", "T"][power]}`;
}
