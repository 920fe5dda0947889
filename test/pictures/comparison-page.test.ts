// The page of a comparison: its plot puts each median and each band where the axes say, and its text is escaped.
import { parseHTML } from "linkedom";
import { describe, expect, it, test } from "vitest";
import { comparisonPage } from "../../src/pictures/comparison-page.ts";
import { isWide, rangeDomain, rangePlot, type RangeLine } from "../../src/pictures/range-plot.ts";
import { comparisonReport } from "../../src/runs/comparing/comparison-report.ts";
import { madeUpComparison } from "../support/made-up-comparison.ts";

const options = { title: "distances", across: "minutes", end: 10 };
const line = (name: string, medians: readonly number[], spread = 0): RangeLine => ({
  name,
  colour: `var(--${name})`,
  points: medians.map((median, at) => ({
    x: (10 * (at + 1)) / medians.length,
    least: median - spread,
    median,
    most: median + spread,
  })),
});

/** The points [x, y] of the paths of a colour: a line's `stroke`, or a band's `fill`. */
function pathOf(html: string, colour: string, of: "stroke" | "fill"): [number, number][] {
  const { document } = parseHTML(`<body>${html}</body>`);
  const label = of === "stroke" ? "line" : "area";
  const group = document.querySelector(`g[aria-label="${label}"][${of}="${colour}"]`);
  const path = group?.querySelector("path")?.getAttribute("d") ?? "";
  return [...path.matchAll(/[ML]([\d.]+),([\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);
}

describe("the plot", () => {
  it("draws medians and bands to scale, from 0", () => {
    const html = rangePlot([line("a", [40, 30, 20], 10), line("b", [50, 45, 40])], options);
    const [first, second, third] = pathOf(html, "var(--a)", "stroke");
    expect(second![0] - first![0]).toBeCloseTo(third![0] - second![0], 1);
    expect(second![1] - first![1]).toBeCloseTo(third![1] - second![1], 1); // 10 each
    const ten = second![1] - first![1];
    const band = pathOf(html, "var(--a)", "fill");
    expect(band.length).toBe(6);
    expect(Math.min(...band.map(([, y]) => y))).toBeCloseTo(first![1] - ten, 1);
    expect(Math.max(...band.map(([, y]) => y))).toBeCloseTo(third![1] + ten, 1);
    expect(pathOf(html, "var(--b)", "stroke").length).toBe(3);
  });

  it("is logarithmic if the values differ by ten times or more", () => {
    const html = rangePlot([line("a", [400, 200, 100, 10])], options);
    const [first, second, third, last] = pathOf(html, "var(--a)", "stroke").map(([, y]) => y);
    expect(second! - first!).toBeCloseTo(third! - second!, 1); // halves
    expect((last! - third!) / (second! - first!)).toBeCloseTo(Math.log2(10), 1);
    for (const tick of ["10", "20", "50", "100", "200"]) expect(html).toContain(`>${tick}</text>`);
    expect([isWide([1, 9.9]), isWide([1, 10]), isWide([0, 10]), isWide([-1, 10])]).toEqual([
      false,
      true,
      false,
      false,
    ]);
    expect(rangeDomain([20, 30])[0]).toBe(0);
    expect(rangeDomain([Number.NaN])).toEqual([0, 1]);
  });

  it("leaves out what isn't a number, and says if nothing is left", () => {
    const html = rangePlot([line("a", [40, Number.NaN, 20])], options);
    expect(pathOf(html, "var(--a)", "stroke").length).toBe(2);
    const empty = rangePlot([line("a", [])], options);
    expect(empty).toContain("no judgings yet");
    expect(empty).not.toContain("NaN");
  });

  it("has a legend in the entries' order, with their names escaped", () => {
    const html = rangePlot([{ ...line("a", [1]), name: "<a>" }, line("b", [1])], options);
    const { document } = parseHTML(`<body>${html}</body>`);
    const names = [...document.querySelectorAll(".key span")].map((each) => each.textContent);
    expect(names).toEqual(["<a>", "b"]);
  });
});

test("the page says who is ahead, whether seeds agree, and which run diverged", () => {
  const made = madeUpComparison();
  const image = { width: 2, height: 2, pixels: new Uint8Array(4) };
  const gridOf = (entry: string, seed: number) => (entry + seed === "b1" ? undefined : image);
  const page = comparisonPage(comparisonReport(made, gridOf));
  expect(comparisonPage(comparisonReport(made, gridOf))).toBe(page);
  const { document } = parseHTML(page);
  const text = (of: string): string[] =>
    [...document.querySelectorAll(of)].map((each) => each.textContent ?? "");
  expect(text("h1")).toEqual(["a and b, compared"]);
  expect(text("header p")[0]).toMatch(
    /after 10 min of training, lower is better: b 30\.0, a 55\.0\. The order is the same whichever/,
  );
  expect(text(".grids h3")).toEqual(["a, seed 0", "b, seed 0", "a, seed 1", "b, seed 1"]);
  expect(document.querySelectorAll(".grids img").length).toBe(3);
  expect(text(".grids p")).toEqual(["Diverged: Step 70: the losses are NaN (D) and NaN (G)."]);
  expect(text("td")).toContain("55.0 (50.0–60.0)");
  expect(page).toContain("Compiling, judging, drawing and saving stop the clock");

  const overlapping = { ...made, runs: made.runs.filter((_, at) => at < 3) };
  const worse = structuredClone(made.runs[1]!);
  const end = { ...worse.end!, figures: { ...worse.end!.figures, frechetTrain: 58 } };
  const report = comparisonReport(
    { ...overlapping, runs: [...overlapping.runs, { ...worse, seed: 1, end }] },
    gridOf,
  );
  expect(report.summary).toContain("their order may be chance");
});
