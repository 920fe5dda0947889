// The page as static files. They are small enough, served with strict headers on both of localhost's addresses, quick to
// appear below any address, complete without a network after the first visit, and safe from damaged images.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build, type Plugin } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseServed, SERVED } from "../../src/data/served.ts";
import { OutputError, UsageError } from "../../src/gpu/errors.ts";
import { PROJECT } from "../../web/serving/config.ts";
import { pureEngine, usedShaders } from "../../web/serving/engine.ts";
import { buildWeb, previewWeb } from "../../web/server.ts";
import { ON_SWIFTSHADER } from "../support/chromium.ts";
import { messageOf } from "../support/message-of.ts";
import { openBrowser } from "../support/open-browser.ts";
import { opened, reach, shiftOf, visit } from "../support/page.ts";

const folder = mkdtempSync(join(tmpdir(), "longhand-site-"));
const site = join(folder, "site");
const assets = (ending: RegExp): string[] =>
  readdirSync(join(site, "assets")).filter((file) => ending.test(file));
const zipped = (bytes: Uint8Array | string): number => gzipSync(bytes, { level: 9 }).length;
const packed = (files: readonly string[]): number =>
  files.reduce((sum, file) => sum + zipped(readFileSync(join(site, "assets", file))), 0);
const size = (files: readonly string[]): number =>
  files.reduce((sum, file) => sum + readFileSync(join(site, "assets", file)).length, 0);

beforeAll(async () => {
  await buildWeb(site);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the files", () => {
  test("are small: code and styles, weights, images", () => {
    // Only the check of the GPU loads its worker, which has the op table, and an engine with every op.
    const check = assets(/^worker-.*\.js$/);
    expect(check.length).toBe(1);
    const page = assets(/\.(js|css)$/).filter((file) => !check.includes(file));
    expect(packed(page)).toBeLessThanOrEqual(250_000);
    expect(packed(check)).toBeLessThanOrEqual(170_000);
    // The engine as the page and the lab share it: every op that recipes and the judge need.
    const engine = assets(/^(engine|batches)-.*\.js$/);
    expect(engine.length).toBe(2);
    expect(packed(engine)).toBeLessThanOrEqual(60_000);
    // What only software adapters run, and whoever compares variants.
    expect(packed(assets(/^lanes-shaders-.*\.js$/))).toBeLessThanOrEqual(8000);
    expect(size(assets(/\.safetensors$/))).toBeLessThanOrEqual(1_500_000);
    const about = parseServed(readFileSync(join(site, SERVED), "utf8"), SERVED);
    expect(about.images.size).toBeLessThan(9_700_000); // of 47 MB
    expect(readFileSync(join(site, "data", about.images.file)).length).toBe(about.images.size);
  });

  test("have the shaders without comments in the code, and with them in a file of their own", () => {
    const [texts = ""] = assets(/^shaders-.*\.json$/);
    const found: Record<string, string> = JSON.parse(
      readFileSync(join(site, "assets", texts), "utf8"),
    );
    const comment = /^\/\/ (conv2d, forward.*)$/m.exec(found["conv2d-forward.wgsl"]!)![1]!;
    const code = assets(/\.js$/).map((file) => readFileSync(join(site, "assets", file), "utf8"));
    expect(code.filter((text) => text.includes(comment))).toEqual([]);
  });

  test("hold an engine that is small: what a DCGAN in a page needs of it", async () => {
    const browserOnly: Plugin = {
      name: "browser-only",
      enforce: "pre",
      resolveId: (id) =>
        id === "longhand"
          ? `${PROJECT}src/index.ts`
          : id.startsWith("longhand/")
            ? `\0${id}`
            : undefined,
      load: (id) =>
        ({
          "\0longhand/data": "export const mnist = () => fetch('images');",
          "\0longhand/node": `export { open } from "${PROJECT}src/browser.ts";
            export const save = () => {}, savePng = save, showProgress = save, stopSignal = save;`,
        })[id],
    };
    const built = await build({
      configFile: false,
      logLevel: "error",
      root: PROJECT,
      plugins: [browserOnly, usedShaders(), pureEngine()],
      build: { write: false, rolldownOptions: { input: `${PROJECT}examples/mnist-gan.ts` } },
    });
    const codes = [built].flat().flatMap((each) => ("output" in each ? each.output : []));
    const code = codes.map((each) => (each.type === "chunk" ? each.code : "")).join("");
    expect(code).toContain("fn forward"); // the shaders are in it
    expect(zipped(code)).toBeLessThanOrEqual(60_000);
  });

  test("say the policy in the page too, for hosts that set no headers", () => {
    const html = readFileSync(join(site, "index.html"), "utf8");
    const [, content] = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(html) ?? [];
    expect(content).toContain("default-src &#39;none&#39;; script-src &#39;self&#39;;");
    expect(html.indexOf("Content-Security-Policy")).toBeLessThan(html.indexOf("<script"));
    expect(html).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=/);
    expect(html).not.toMatch(/(?:src|href)="\//); // every address is relative
  });

  test("replace an earlier build, and nothing else", async () => {
    const other = join(folder, "letters");
    writeFileSync(other, "Dear");
    expect(await messageOf(UsageError, () => buildWeb(other))).toMatch(
      /^--build \S+letters: holds something else, which a build would delete; name a new folder$/,
    );
    expect(await messageOf(UsageError, () => previewWeb(join(folder, "none")))).toMatch(
      /^--preview \S+none: holds no built page; --build \S+ makes one$/,
    );
  });
});

test("a build that can't be written says where and why", async () => {
  const file = join(folder, "file");
  writeFileSync(file, "no folder");
  expect(await messageOf(OutputError, () => buildWeb(join(file, "site")))).toMatch(
    /^Can't write \S+file\/site: part of the path is a file, not a folder\.$/,
  );
});

describe("the server of a build", () => {
  test("sets strict headers on every answer, on 127.0.0.1 and ::1, and serves nothing else", async () => {
    const server = await previewWeb(site, { port: 0, base: "/a/b/" });
    try {
      const { port } = new URL(server.url);
      const [script] = assets(/^page-.*\.js$/);
      for (const host of ["127.0.0.1", "[::1]"]) {
        const get = (path: string): Promise<Response> => fetch(`http://${host}:${port}${path}`);
        for (const [path, status, type] of [
          ["/a/b/", 200, "text/html; charset=utf-8"],
          [`/a/b/assets/${script}`, 200, "text/javascript; charset=utf-8"],
          [`/a/b/${SERVED}`, 200, "application/json; charset=utf-8"],
          ["/", 404, "text/plain; charset=utf-8"],
          ["/a/b/..%2f..%2f..%2fetc%2fpasswd", 404, "text/plain; charset=utf-8"],
          ["/a/b/%00", 404, "text/plain; charset=utf-8"],
        ] as const) {
          const { status: got, headers } = await get(path);
          expect([path, got, headers.get("content-type")]).toEqual([path, status, type]);
          expect(headers.get("content-security-policy")).toMatch(
            /^default-src 'none'; script-src 'self'; style-src 'self'; .*; frame-ancestors 'none'$/,
          );
          expect(headers.get("x-content-type-options")).toBe("nosniff");
          expect(headers.get("referrer-policy")).toBe("no-referrer");
        }
        const { headers } = await get(`/a/b/assets/${script}`);
        expect(headers.get("cache-control")).toMatch(/immutable/);
      }
      const posted = await fetch(server.url, { method: "POST" });
      expect(posted.status).toBe(405);
    } finally {
      await server.close();
    }
  });
});

describe("in a browser", () => {
  const browser = openBrowser(ON_SWIFTSHADER);

  test("appears at once, trains, and does so again without a server", async () => {
    const server = await previewWeb(site, { port: 0, base: "/some/where/" });
    const { page, faults } = await visit(browser(), server.url, "?batch=2&steps=2");
    const painted = await page.waitForFunction(
      () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime,
    );
    const paint = await painted.jsonValue();
    expect(paint).toBeLessThan(1000);
    await opened(page);
    await page.waitForFunction(() =>
      document.querySelector("#trained-facts")?.textContent?.startsWith("recipe conditional"),
    );
    expect(await shiftOf(page)).toBeLessThan(0.1); // what web.dev calls good
    const phases: (string | null)[] = [];
    await page.exposeFunction("heard", (words: string | null) => phases.push(words));
    await page.evaluate(() => {
      const phase = document.querySelector("#phase")!;
      const say = (): unknown => Object(globalThis)["heard"](phase.textContent);
      new MutationObserver(say).observe(phase, {
        subtree: true,
        childList: true,
        characterData: true,
      });
    });
    await page.click("#run");
    await reach(page, "done");
    expect(phases).toContainEqual(expect.stringMatching(/^Loading the images: \d+ of 10 MB…$/));
    await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
    expect(faults).toEqual([]);

    await server.close();
    phases.length = 0;
    await page.reload();
    await opened(page);
    await page.waitForFunction(() =>
      document.querySelector("#trained-facts")?.textContent?.startsWith("recipe conditional"),
    );
    await page.click("#run");
    await reach(page, "done");
    expect(await page.textContent("#step")).toBe("2 of 2");

    // The shaders that train have no comments; those that are read do.
    await page.click("#tab-inside");
    await page.click("input[name=subject][value=run]");
    await page.click('[data-layer="discriminator.conv2d_1"]');
    await page.click('[data-launch^="conv2d-forward"]');
    await page.waitForSelector(".wgsl");
    expect(await page.textContent(".wgsl")).toMatch(
      /^\/\/ conv2d, forward.*const CHANNELS = 16u?;/s,
    );
    expect(faults).toEqual([]);
    await page.close();
  });

  test("loads the shaders of software adapters only where they run, or are looked at", async () => {
    const server = await previewWeb(site, { port: 0 });
    const asked: string[] = [];
    const onGpu = await browser().newPage();
    onGpu.setDefaultTimeout(100_000); // as `visit` has it
    onGpu.on("request", (request) => asked.push(request.url()));
    // There is no GPU here: the page takes this adapter for one.
    await onGpu.route("**/lab-*.js", async (route) => {
      const response = await route.fetch();
      const text = await response.text();
      const body = text.replace(/software:\w+!==`gpu`/, "software:false");
      expect(body).not.toBe(text);
      await route.fulfill({ response, body });
    });
    try {
      await onGpu.goto(`${server.url}?recipe=mlp&batch=4&steps=2&autostart=1&view=inside`);
      await reach(onGpu, "done");
      const lanes = (): boolean => asked.some((url) => url.includes("/lanes-shaders-"));
      expect(lanes()).toBe(false);
      await onGpu.click("input[name=subject][value=run]");
      await onGpu.click('[data-layer="discriminator.dense"]');
      await onGpu.click('[data-launch^="conv2d-forward"]');
      await onGpu.check("input[name=variant][value=lanes]");
      await onGpu.waitForSelector(".comparison li");
      expect(await onGpu.textContent(".wgsl")).toContain("subgroup");
      expect(await onGpu.locator("#error").allTextContents()).toEqual([]);
      expect(lanes()).toBe(true);
      await onGpu.close();
    } finally {
      await server.close();
    }
  });

  test("refuses images that aren't those of the build", async () => {
    const server = await previewWeb(site, { port: 0 });
    const about = parseServed(readFileSync(join(site, SERVED), "utf8"), SERVED);
    const path = join(site, "data", about.images.file);
    const sound = readFileSync(path);
    try {
      const { page } = await visit(browser(), server.url, "?batch=2&steps=2");
      await opened(page);
      for (const [bytes, words] of [
        [gzipSync(new Uint8Array(100)), /: isn't the file that the page was built with/],
        [sound.subarray(0, 5000), /: can't be unpacked: it is damaged/],
      ] as const) {
        writeFileSync(path, bytes);
        await page.click("#run");
        await page.waitForSelector("#error");
        expect(await page.textContent("#error")).toMatch(words);
      }
      writeFileSync(path, sound);
      await page.click("#run");
      await reach(page, "done");
      await page.close();
    } finally {
      writeFileSync(path, sound);
      await server.close();
    }
  });
});
