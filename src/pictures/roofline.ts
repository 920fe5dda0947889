// The picture of a profile: kernels under an adapter's roof. It shows operations per second over operations per byte,
// both axes logarithmic, and below them the kernels that took longest, by number.

import * as Plot from "@observablehq/plot";

import type { Ceilings, RooflineRow } from "../gpu/inspection/roofline.ts";
import { MARGIN, startPage, WIDTH, type Page } from "./page.ts";
import { FAINT_INK, INK } from "./plot-panel.ts";

/** What is drawn around the plot. */
export interface RooflineOptions {
  readonly title: string;
  /** The text in the corner, such as the step's time. */
  readonly aside: string;
  /** Lines below the table: the adapter, and how it was measured. */
  readonly notes: readonly string[];
}

/** A kernel with its number in the table. */
interface Spot {
  readonly row: RooflineRow;
  readonly number: number;
  readonly colour: string;
}

// Hues that stay apart for colour-blind eyes (after Okabe and Ito, darkened for white paper).
const FAMILIES = [
  { name: "convolutions, products", colour: "#0068a8", of: /^(conv2d|matmul)/ },
  { name: "batch norm, reductions", colour: "#d1540a", of: /^(batch-norm|reduce)/ },
  { name: "optimizers", colour: "#00805e", of: /^(adam|sgd)/ },
  { name: "the rest", colour: "#8a5a9e", of: /./ },
] as const;

const LISTED = 14; // kernels in the table
const HEIGHT = 330; // of the plot
const SPACIOUS = 9; // the radius of a dot that has room for its number

const radiusOf = ({ row }: Spot): number => Math.max(3, 28 * Math.sqrt(row.share));

/**
 * Returns a standalone SVG, 800 units wide. The area of each kernel's dot is proportional to its share of the step's
 * time.
 */
export function rooflinePicture(
  rows: readonly RooflineRow[],
  ceilings: Ceilings,
  options: RooflineOptions,
): string {
  const spots = rows.map((row, index): Spot => ({
    row,
    number: index + 1,
    colour: FAMILIES.find(({ of }) => of.test(row.label))!.colour,
  }));
  const page = startPage(options.title, options.aside);
  let top = 74;
  addLegend(page, top);
  page.place(drawRoof(page.document, spots, ceilings), top);
  top += HEIGHT + 40;
  top = addTable(page, top, spots);
  for (const note of options.notes) {
    page.add("text", { x: MARGIN, y: top, fill: FAINT_INK, "font-size": 11 }, note);
    top += 16;
  }
  return page.finish(top);
}

function addLegend(page: Page, y: number): void {
  const text = { y, fill: INK, "font-size": 13 };
  page.add("text", { ...text, x: MARGIN, "font-weight": 600 }, "GFLOP/s");
  let x = MARGIN + 140;
  for (const { name, colour } of FAMILIES) {
    page.add("circle", { cx: x, cy: y - 4, r: 5, fill: colour });
    page.add("text", { ...text, x: x + 12 }, name);
    x += 50 + 6.5 * name.length;
  }
}

/** Returns the decades that hold all of `values`, as an axis. */
function decades(values: readonly number[]): { domain: [number, number]; ticks: number[] } {
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))));
  const ticks = Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i));
  return { domain: [10 ** low, 10 ** high], ticks };
}

const decadeLabel = (value: number): string =>
  value >= 1 ? value.toLocaleString("en") : String(Number(value.toPrecision(1)));

function drawRoof(document: Document, spots: readonly Spot[], ceilings: Ceilings): Element {
  const [peak, bandwidth] = [ceilings.flops / 1e9, ceilings.bandwidth / 1e9];
  const ridge = peak / bandwidth; // operations per byte from which arithmetic is the limit
  const placed = spots
    .filter(({ row }) => row.flop > 0)
    .map((spot) => ({ ...spot, x: spot.row.flop / spot.row.bytes, y: spot.row.flops / 1e9 }));
  const x = decades([ridge / 10, ridge * 10, ...placed.map((spot) => spot.x)]);
  const y = decades([peak, peak / 100, ...placed.map((spot) => spot.y)]);
  const roof = [x.domain[0], ridge, x.domain[1]].map((at) => ({
    x: at,
    y: Math.min(peak, at * bandwidth),
  }));
  const axisText = { color: FAINT_INK, fontSize: 12, tickSize: 0 };
  const halo = { stroke: "#ffffff", strokeWidth: 3 };
  const numbers = (which: (spot: Spot) => boolean, dx: number): Plot.Markish =>
    Plot.text(
      placed.filter((spot) => spot.number <= LISTED && which(spot)),
      {
        x: "x",
        y: "y",
        dx,
        text: ({ number }) => String(number),
        fill: INK,
        fontSize: 11,
        ...halo,
      },
    );
  const svg = Plot.plot({
    document,
    width: WIDTH - 2 * MARGIN,
    height: HEIGHT,
    marginLeft: 56,
    marginRight: 22,
    marginTop: 12,
    marginBottom: 44,
    x: { type: "log", domain: x.domain, axis: null },
    y: { type: "log", domain: y.domain, axis: null, clamp: true },
    r: { type: "identity" },
    marks: [
      Plot.gridX(x.ticks, { stroke: "#e5e7eb", strokeOpacity: 1 }),
      Plot.gridY(y.ticks, { stroke: "#e5e7eb", strokeOpacity: 1 }),
      Plot.axisX(x.ticks, {
        ...axisText,
        tickFormat: decadeLabel,
        label: "operations per byte",
        labelAnchor: "center",
        labelArrow: "none",
        labelOffset: 36,
      }),
      Plot.axisY(y.ticks, { ...axisText, tickFormat: decadeLabel, label: null }),
      Plot.line(roof, { x: "x", y: "y", stroke: INK, strokeWidth: 2, clip: true }),
      Plot.text([`${peak.toPrecision(3)} GFLOP/s, ${bandwidth.toPrecision(3)} GB/s`], {
        x: [ridge],
        y: [peak],
        dy: -8,
        dx: 6,
        textAnchor: "start",
        fill: INK,
        fontSize: 12,
        ...halo,
      }),
      Plot.dot(placed, {
        x: "x",
        y: "y",
        r: radiusOf,
        fill: "colour",
        fillOpacity: 0.45,
        stroke: "colour",
      }),
      numbers((spot) => radiusOf(spot) >= SPACIOUS, 0),
      numbers((spot) => radiusOf(spot) < SPACIOUS, 10),
    ],
  });
  // Plot's own style sheet is for pages; a viewer without CSS must draw the same picture.
  svg.querySelector("style")?.remove();
  svg.removeAttribute("class");
  return svg;
}

const COLUMNS = [
  { title: "ms", x: 420, of: (row: RooflineRow) => (row.seconds * 1e3).toPrecision(3) },
  { title: "of the time", x: 500, of: (row: RooflineRow) => `${(row.share * 100).toFixed(1)} %` },
  {
    title: "GFLOP/s",
    x: 580,
    of: (row: RooflineRow) => (row.flop > 0 ? (row.flops / 1e9).toPrecision(3) : "–"),
  },
  { title: "GB/s", x: 645, of: (row: RooflineRow) => (row.bandwidth / 1e9).toPrecision(3) },
  {
    title: "of its ceiling",
    x: WIDTH - MARGIN,
    of: (row: RooflineRow) =>
      `${((100 * row.floor.seconds) / row.seconds).toFixed(0)} % (${row.floor.bound})`,
  },
] as const;

/** Writes the kernels that took longest, and the others as one line. Returns where the table ends. */
function addTable(page: Page, start: number, spots: readonly Spot[]): number {
  let y = start;
  const cell = { "font-size": 12, fill: INK };
  const right = { ...cell, "text-anchor": "end" };
  for (const { title, x } of COLUMNS) page.add("text", { ...right, x, y, fill: FAINT_INK }, title);
  for (const { row, number, colour } of spots.slice(0, LISTED)) {
    y += 18;
    page.add("circle", { cx: MARGIN + 5, cy: y - 4, r: 5, fill: colour });
    page.add("text", { ...right, x: MARGIN + 34, y }, String(number));
    const times = row.launches > 1 ? ` × ${row.launches}` : "";
    page.add("text", { ...cell, x: MARGIN + 44, y }, `${row.label}${times}`);
    for (const { x, of } of COLUMNS) page.add("text", { ...right, x, y }, of(row));
  }
  const rest = spots.slice(LISTED);
  if (rest.length > 0) {
    y += 18;
    const share = rest.reduce((sum, { row }) => sum + row.share, 0);
    const words = `${rest.length} more kernels: ${(share * 100).toFixed(1)} % of the time`;
    page.add("text", { ...cell, x: MARGIN + 44, y, fill: FAINT_INK }, words);
  }
  return y + 30;
}
