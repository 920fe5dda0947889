// SVGs as PNG: sizes, words that are really drawn, the same bytes everywhere, and runs that go on without PNGs.

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { PNG } from "pngjs";
import { afterAll, describe, expect, test, vi } from "vitest";

import { runFolder } from "../../src/runs/run-folder.ts";
import { modelDiagram, type ModelPicture } from "../../src/pictures/model.ts";
import { lossPlot, type LossRow } from "../../src/pictures/plot.ts";
import { rasterizeSvg } from "../../src/pictures/raster.ts";
import { ROOT } from "../support/longhand.ts";

const folder = mkdtempSync(join(tmpdir(), "longhand-raster-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** A decoded PNG, asked for its colours in the SVG's units. */
class Drawn {
  readonly #png: PNG;
  readonly scale: number;

  constructor(bytes: Uint8Array, scale: number) {
    this.#png = PNG.sync.read(Buffer.from(bytes));
    this.scale = scale;
  }

  get size(): [number, number] {
    return [this.#png.width, this.#png.height];
  }

  /** `#rrggbbaa` of each pixel in `box`. */
  colours(box: Box): string[] {
    const { width, data } = this.#png;
    const found: string[] = [];
    for (let y = box.top * this.scale; y < box.bottom * this.scale; y++) {
      for (let x = box.left * this.scale; x < box.right * this.scale; x++) {
        found.push(`#${data.toString("hex", 4 * (y * width + x), 4 * (y * width + x) + 4)}`);
      }
    }
    return found;
  }

  /** How many pixels of `box` are dark. */
  ink(box: Box): number {
    return this.colours(box).filter((colour) => Number.parseInt(colour.slice(1, 3), 16) < 128)
      .length;
  }

  /** The x, in units, just behind the last dark pixel. */
  inkEnd(): number {
    const [width, height] = this.size;
    for (let x = width - 1; x >= 0; x--) {
      const column = { left: x / this.scale, right: (x + 1) / this.scale };
      if (this.ink({ ...column, top: 0, bottom: height / this.scale }) > 0) {
        return (x + 1) / this.scale;
      }
    }
    return 0;
  }
}

const draw = async (svg: string, scale = 2): Promise<Drawn> =>
  new Drawn(await rasterizeSvg(svg, scale), scale);

/** A line of text on its baseline at (10, 30), in an image of 400 by 40. */
const textSvg = (text: string, attributes = ""): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="400" height="40"><text x="10" y="30" font-size="20" ${attributes}>${text}</text></svg>`;

const ROWS = Array.from({ length: 40 }, (_, i): LossRow => ({
  step: i + 1,
  epoch: 1 + Math.floor(i / 20),
  lossD: 0.00123,
  lossG: 1 + i / 100,
  dReal: 0.6,
  dFake: 0.4,
}));

const MODEL: ModelPicture = {
  name: "generator",
  inputShape: [100],
  layers: [
    { name: "Dense", detail: "12544, no bias", outputShape: [12544], parameters: 1_254_400 },
    {
      name: "ConvTranspose2d",
      detail: "1024, 5×5, stride 2, padding 2, no bias",
      outputShape: [32, 32, 1024],
      parameters: 123_456_789,
    },
    { name: "tanh", outputShape: [32, 32, 1024], parameters: 0 },
  ],
};

/** Width and height in an SVG's units. */
function sizeOf(svg: string): [number, number] {
  const [, width, height] = /<svg[^>]* viewBox="0 0 (\d+) (\d+)"/.exec(svg) ?? [];
  return [Number(width), Number(height)];
}

describe("rasterizeSvg", () => {
  test("two pixels a unit by default, on opaque white to the corners", async () => {
    const svg = lossPlot(ROWS);
    const [width, height] = sizeOf(svg);
    const drawn = new Drawn(await rasterizeSvg(svg), 2);
    expect(drawn.size).toEqual([2 * width, 2 * height]);
    expect((await draw(svg, 1)).size).toEqual([width, height]);
    const frame = [
      { left: 0, top: 0, right: width, bottom: 8 },
      { left: 0, top: height - 4, right: width, bottom: height },
    ];
    for (const box of frame) expect(new Set(drawn.colours(box))).toEqual(new Set(["#ffffffff"]));
  });

  test("a plot's title, headings, ticks and figures are there", async () => {
    const words = await draw(lossPlot(ROWS, { title: "small: batch 32, seed 0" }));
    const silent = await draw(lossPlot(ROWS, { title: " " }));
    const title = { left: 24, top: 22, right: 300, bottom: 44 };
    expect(words.ink(title)).toBeGreaterThan(500);
    expect(silent.ink(title)).toBe(0);
    const heading = { left: 24, top: 62, right: 140, bottom: 80 };
    const figure = { left: 576, top: 62, right: 776, bottom: 80 };
    for (const box of [heading, figure]) expect(words.ink(box)).toBeGreaterThan(100);
    // Between the first legend's figure and the next one's line there stays a gap.
    const gap = { left: 572, top: 62, right: 584, bottom: 80 };
    expect(new Set(words.colours(gap))).toEqual(new Set(["#ffffffff"]));
  });

  test("sans, bold and monospace are those fonts, by the widths of their letters", async () => {
    // Advances of "i" in units of 1/2048 em: 569, 702 and 1233. The bar's ink ends inside its own.
    const bar = "iiiiiiiiiiiiiiiiiiii|";
    const ends = [
      (await draw(textSvg(bar, `font-family="Nowhere, sans-serif"`), 4)).inkEnd(),
      (await draw(textSvg(bar, `font-weight="600"`), 4)).inkEnd(),
      (await draw(textSvg(bar, `font-family="ui-monospace, Menlo, monospace"`), 4)).inkEnd(),
    ];
    const advances = [569, 702, 1233].map((advance) => 10 + (20 * 20 * advance) / 2048);
    const bars = [690, 747, 1233].map((advance) => (20 * advance) / 2048);
    for (const [index, end] of ends.entries()) {
      expect(end).toBeGreaterThan(advances[index]!);
      expect(end).toBeLessThan(advances[index]! + bars[index]!);
    }
  });

  test("has every sign that the pictures write", async () => {
    const missing = Buffer.from(await rasterizeSvg(textSvg("\u{f0000}"))).toString("base64");
    const seen = new Set([missing]);
    const signs = [..."·×–“”…−≤≥±µ²°éβ"];
    for (const sign of signs) {
      seen.add(Buffer.from(await rasterizeSvg(textSvg(sign))).toString("base64"));
    }
    expect(seen.size).toBe(1 + signs.length);
  });

  test("a diagram's words stay inside their boxes", async () => {
    const svg = modelDiagram([MODEL]);
    const drawn = await draw(svg);
    const boxes = [
      ...svg.matchAll(/<rect x="(\d+)" y="(\d+)" width="(\d+)" height="(\d+)"[^>]*fill="(#\w+)"/g),
    ];
    expect(boxes).toHaveLength(4);
    for (const [, ...figures] of boxes) {
      const [x, y, width, height] = figures.map(Number);
      const fill = new Set([`${figures[4]!}ff`]);
      const [top, bottom] = [y! + 8, y! + height! - 4];
      const right = x! + width!;
      expect(drawn.ink({ left: x! + 12, right: right - 12, top, bottom })).toBeGreaterThan(100);
      for (const [from, to] of [
        [x! + 2, x! + 12],
        [right - 11, right - 2],
      ]) {
        expect(new Set(drawn.colours({ left: from!, right: to!, top, bottom }))).toEqual(fill);
      }
    }
  });

  test("gives the same bytes again, and in a process that has no fonts", async () => {
    const svg = modelDiagram([MODEL]);
    const bytes = await rasterizeSvg(svg);
    expect(Buffer.compare(await rasterizeSvg(svg), bytes)).toBe(0);
    const [config, source] = [join(folder, "fonts.conf"), join(folder, "model.svg")];
    writeFileSync(config, "<fontconfig></fontconfig>\n");
    writeFileSync(source, svg);
    const script =
      `const { rasterizeSvg } = await import(${JSON.stringify(join(ROOT, "src/pictures/raster.ts"))});` +
      `const { readFileSync } = await import("node:fs");` +
      `const { createHash } = await import("node:crypto");` +
      `const png = await rasterizeSvg(readFileSync(${JSON.stringify(source)}, "utf8"));` +
      `console.log(createHash("sha256").update(png).digest("hex"));`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--import", "tsx", "--input-type=module", "--eval", script],
      { cwd: ROOT, env: { FONTCONFIG_FILE: config, HOME: folder, XDG_DATA_HOME: folder } },
    );
    expect(stdout.trim()).toBe(createHash("sha256").update(bytes).digest("hex"));
  });

  test("refuses what is no SVG, and draws the next one", async () => {
    await expect(rasterizeSvg("<svg><text></svg>")).rejects.toThrow(Error);
    expect((await draw(textSvg("on it goes"))).inkEnd()).toBeGreaterThan(80);
  });
});

describe("a run whose plots can't be drawn as PNG", () => {
  test("says so once, keeps the SVG, and no PNG of an earlier state", async () => {
    vi.resetModules();
    vi.doMock("../../src/pictures/raster.ts", () => ({
      rasterizeSvg: () => Promise.reject(new Error("no WebAssembly here\nat a place")),
    }));
    const { writeLossPlot } = await import("../../src/runs/training/run-pictures.ts");
    const run = runFolder(folder);
    const record = { recipe: "small", batch: 4, seed: 0, stepsPerEpoch: 20 };
    writeFileSync(join(folder, "losses.png"), "an older plot");
    const said: string[] = [];
    for (const rows of [ROWS.slice(0, 20), ROWS]) {
      await writeLossPlot(run, record, rows, (line) => said.push(line));
    }
    expect(said).toEqual([
      "Plots are written only as SVG; PNGs can't be drawn: no WebAssembly here",
    ]);
    expect(readFileSync(run.losses, "utf8")).toContain("40 steps · 2 epochs");
    expect(existsSync(join(folder, "losses.png")), readdirSync(folder).join()).toBe(false);
    vi.doUnmock("../../src/pictures/raster.ts");
  });
});
