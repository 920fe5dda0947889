// One panel of a run's plot: lines over the training steps, drawn by Observable Plot into a given document. plot.ts
// draws the headings and legends around it.

import * as Plot from "@observablehq/plot";

import { meanAround, thinIndices, wholeTicks } from "./series.ts";

/** One line: a value for each step of the panel. */
export interface PanelLine {
  colour: string;
  values: number[];
}

/** What one panel shows. */
export interface Panel {
  steps: number[];
  lines: PanelLine[];
  /** The y axis. Values outside are drawn at its edge. */
  domain: [number, number];
  /** How many rows the moving mean reaches to either side. 0 draws the values themselves, with dots. */
  radius: number;
  /** A dashed line across the panel. */
  guide?: number;
}

/** The x axis that a plot's panels share. */
export interface StepAxis {
  domain: [number, number];
  /** NaN omits the epochs. */
  stepsPerEpoch: number;
}

/** The panel's size, its colours, and whether it has labels on its axes. */
export interface PanelLayout {
  width: number;
  height: number;
  epochLabels: boolean;
  stepLabels: boolean;
  /** By default the colours for white paper. A web page may pass `var(--…)`. */
  colours?: PanelColours;
}

/** The colours of everything except the lines, as in CSS. */
export interface PanelColours {
  paper: string;
  faintInk: string;
  rule: string;
  alarm: string;
}

/** Colours that the page around the panels shares with them. */
export const INK: string = "#1f2937";
export const FAINT_INK: string = "#6b7280";
const ON_WHITE: PanelColours = {
  paper: "#ffffff",
  faintInk: FAINT_INK,
  rule: "#e5e7eb",
  alarm: "#b91c1c",
};

// With this many points, the faint lines keep their outline, and four of them stay under 150 kB.
const RAW_POINTS = 1800;
const SMOOTH_POINTS = 400;

/** Draws `panel` as an `<svg>` element of `document`, to be placed in a page. */
export function drawPanel(
  document: Document,
  panel: Panel,
  axis: StepAxis,
  layout: PanelLayout,
): Element {
  const { steps, lines, domain, radius, guide } = panel;
  const { paper, faintInk, rule } = layout.colours ?? ON_WHITE;
  const axisText = { color: faintInk, fontSize: 12 };
  const stepTicks = Math.min(9, Math.floor(layout.width / 60));
  const epochs = epochTicks(axis);
  const epochLabel = (step: number): string => wholeLabel(step / axis.stepsPerEpoch);
  const svg = Plot.plot({
    document,
    width: layout.width,
    height: layout.height,
    marginLeft: 44,
    marginRight: 28,
    marginTop: layout.epochLabels && epochs.length > 0 ? 44 : 12,
    marginBottom: layout.stepLabels ? 44 : 8,
    x: { domain: axis.domain, axis: null },
    y: { domain, clamp: true },
    marks: [
      Plot.gridY({ ticks: 5, stroke: rule, strokeOpacity: 1 }),
      Plot.ruleX(epochs, { stroke: rule }),
      Plot.axisY({ ticks: 5, tickSize: 0, tickFormat: valueLabel, label: null, ...axisText }),
      layout.stepLabels &&
        Plot.axisX(wholeTicks(...axis.domain, stepTicks), {
          ...xAxis("bottom", "step", wholeLabel),
          ...axisText,
        }),
      layout.epochLabels &&
        epochs.length > 0 &&
        Plot.axisX(epochs, { ...xAxis("top", "epoch", epochLabel), ...axisText }),
      domain[0] <= 0 && Plot.ruleY([0], { stroke: faintInk }),
      guide !== undefined && Plot.ruleY([guide], { stroke: faintInk, strokeDasharray: "4,4" }),
      ...lines.map((line) => (radius > 0 ? drawRaw(steps, line) : drawDots(steps, line))),
      ...lines.map((line) => drawMean(steps, line, radius)),
      drawAlarm(steps, lines, axis, layout.colours ?? ON_WHITE),
      steps.length === 0 &&
        Plot.text(["no steps yet"], {
          frameAnchor: "middle",
          fill: faintInk,
          fontSize: 16,
          ...halo(paper),
        }),
    ].map((mark) => mark || null),
  });
  // Plot's own style sheet is for pages; a viewer without CSS must draw the same picture.
  svg.querySelector("style")?.remove();
  svg.removeAttribute("class");
  return svg;
}

function halo(paper: string): Plot.TextOptions {
  return { stroke: paper, strokeWidth: 5 };
}

function xAxis(
  anchor: "top" | "bottom",
  label: string,
  tickFormat: (step: number) => string,
): Plot.AxisXOptions {
  const center = { labelAnchor: "center", labelArrow: "none" } as const;
  return { anchor, label, tickFormat, tickSize: 4, labelOffset: 34, ...center };
}

function wholeLabel(value: number): string {
  return Math.round(value).toLocaleString("en");
}

function valueLabel(value: number): string {
  return Math.abs(value) < 10_000 ? String(value) : value.toExponential().replace("e+", "e");
}

// Returns the steps at which a whole number of epochs is done, as many as have room for labels; none if
// not even the first epoch is done.
function epochTicks({ domain, stepsPerEpoch }: StepAxis): number[] {
  const [low, high] = domain;
  if (!(stepsPerEpoch > 0) || stepsPerEpoch > high) return [];
  return wholeTicks(low / stepsPerEpoch, high / stepsPerEpoch, 13).map((e) => e * stepsPerEpoch);
}

type Point = { x: number; y: number };

function drawRaw(steps: number[], { colour, values }: PanelLine): Plot.Markish {
  const points = thinIndices(values, RAW_POINTS).map((i): Point => ({
    x: steps[i]!,
    y: values[i]!,
  }));
  return Plot.lineY(points, {
    x: "x",
    y: "y",
    stroke: colour,
    strokeWidth: 1,
    strokeOpacity: 0.25,
  });
}

function drawDots(steps: number[], { colour, values }: PanelLine): Plot.Markish {
  const points = values.map((y, i): Point => ({ x: steps[i]!, y }));
  return Plot.dot(points, { x: "x", y: "y", r: 2.5, fill: colour });
}

function drawMean(steps: number[], { colour, values }: PanelLine, radius: number): Plot.Markish {
  const stride = Math.ceil(values.length / SMOOTH_POINTS);
  const points = values.flatMap((value, i): Point[] => {
    // A value that isn't finite is kept with any stride, because it breaks the line.
    const isKept = i % stride === 0 || i === values.length - 1 || !Number.isFinite(value);
    return isKept ? [{ x: steps[i]!, y: meanAround(values, i, radius) }] : [];
  });
  return Plot.lineY(points, { x: "x", y: "y", stroke: colour, strokeWidth: 2 });
}

// Marks the first step with a value that isn't finite: the run can't be trusted from there on.
function drawAlarm(
  steps: number[],
  lines: PanelLine[],
  { domain }: StepAxis,
  { alarm, paper }: PanelColours,
): Plot.Markish {
  const first = steps.findIndex((_, i) => lines.some(({ values }) => !Number.isFinite(values[i])));
  if (first < 0) return null;
  const step = steps[first]!;
  const isLate = step > (domain[0] + domain[1]) / 2;
  return Plot.marks(
    Plot.ruleX([step], { stroke: alarm, strokeDasharray: "2,3" }),
    Plot.text([`step ${wholeLabel(step)}: not a finite number`], {
      x: [step],
      frameAnchor: "top",
      textAnchor: isLate ? "end" : "start",
      dx: isLate ? -6 : 6,
      dy: 4,
      fill: alarm,
      fontSize: 12,
      ...halo(paper),
    }),
  );
}
