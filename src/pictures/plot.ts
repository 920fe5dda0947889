// The plot of a training run: both losses above, D(real) and D(fake) below, over the same steps. This file lays out the
// page; plot-panel.ts draws the two panels.

import { MARGIN, startPage, WIDTH, type Page } from "./page.ts";
import { drawPanel, FAINT_INK, INK, type Panel, type StepAxis } from "./plot-panel.ts";
import { meanAround, meanRadius, robustRange } from "./series.ts";

/** The numbers of one training step, as in a line of `metrics.jsonl`. */
export interface LossRow {
  /** Counted from 1. */
  step: number;
  /** The epoch that the step belongs to, counted from 1. */
  epoch: number;
  /** The discriminator's loss, in nats. */
  lossD: number;
  /** The generator's loss, in nats. */
  lossG: number;
  /** The discriminator's mean verdict on real images, a probability. */
  dReal: number;
  /** The discriminator's mean verdict on the generator's images, a probability. */
  dFake: number;
}

/** The options of `lossPlot`. */
export interface LossPlotOptions {
  title?: string;
  /** Places the epochs on the axis. By default it is computed from the rows' own steps and epochs. */
  stepsPerEpoch?: number;
}

type Series = { key: "lossD" | "lossG" | "dReal" | "dFake"; name: string; colour: string };

// Hues that stay apart for colour-blind eyes (after Okabe and Ito, darkened for white paper).
const LOSSES: Series[] = [
  { key: "lossD", name: "discriminator", colour: "#0068a8" },
  { key: "lossG", name: "generator", colour: "#d1540a" },
];
const VERDICTS: Series[] = [
  { key: "dReal", name: "D(real)", colour: "#00805e" },
  { key: "dFake", name: "D(fake)", colour: "#b04a8b" },
];

const LEGEND_COLUMN = 190;

/**
 * Returns a standalone SVG of a run: 800 units wide, on white, readable on a dark page too. The faint lines are the
 * steps (long runs are thinned to their outline). The strong lines are a moving mean over a 25th of the run, but at
 * most 501 steps. Values that aren't finite leave a gap, and the first one is marked. Losses far from the rest are
 * drawn at the edge and counted below. Without rows, the plot says "no steps yet".
 */
export function lossPlot(rows: LossRow[], options: LossPlotOptions = {}): string {
  const { title = "Training", stepsPerEpoch = guessStepsPerEpoch(rows) } = options;
  const radius = meanRadius(rows.length);
  const losses = rows.flatMap((row) => [row.lossD, row.lossG]);
  const lossRange = robustRange(losses);
  const panelOf = (series: Series[], domain: [number, number]): Panel => ({
    steps: rows.map((row) => row.step),
    lines: series.map(({ key, colour }) => ({ colour, values: rows.map((row) => row[key]) })),
    domain,
    radius,
  });
  const upper = panelOf(LOSSES, lossRange);
  const lower = { ...panelOf(VERDICTS, [0, 1]), guide: 0.5 };
  const axis = stepAxis(rows, stepsPerEpoch);
  const hasEpochs = axis.stepsPerEpoch <= axis.domain[1];

  const page = startPage(title, progress(rows, stepsPerEpoch));
  let top = 74;
  const width = WIDTH - 2 * MARGIN;
  addHeading(page, top, "Loss (nats)", LOSSES, upper);
  const upperHeight = hasEpochs ? 250 : 218;
  const labels = { epochLabels: true, stepLabels: false };
  page.place(drawPanel(page.document, upper, axis, { width, height: upperHeight, ...labels }), top);

  top += upperHeight + 42;
  addHeading(page, top, "Verdict: probability of “real”", VERDICTS, lower);
  const below = { epochLabels: false, stepLabels: true };
  page.place(drawPanel(page.document, lower, axis, { width, height: 240, ...below }), top);

  top += 240 + 28;
  for (const note of notesOn(rows, radius, losses, lossRange)) {
    page.add("text", { x: MARGIN, y: top, fill: FAINT_INK, "font-size": 11 }, note);
    top += 16;
  }
  return page.finish(top);
}

function addHeading(page: Page, y: number, heading: string, series: Series[], panel: Panel): void {
  const text = { y, fill: INK, "font-size": 13 };
  page.add("text", { ...text, x: MARGIN, "font-weight": 600 }, heading);
  for (const [index, { name, colour }] of series.entries()) {
    const left = WIDTH - MARGIN - LEGEND_COLUMN * (series.length - index);
    const stroke = { stroke: colour, "stroke-width": 3, "stroke-linecap": "round" };
    page.add("line", { x1: left, x2: left + 20, y1: y - 4, y2: y - 4, ...stroke });
    const { values } = panel.lines[index]!;
    const last = meanAround(values, values.length - 1, panel.radius);
    const figure = Number.isFinite(last) ? last.toPrecision(3) : "–";
    page.add("text", { ...text, x: left + 28 }, values.length > 0 ? `${name} ${figure}` : name);
  }
}

// A run is drawn from step 0 on; the later part of a run, from where it begins.
function stepAxis(rows: LossRow[], stepsPerEpoch: number): StepAxis {
  const first = rows[0]?.step ?? 0;
  const low = first <= 1 ? 0 : first;
  return { domain: [low, Math.max(rows.at(-1)?.step ?? 1, low + 1)], stepsPerEpoch };
}

// The last step of epoch e is e × stepsPerEpoch. NaN if the rows stay within one epoch.
function guessStepsPerEpoch(rows: LossRow[]): number {
  const change = rows.findLastIndex((row, i) => i > 0 && row.epoch > rows[i - 1]!.epoch);
  const before = rows[change - 1];
  const steps = before ? Math.round(before.step / before.epoch) : NaN;
  return steps >= 1 ? steps : NaN;
}

function progress(rows: LossRow[], stepsPerEpoch: number): string {
  const last = rows.at(-1);
  if (!last) return "";
  const steps = `${last.step.toLocaleString("en")} ${last.step === 1 ? "step" : "steps"}`;
  if (!(stepsPerEpoch > 0)) return steps;
  const epochs = Math.round((10 * last.step) / stepsPerEpoch) / 10;
  return `${steps} · ${epochs.toLocaleString("en")} ${epochs === 1 ? "epoch" : "epochs"}`;
}

function notesOn(
  rows: LossRow[],
  radius: number,
  losses: number[],
  [low, high]: [number, number],
): string[] {
  if (rows.length === 0) return [];
  const reading =
    radius > 0
      ? `Faint: single steps. Strong: mean of ${2 * radius + 1} steps. Figures: its last value.`
      : "Figures: the last step's.";
  const guide = "Dashed: 0.5, the discriminator can't tell.";
  const outside = losses.filter((v) => Number.isFinite(v) && (v < low || v > high)).length;
  if (outside === 0) return [`${reading} ${guide}`];
  const subject =
    outside === 1 ? "1 outlying loss is" : `${outside.toLocaleString("en")} outlying losses are`;
  return [`${reading} ${guide}`, `${subject} drawn at the edge.`];
}
