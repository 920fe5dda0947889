// The SVG half of src/pictures: each picture is parsed as XML, and its lines, boxes and words are checked; the numbers
// under the plot are checked with made-up series.

import { parseHTML } from "linkedom";
import { describe, expect, test } from "vitest";

import { modelDiagram, modelTable, totalParameters } from "../../src/pictures/model.ts";
import type { ModelPicture } from "../../src/pictures/model.ts";
import { lossPlot, type LossRow } from "../../src/pictures/plot.ts";
import { meanAround, robustRange, thinIndices, wholeTicks } from "../../src/pictures/series.ts";

const D_LOSS = "#0068a8";
const G_LOSS = "#d1540a";
const D_REAL = "#00805e";
const D_FAKE = "#b04a8b";

/** Parses strictly what a browser would refuse in an image: linkedom alone forgives nearly all. */
function parseSvg(svg: string): Document {
  const open: string[] = [];
  const tag = /<(?<close>\/?)(?<name>[\w-]+)(?:\s[\w:-]+="[^"<]*")*\s?(?<empty>\/?)>/y;
  let at = 0;
  while (at < svg.length) {
    const next = svg.indexOf("<", at);
    const text = svg.slice(at, next < 0 ? svg.length : next);
    expect(text.replaceAll(/&(amp|lt|gt|quot|apos|#\d+);/g, ""), "text").not.toMatch(/[&>]/);
    if (next < 0) break;
    tag.lastIndex = next;
    const match = tag.exec(svg);
    if (!match?.groups) throw new Error(`malformed: ${svg.slice(next, next + 80)}`);
    const { close, name, empty } = match.groups;
    if (close && open.pop() !== name) throw new Error(`</${name}> closes something else`);
    if (!close && !empty) open.push(name!);
    at = tag.lastIndex;
  }
  expect(open).toEqual([]);
  const { DOMParser } = parseHTML("");
  const document = new DOMParser().parseFromString(svg, "image/svg+xml");
  expect(document.documentElement.getAttribute("xmlns")).toBe("http://www.w3.org/2000/svg");
  return document;
}

function textsOf(document: Document): string[] {
  return [...document.querySelectorAll("text")].map((text) => text.textContent ?? "");
}

/** The runs of points [x, y] of the lines drawn in `stroke`, faint or strong. */
function pointsOf(document: Document, stroke: string, width: "1" | "2"): [number, number][][] {
  const groups = document.querySelectorAll(`g[aria-label="line"][stroke="${stroke}"]`);
  const paths = [...groups]
    .filter((group) => (group.getAttribute("stroke-width") ?? "1") === width)
    .flatMap((group) => [...group.querySelectorAll("path")]);
  return paths
    .flatMap((path) => (path.getAttribute("d") ?? "").split("M").slice(1))
    .map((run) =>
      run.split("L").map((point): [number, number] => {
        const [x, y] = point.split(",").map((number) => Number.parseFloat(number));
        return [x!, y!];
      }),
    );
}

function rowsOf(
  count: number,
  change: (row: LossRow, i: number) => LossRow = (row) => row,
): LossRow[] {
  return Array.from({ length: count }, (_, i) =>
    change(
      {
        step: i + 1,
        epoch: 1 + Math.floor(i / 100),
        lossD: 1.2 + 0.2 * Math.sin(i),
        lossG: 0.8 + 0.3 * Math.cos(i),
        dReal: 0.7 + 0.1 * Math.sin(i),
        dFake: 0.3 + 0.1 * Math.cos(i),
      },
      i,
    ),
  );
}

describe("lossPlot", () => {
  test("draws four series, each faint and strong, with its legend and axes", () => {
    const rows = rowsOf(1000);
    const document = parseSvg(lossPlot(rows, { title: "dcgan, seed 0" }));
    for (const colour of [D_LOSS, G_LOSS, D_REAL, D_FAKE]) {
      expect(pointsOf(document, colour, "1").flat()).toHaveLength(1000);
      expect(pointsOf(document, colour, "2").flat().length).toBeGreaterThan(300);
    }
    const legend = [...document.querySelectorAll("svg > line")];
    expect(legend.map((line) => line.getAttribute("stroke"))).toEqual([
      D_LOSS,
      G_LOSS,
      D_REAL,
      D_FAKE,
    ]);
    const texts = textsOf(document);
    for (const text of [
      "dcgan, seed 0",
      "Loss (nats)",
      "step",
      "epoch",
      "1,000 steps · 10 epochs",
    ]) {
      expect(texts).toContain(text);
    }
    // A thousand rows are smoothed over 20 to either side; at the end only those before are there.
    const lastMean = (key: "lossD" | "lossG" | "dReal" | "dFake"): string =>
      (rows.slice(-21).reduce((sum, row) => sum + row[key], 0) / 21).toPrecision(3);
    expect(texts).toContain(`discriminator ${lastMean("lossD")}`);
    expect(texts).toContain(`generator ${lastMean("lossG")}`);
    expect(texts).toContain(`D(real) ${lastMean("dReal")}`);
    expect(texts).toContain(`D(fake) ${lastMean("dFake")}`);
  });

  test("puts each value where the axes say", () => {
    const rows = rowsOf(4, (row, i) => ({ ...row, dReal: [0, 0.25, 0.5, 1][i]! }));
    const [line] = pointsOf(parseSvg(lossPlot(rows)), D_REAL, "2");
    const [first, second, third, fourth] = line!;
    expect(second![0] - first![0]).toBeCloseTo(fourth![0] - third![0], 2);
    const unit = first![1] - fourth![1];
    expect(unit).toBeGreaterThan(100);
    expect((first![1] - second![1]) / unit).toBeCloseTo(0.25, 2);
    expect((first![1] - third![1]) / unit).toBeCloseTo(0.5, 2);
  });

  test("a long run stays under 300 kB and keeps its spikes", () => {
    const spike = 31_234;
    const rows = rowsOf(50_000, (row, i) => (i === spike ? { ...row, dFake: 1 } : row));
    const svg = lossPlot(rows);
    expect(svg.length).toBeLessThan(300_000);
    const raw = pointsOf(parseSvg(svg), D_FAKE, "1").flat();
    expect(raw.length).toBeLessThanOrEqual(2000);
    const highest = raw.reduce((best, point) => (point[1] < best[1] ? point : best));
    const [low, high] = [raw[0]![0], raw.at(-1)![0]];
    expect((highest[0] - low) / (high - low)).toBeCloseTo(spike / 50_000, 3);
  });

  test("values that aren't finite leave a gap, and the first is named", () => {
    const rows = rowsOf(300, (row, i) => (i >= 120 && i < 200 ? { ...row, lossG: NaN } : row));
    const svg = lossPlot(rows);
    const document = parseSvg(svg);
    expect(pointsOf(document, G_LOSS, "2")).toHaveLength(2);
    expect(pointsOf(document, D_LOSS, "2")).toHaveLength(1);
    expect(textsOf(document).filter((text) => text.endsWith("not a finite number"))).toEqual([
      "step 121: not a finite number",
    ]);
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  });

  test("a single NaN in a long run breaks its line", () => {
    const rows = rowsOf(5000, (row, i) => (i === 2503 ? { ...row, dReal: NaN } : row));
    const document = parseSvg(lossPlot(rows));
    expect(pointsOf(document, D_REAL, "1")).toHaveLength(2);
    expect(pointsOf(document, D_REAL, "2")).toHaveLength(2);
  });

  test("a run that never was finite still has its axes", () => {
    for (const value of [NaN, Infinity, -Infinity]) {
      const bad = { lossD: value, lossG: value, dReal: value, dFake: value };
      const svg = lossPlot(rowsOf(120, (row) => ({ ...row, ...bad })));
      const texts = textsOf(parseSvg(svg));
      expect(texts.filter((text) => text === "step 1: not a finite number")).toHaveLength(2);
      expect(texts).toContain("generator –");
      expect(svg).not.toMatch(/NaN|Infinity|undefined/);
    }
  });

  test("diverged losses don't flatten the rest, and are counted", () => {
    const rows = rowsOf(1000, (row, i) => (i < 900 ? row : { ...row, lossD: 1e30 }));
    const document = parseSvg(lossPlot(rows));
    const heights = pointsOf(document, G_LOSS, "1")
      .flat()
      .map(([, y]) => y);
    expect(Math.max(...heights) - Math.min(...heights)).toBeGreaterThan(5);
    const diverged = pointsOf(document, D_LOSS, "1").flat().slice(-90);
    expect(new Set(diverged.map(([, y]) => y)).size, "all at the edge").toBe(1);
    expect(diverged[0]![1]).toBeGreaterThanOrEqual(0);
    expect(textsOf(document)).toContain("100 outlying losses are drawn at the edge.");
  });

  test.each([1, 2])("%i rows are drawn as dots", (count) => {
    const svg = lossPlot(rowsOf(count));
    const document = parseSvg(svg);
    expect(document.querySelectorAll("circle")).toHaveLength(4 * count);
    expect(textsOf(document)).toContain(count === 1 ? "1 step" : "2 steps");
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  });

  test("no rows say so", () => {
    const svg = lossPlot([]);
    expect(textsOf(parseSvg(svg)).filter((text) => text === "no steps yet")).toHaveLength(2);
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  });

  test("epochs come from stepsPerEpoch, or from the rows, or are left out", () => {
    const oneEpoch = rowsOf(100);
    expect(textsOf(parseSvg(lossPlot(oneEpoch)))).not.toContain("epoch");
    expect(textsOf(parseSvg(lossPlot(oneEpoch, { stepsPerEpoch: 50 })))).toContain("epoch");
    const resumed = rowsOf(450).slice(250);
    expect(textsOf(parseSvg(lossPlot(resumed)))).toContain("450 steps · 4.5 epochs");
  });

  test("a title is text, whatever it holds", () => {
    const title = `<b>&"'\u00a0\u0007run`;
    const document = parseSvg(lossPlot(rowsOf(3), { title }));
    expect(textsOf(document)).toContain(`<b>&"' run`);
    expect(document.querySelector("b")).toBeNull();
  });
});

describe("series", () => {
  test("thinIndices keeps the least, the greatest and the first broken value of each stretch", () => {
    const values = Array.from({ length: 90 }, (_, i) => Math.sin(i * i));
    values[40] = NaN;
    values[41] = Infinity;
    const kept = thinIndices(values, 9);
    expect(kept.length).toBeLessThanOrEqual(9);
    expect(kept).toEqual([...kept].sort((a, b) => a - b));
    for (const start of [0, 30, 60]) {
      const stretch = values.slice(start, start + 30).filter(Number.isFinite);
      const drawn = kept.filter((i) => i >= start && i < start + 30).map((i) => values[i]!);
      expect(Math.max(...drawn.filter(Number.isFinite))).toBe(Math.max(...stretch));
      expect(Math.min(...drawn.filter(Number.isFinite))).toBe(Math.min(...stretch));
    }
    expect(kept).toContain(40);
    expect(kept).not.toContain(41);
    expect(thinIndices([3, 1, 2], 3)).toEqual([0, 1, 2]);
    expect(thinIndices([], 9)).toEqual([]);
  });

  test("meanAround shrinks at the start, trails at the end, and skips what isn't finite", () => {
    const values = [1, 2, 6, NaN, 10, 20];
    expect(meanAround(values, 0, 2)).toBe(1);
    expect(meanAround(values, 1, 2)).toBe(3);
    expect(meanAround(values, 2, 2)).toBe((1 + 2 + 6 + 10) / 4);
    expect(meanAround(values, 3, 2)).toBeNaN();
    expect(meanAround(values, 5, 2)).toBe(15);
    expect(meanAround([], -1, 2)).toBeNaN();
  });

  test("robustRange holds 0 and nearly everything, and nothing of an outlier", () => {
    expect(robustRange([])).toEqual([0, 1]);
    expect(robustRange([NaN, Infinity, -Infinity, 0])).toEqual([0, 1]);
    expect(robustRange([2])).toEqual([0, 2.1]);
    expect(robustRange([-2, 1])).toEqual([-2.1, 1.05]);
    const values = Array.from({ length: 1000 }, (_, i) => (i === 500 ? 1e9 : 1 + i / 1000));
    const [low, high] = robustRange(values);
    expect(low).toBe(0);
    expect(high).toBeGreaterThan(2);
    expect(high).toBeLessThan(4);
  });

  test("wholeTicks are round, evenly spaced and few", () => {
    expect(wholeTicks(0, 1, 9)).toEqual([0, 1]);
    expect(wholeTicks(0, 3, 13)).toEqual([0, 1, 2, 3]);
    expect(wholeTicks(0, 46_900, 9)).toEqual([0, 10_000, 20_000, 30_000, 40_000]);
    expect(wholeTicks(1501, 3000, 9)[0]).toBe(1600);
    for (const high of [1, 7, 99, 1000, 12_345, 9_999_999]) {
      const ticks = wholeTicks(0, high, 9);
      expect(ticks.length).toBeGreaterThan(1);
      expect(ticks.length).toBeLessThanOrEqual(9);
    }
  });
});

const GENERATOR: ModelPicture = {
  name: "generator",
  inputShape: [100],
  layers: [
    { name: "Dense", detail: "12544, no bias", outputShape: [12_544], parameters: 1_254_400 },
    { name: "Reshape", outputShape: [7, 7, 256], parameters: 0 },
    { name: "ConvTranspose2d", detail: "64, 5×5", outputShape: [14, 14, 64], parameters: 204_800 },
  ],
};
const DISCRIMINATOR: ModelPicture = {
  name: "a <discriminator> & more",
  inputShape: [28, 28, 1],
  layers: [{ name: 'Conv2d "a<b"', outputShape: [14, 14, 64], parameters: 1 }],
};

describe("modelDiagram", () => {
  const svg = modelDiagram([GENERATOR, DISCRIMINATOR]);
  const document = parseSvg(svg);

  test("has a box for each layer and each input, and an arrow between any two", () => {
    const models = [...document.querySelectorAll("g[data-model]")];
    const boxes = models.map((model) => model.querySelectorAll("g[data-layer]"));
    expect(boxes.map((found) => found.length)).toEqual([4, 2]);
    expect(models.map((model) => model.querySelectorAll("path").length)).toEqual([2 * 3, 2 * 1]);
  });

  test("says names, attributes, shapes with N, parameters with separators, and totals", () => {
    const texts = textsOf(document);
    for (const text of [
      "generator",
      "3 layers · 1,459,200 parameters",
      "Input",
      "(N, 100)",
      "Dense12544, no bias",
      "1,254,400 parameters",
      "(N, 7, 7, 256)",
      "(N, 14, 14, 64)",
      "a <discriminator> & more",
      "1 layer · 1 parameter",
      'Conv2d "a<b"',
    ]) {
      expect(texts).toContain(text);
    }
    expect(texts.filter((text) => text.endsWith("parameters"))).toHaveLength(3);
  });

  test("keeps boxes apart and inside the picture", () => {
    const numberOf = (element: Element, name: string): number => Number(element.getAttribute(name));
    const root = document.documentElement;
    const boxes = [...document.querySelectorAll("g[data-layer] > rect")].map((rect) => ({
      left: numberOf(rect, "x"),
      right: numberOf(rect, "x") + numberOf(rect, "width"),
      top: numberOf(rect, "y"),
      bottom: numberOf(rect, "y") + numberOf(rect, "height"),
    }));
    for (const [index, box] of boxes.entries()) {
      expect(box.left).toBeGreaterThan(0);
      expect(box.right).toBeLessThan(numberOf(root, "width"));
      expect(box.bottom).toBeLessThan(numberOf(root, "height"));
      for (const other of boxes.slice(index + 1)) {
        const isApart =
          box.right < other.left ||
          other.right < box.left ||
          box.bottom < other.top ||
          other.bottom < box.top;
        expect(isApart).toBe(true);
      }
    }
  });

  test("a model without layers, and no models, are pictures too", () => {
    const empty = parseSvg(modelDiagram([{ name: "empty", inputShape: [], layers: [] }]));
    expect(textsOf(empty)).toEqual(["empty", "0 layers · 0 parameters", "Input", "(N)"]);
    expect(textsOf(parseSvg(modelDiagram([])))).toEqual([]);
  });
});

describe("modelTable", () => {
  test("lines up layers, shapes and parameters, and sums them", () => {
    expect(modelTable([GENERATOR])).toBe(
      [
        "generator",
        "──────────────────────────────────────────────────────",
        "Layer                     Output shape      Parameters",
        "──────────────────────────────────────────────────────",
        "Input                     (N, 100)                   0",
        "Dense 12544, no bias      (N, 12544)         1,254,400",
        "Reshape                   (N, 7, 7, 256)             0",
        "ConvTranspose2d 64, 5×5   (N, 14, 14, 64)      204,800",
        "──────────────────────────────────────────────────────",
        "Total                                        1,459,200",
        "",
      ].join("\n"),
    );
    expect(totalParameters(GENERATOR)).toBe(1_459_200);
  });

  test("parts two models by a blank line", () => {
    const table = modelTable([GENERATOR, DISCRIMINATOR]);
    expect(table.split("\n\n")).toHaveLength(2);
    expect(table).toContain("\n\na <discriminator> & more\n");
  });
});
