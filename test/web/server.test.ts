// The server of the page while it is worked on: strict headers, both of localhost's addresses, nothing else of the disk,
// and words for what is wrong with a port or with the images.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SERVED_IMAGES, SERVED_LABELS } from "../../src/data/idx.ts";
import { parseServed, SERVED } from "../../src/data/served.ts";
import { UsageError } from "../../src/gpu/errors.ts";
import { serveWeb, type WebServer } from "../../web/server.ts";
import { messageOf } from "../support/message-of.ts";

let server: WebServer;
const folder = mkdtempSync(join(tmpdir(), "longhand-web-"));
beforeAll(async () => {
  server = await serveWeb({ port: 0 });
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

test("serves the page with strict headers, on 127.0.0.1 and ::1 alike", async () => {
  const { port, hostname } = new URL(server.url);
  expect(hostname).toBe("localhost");
  for (const host of ["127.0.0.1", "[::1]"]) {
    const page = await fetch(`http://${host}:${port}/`, { headers: { accept: "text/html" } });
    expect([page.status, page.headers.get("content-type")]).toEqual([200, "text/html"]);
    expect(page.headers.get("x-content-type-options")).toBe("nosniff");
    expect(page.headers.get("referrer-policy")).toBe("no-referrer");
    const said = page.headers.get("content-security-policy")!;
    const [, nonce] = /^default-src 'none'; script-src 'self' 'nonce-([^']{20,})'; /.exec(said)!;
    expect(said).toContain(`style-src 'self' 'nonce-${nonce}'; `);
    expect(said).not.toContain("unsafe");
    expect(await page.text()).not.toMatch(/<script(?![^>]*(?:\bsrc=|nonce=))/);
  }
});

test("serves what the page needs, and nothing else of the disk", async () => {
  const status = async (path: string): Promise<number> =>
    (await fetch(new URL(path, server.url))).status;
  expect(await status("main.tsx")).toBe(200);
  expect(await status("@fs/etc/passwd")).toBe(403);
  const about = new URL(SERVED, server.url);
  const { images, labels } = parseServed(await (await fetch(about)).text(), SERVED);
  expect([images.file, images.size]).toEqual(["train-images-idx3-ubyte", 47_040_016]);
  expect([labels?.file, labels?.size]).toEqual(["train-labels-idx1-ubyte", 60_008]);
});

test("refuses a port that is taken, on either address", async () => {
  const { port } = new URL(server.url);
  const message = await messageOf(UsageError, () => serveWeb({ port: Number(port) }));
  expect(message).toMatch(new RegExp(`^port: can't listen on ${port} `));
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "::1", resolve));
  const address = other.address();
  const taken = typeof address === "object" && address !== null ? address.port : 0;
  expect(await messageOf(UsageError, () => serveWeb({ port: taken }))).toMatch(/can't listen on /);
  other.close();
});

test("says what is wrong where the images have gone", async () => {
  const path = join(folder, "train-images-idx3-ubyte.gz");
  const images = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 2, 10, 20, 30, 40);
  writeFileSync(path, gzipSync(images));
  const own = await serveWeb({ port: 0, data: folder });
  try {
    const get = (address: string): Promise<Response> => fetch(new URL(address, own.url));
    expect(new Uint8Array(await (await get(SERVED_IMAGES)).arrayBuffer())).toEqual(images);
    expect(parseServed(await (await get(SERVED)).text(), SERVED).labels).toBeNull();
    expect(await (await get(SERVED_LABELS)).text()).toMatch(/^there are no labels next to/);
    rmSync(path);
    const gone = await get(SERVED);
    expect([gone.status, gone.headers.get("content-type")]).toEqual([
      500,
      "text/plain; charset=utf-8",
    ]);
    expect(await gone.text()).toMatch(/: has no train images; looked/);
  } finally {
    await own.close();
  }
});
