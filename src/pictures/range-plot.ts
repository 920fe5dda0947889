// A plot of several quantities over the same axis, each a line through medians in a band from least to greatest, for the
// page of a comparison.
import * as Plot from "@observablehq/plot";
import { svgDocument } from "./page.ts";
import { AXIS, finish } from "./report-plots.ts";
import { wholeTicks } from "./series.ts";
import { escapeXml } from "./xml.ts";

/** What was found at a place of the axis. */
export interface RangePoint {
  readonly x: number;
  readonly least: number;
  readonly median: number;
  readonly most: number;
}

/** A quantity: its line and its band. */
export interface RangeLine {
  readonly name: string;
  /** As in CSS, such as `var(--entry-0)`. */
  readonly colour: string;
  readonly points: readonly RangePoint[];
}

/** What is said around the plot. */
export interface RangePlotOptions {
  /** For those who can't see the plot. */
  readonly title: string;
  /** What the axis at the bottom counts. */
  readonly across: string;
  /** Where that axis ends; it begins at 0. */
  readonly end: number;
}

/** From this ratio of the greatest value to the least, the axis is logarithmic. */
const WIDE = 10;

/** Returns whether an axis for these values is logarithmic: if all are above 0 and they differ by a factor of 10. */
export function isWide(values: readonly number[]): boolean {
  const finite = values.filter(Number.isFinite);
  const least = Math.min(...finite);
  return least > 0 && Math.max(...finite) / least >= WIDE;
}

/** Returns the ends of the axis for these values. Values that aren't finite have no place on it. */
export function rangeDomain(values: readonly number[]): [low: number, high: number] {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return [0, 1];
  const [least, most] = [Math.min(...finite), Math.max(...finite)];
  if (isWide(finite)) return [least / 1.15, most * 1.15];
  return [Math.min(0, least), Math.max(most * 1.05, Number.MIN_VALUE)];
}

/** Returns the round numbers 1, 2 and 5 times powers of ten within the ends of a logarithmic axis. */
function roundTicks([low, high]: readonly [number, number]): number[] {
  const powers = wholeTicks(Math.floor(Math.log10(low)), Math.ceil(Math.log10(high)), 100);
  return powers
    .flatMap((power) => [1, 2, 5].map((times) => times * 10 ** power))
    .filter((tick) => tick >= low && tick <= high);
}

/** Returns the plot and its legend as HTML that uses the page's colours. Without points, says so in their place. */
export function rangePlot(lines: readonly RangeLine[], options: RangePlotOptions): string {
  const { title, across, end } = options;
  const points = lines.flatMap(({ name, colour, points: own }) =>
    own
      .filter(({ least, median, most }) => [least, median, most].every(Number.isFinite))
      .map((point) => ({ ...point, name, colour })),
  );
  const legend = lines.map(
    ({ name, colour }) => `<span><i style="background:${colour}"></i>${escapeXml(name)}</span>`,
  );
  const values = points.flatMap(({ least, most }) => [least, most]);
  const [domain, logarithmic] = [rangeDomain(values), isWide(values)];
  const ticks = logarithmic ? roundTicks(domain) : 5;
  const of = { x: "x", z: "name" };
  const svg = Plot.plot({
    document: svgDocument(),
    width: 420,
    height: 280,
    marginLeft: 46,
    marginRight: 14,
    marginTop: 10,
    marginBottom: 38,
    x: { domain: [0, end] },
    y: { type: logarithmic ? "log" : "linear", domain },
    marks: [
      Plot.gridY(logarithmic ? roundTicks(domain) : undefined, {
        ...(logarithmic ? {} : { ticks: 5 }),
        stroke: "var(--rule)",
        strokeOpacity: 1,
      }),
      Plot.axisY({
        ...AXIS,
        ticks,
        tickSize: 0,
        label: null,
        tickFormat: (y: number) => String(y),
      }),
      Plot.axisX({ ...AXIS, ticks: 6, label: across, labelOffset: 34 }),
      ...lines.map(({ name, colour }) =>
        Plot.areaY(
          points.filter((point) => point.name === name),
          { ...of, y1: "least", y2: "most", fill: colour, fillOpacity: 0.18 },
        ),
      ),
      ...lines.map(({ name, colour }) =>
        Plot.lineY(
          points.filter((point) => point.name === name),
          { ...of, y: "median", stroke: colour, strokeWidth: 2 },
        ),
      ),
      Plot.dot(points, { x: "x", y: "median", r: 2.5, fill: "colour" }),
      points.length === 0
        ? Plot.text(["no judgings yet"], {
            frameAnchor: "middle",
            fill: "var(--faint-ink)",
            fontSize: 14,
          })
        : null,
    ],
  });
  return `<div class="key">${legend.join("")}</div>
<div class="wide">${finish(svg, title)}</div>`;
}
