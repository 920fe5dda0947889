// The measured numbers of README.md and docs/performance.md: each is stated once, and read from the newest report that
// `npm run bench -- peers` left in bench/results.
import { readdirSync, readFileSync } from "node:fs";

const RESULTS = new URL("../../bench/results/", import.meta.url);

interface Contestant {
  readonly name: string;
  readonly firstMilliseconds: number;
  readonly median: number;
  readonly counts: Readonly<
    Record<"dispatches" | "submits" | "passes" | "buffers" | "bindGroups" | "uploadedBytes", number>
  >;
  readonly peakBytes: number;
}

interface Report {
  readonly date: string;
  readonly commit: string;
  readonly adapter: string;
  readonly cores: number;
  readonly batch: number;
  readonly rounds: number;
  readonly peers: Readonly<Record<string, string>>;
  readonly contestants: readonly Contestant[];
}

const NEWEST = readdirSync(RESULTS)
  .filter((file) => /^[\d-]+-peers-lavapipe-32\.json$/.test(file))
  .toSorted()
  .at(-1)!;
const report: Report = JSON.parse(readFileSync(new URL(NEWEST, RESULTS), "utf8"));
const [ours] = report.contestants;

const seconds = (milliseconds: number): string => formatSeconds(milliseconds / 1000);
const formatSeconds = (value: number): string => `${value.toPrecision(3)} s`;
const megabytes = (bytes: number): string =>
  bytes === 0 ? "0" : `${(bytes / 1e6).toPrecision(bytes < 1e6 ? 1 : 3)} MB`;
const times = (value: number, of: number): string =>
  value === of ? "" : ` (${(value / of).toPrecision(3)}×)`;

type Row = readonly [name: string, cell: (each: Contestant) => string];

const FOUR: readonly Row[] = [
  ["one step, median", ({ median }) => seconds(median) + times(median, ours!.median)],
  ["launches · submits", ({ counts }) => `${counts.dispatches} · ${counts.submits}`],
  ["bytes uploaded per step", ({ counts }) => megabytes(counts.uploadedBytes)],
  ["peak GPU memory", ({ peakBytes }) => megabytes(peakBytes)],
];
const OTHERS: readonly Row[] = [
  ["first step, driver's cache warm", ({ firstMilliseconds }) => seconds(firstMilliseconds)],
  ["compute passes", ({ counts }) => String(counts.passes)],
  ["buffers created per step", ({ counts }) => String(counts.buffers)],
  ["bind groups created per step", ({ counts }) => String(counts.bindGroups)],
];
const NAMES: Readonly<Record<string, string>> = {
  longhand: "Longhand",
  tfjs: `TensorFlow.js ${report.peers["@tensorflow/tfjs"]}`,
  "jax-js": `jax-js ${report.peers["@jax-js/jax"]}`,
};

function table(rows: readonly Row[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const { contestants } = report;
  return [
    line(["", ...contestants.map(({ name }) => NAMES[name] ?? name)]),
    line(["---", ...contestants.map(() => "---")]),
    ...rows.map(([name, cell]) => line([name, ...contestants.map(cell)])),
  ].join("\n");
}

const source = (folder: string): string =>
  `\`npm run bench -- peers\` on ${report.date.slice(0, 10)} at commit ${report.commit}: one full \`dcgan\` step at batch ${report.batch}, each library in turn, ${report.rounds} rounds, on ${report.adapter} and ${report.cores} shared CPU cores ([all figures](${folder}bench/results/${NEWEST})).`;

/** The pages with measured numbers, and the text between their marks. */
export const PEER_FIGURES: Readonly<Record<string, string>> = {
  "README.md": `${source("")}\n\n${table(FOUR)}`,
  "docs/performance.md": `${source("../")}\n\n${table(OTHERS)}`,
};

/** Returns a page with its numbers between its two marks. Throws if a mark is missing. */
export function withPeerFigures(path: string, page: string): string {
  const marks = /(<!-- figures -->\n)[\s\S]*?(\n<!-- end -->)/;
  if (!marks.test(page)) throw new Error(`${path}: has no marks for the measured numbers`);
  return page.replace(
    marks,
    (_, begin: string, end: string) => `${begin}\n${PEER_FIGURES[path]}\n${end}`,
  );
}
