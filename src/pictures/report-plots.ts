// The plots of an evaluation's page, as SVG that uses the page's colours by name (report-style.ts). Each is about as
// wide as a phone, so that its text is readable there.
import * as Plot from "@observablehq/plot";
import { formatFigure } from "./figure-words.ts";
import { svgDocument } from "./page.ts";

/** A named value: a row of `dotPlot`. */
export interface NamedValue {
  readonly label: string;
  readonly value: number;
}

const WIDTH = 360;
const TEXT = { fontSize: 12, fill: "var(--ink)" } as const;
/** How axes look. */
export const AXIS = {
  color: "var(--faint-ink)",
  fontSize: 11,
  tickSize: 3,
  labelArrow: "none",
} as const;

/**
 * Returns values on one axis, one row per value, with the first one emphasised. On a logarithmic axis, values that are
 * too small for it, or below 0, lie at its left end.
 */
export function dotPlot(
  rows: readonly NamedValue[],
  options: { readonly logarithmic: boolean; readonly title: string },
): string {
  const values = rows.map(({ value }) => value).filter(Number.isFinite);
  const domain = options.logarithmic ? logarithmicDomain(values) : linearDomain(values);
  const placed = rows.map((row, index) => ({
    ...row,
    own: index === 0,
    place: Math.max(domain[0], Number.isFinite(row.value) ? row.value : domain[0]),
  }));
  const labels = { y: "label", ...TEXT };
  const mark = (own: boolean): string => (own ? "var(--accent)" : "var(--other)");
  return draw({
    title: options.title,
    height: 26 * rows.length + 26,
    marginLeft: 128,
    marginRight: 56,
    marginTop: 2,
    marginBottom: 24,
    x: { type: options.logarithmic ? "log" : "linear", domain },
    y: { domain: rows.map(({ label }) => label), axis: null },
    marks: [
      Plot.ruleY(placed, { y: "label", stroke: "var(--rule)" }),
      Plot.dot(placed, {
        x: "place",
        y: "label",
        r: (row: (typeof placed)[number]) => (row.own ? 6 : 4),
        fill: (row: (typeof placed)[number]) => mark(row.own),
      }),
      Plot.axisX({ ...AXIS, label: null, ...axisTicks(options.logarithmic, domain) }),
      ...[true, false].flatMap((own) => {
        const some = placed.filter((row) => row.own === own);
        const weight = { fontWeight: own ? 700 : 400 };
        return [
          Plot.text(some, {
            ...labels,
            ...weight,
            text: "label",
            frameAnchor: "left",
            textAnchor: "end",
            dx: -10,
          }),
          Plot.text(some, {
            ...labels,
            ...weight,
            text: (row: NamedValue) => formatFigure(row.value),
            frameAnchor: "right",
            textAnchor: "end",
            dx: 54,
          }),
        ];
      }),
    ],
  });
}

function linearDomain(values: readonly number[]): [number, number] {
  return [0, Math.max(1, ...values)];
}

function logarithmicDomain(values: readonly number[]): [number, number] {
  const most = Math.max(1e-3, ...values);
  const positive = values.filter((value) => value > 0);
  const least = Math.max(most / 1e6, Math.min(most / 10, ...positive));
  return [10 ** Math.floor(Math.log10(least)), 10 ** Math.ceil(Math.log10(most))];
}

function axisTicks(logarithmic: boolean, [low, high]: [number, number]): Plot.AxisXOptions {
  if (!logarithmic) return { ticks: 4, tickFormat: (value: number) => String(value) };
  const powers: number[] = [];
  const [first, last] = [Math.round(Math.log10(low)), Math.round(Math.log10(high))];
  const stride = Math.ceil((last - first) / 4);
  for (let power = last; power >= first; power -= stride) powers.push(10 ** power);
  return { ticks: powers, tickFormat: powerLabel };
}

function powerLabel(value: number): string {
  return value >= 0.001 && value < 1e4
    ? value.toLocaleString("en", { maximumFractionDigits: 3 })
    : value.toExponential(0).replace("e+", "e").replace("e-", "e−");
}

/**
 * Returns the number of samples of each class, as bars. `expected` holds the expected numbers, which are drawn as
 * lines.
 */
export function classPlot(
  counts: readonly number[],
  expected: readonly number[],
  title: string,
): string {
  const rows = counts.map((count, digit) => ({ digit, count, expected: expected[digit]! }));
  return draw({
    title,
    height: 200,
    marginLeft: 46,
    marginRight: 8,
    marginTop: 12,
    marginBottom: 36,
    x: { type: "band", domain: rows.map(({ digit }) => digit), padding: 0.2 },
    y: { domain: [0, 1.05 * Math.max(...counts, ...expected)] },
    marks: [
      Plot.gridY({ ticks: 4, stroke: "var(--rule)", strokeOpacity: 1 }),
      Plot.axisY({ ...AXIS, ticks: 4, tickSize: 0, label: null }),
      Plot.axisX({ ...AXIS, tickSize: 0, label: "digit, as the judge sees it", labelOffset: 32 }),
      Plot.barY(rows, { x: "digit", y: "count", fill: "var(--accent)" }),
      Plot.tickY(rows, { x: "digit", y: "expected", stroke: "var(--ink)", strokeWidth: 2 }),
    ],
  });
}

/**
 * Returns two sets of distances as outlines of histograms over one axis, scaled to shares, with a dashed line at
 * `guide`.
 */
export function distancePlot(
  samples: readonly number[],
  real: readonly number[],
  guide: number,
  title: string,
): string {
  const bins = 28;
  const most = 1.02 * Math.max(guide, ...samples, ...real);
  const outline = (values: readonly number[]): { x: number; y: number }[] => {
    const shares = Array.from({ length: bins }, () => 0);
    for (const value of values) {
      shares[Math.min(bins - 1, Math.floor((value / most) * bins))]! += 100 / values.length;
    }
    return [...shares, 0].map((y, index) => ({ x: (index * most) / bins, y }));
  };
  const line = (values: readonly number[], stroke: string): Plot.Markish =>
    Plot.lineY(outline(values), { x: "x", y: "y", stroke, strokeWidth: 2, curve: "step-after" });
  return draw({
    title,
    height: 210,
    marginLeft: 42, // for 100%, if all samples are alike
    marginRight: 12,
    marginTop: 12,
    marginBottom: 36,
    x: { domain: [0, most] },
    y: { grid: false },
    marks: [
      Plot.gridY({ ticks: 4, stroke: "var(--rule)", strokeOpacity: 1 }),
      Plot.axisY({
        ...AXIS,
        ticks: 4,
        tickSize: 0,
        label: null,
        tickFormat: (y: number) => `${y}%`,
      }),
      Plot.axisX({
        ...AXIS,
        ticks: 6,
        label: "distance to the nearest training image",
        labelOffset: 32,
      }),
      Plot.ruleX([guide], { stroke: "var(--faint-ink)", strokeDasharray: "4,4" }),
      line(real, "var(--other)"),
      line(samples, "var(--accent)"),
    ],
  });
}

function draw({ title, ...options }: Plot.PlotOptions & { readonly title: string }): string {
  const svg = Plot.plot({ document: svgDocument(), width: WIDTH, ...options });
  return finish(svg, title);
}

/** Returns a drawing of Plot's for use in the page: as wide as there is room, named, in the page's style. */
export function finish(svg: Element, title: string): string {
  svg.querySelector("style")?.remove();
  for (const name of ["class", "width", "height", "xmlns", "xmlns:xlink"])
    svg.removeAttribute(name);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", title);
  return svg.outerHTML;
}
