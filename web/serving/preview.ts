// Serves a built page on localhost, with the headers that a host should set.
import { existsSync, statSync } from "node:fs";
import { readFile, realpath } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { extname, join, resolve, sep } from "node:path";
import { UsageError } from "../../src/gpu/errors.ts";
import { printable } from "../../src/gpu/foreign-text.ts";
import { securityHeaders } from "./headers.ts";
import { listenLocally, type Listening } from "./listen.ts";
import { SERVICE_WORKER } from "./site.ts";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".webmanifest": "application/manifest+json",
  ".wgsl": "text/plain; charset=utf-8",
};

/**
 * Serves a folder that `buildWeb` made until it is closed, only to this machine; `base` is the address below which it
 * lies. Rejects with `UsageError` if there is no build, or if it can't listen on the port.
 */
export async function previewWeb(
  folder: string,
  { port, base = "/" }: { readonly port?: number | undefined; readonly base?: string } = {},
): Promise<Listening> {
  const root = resolve(folder);
  if (!existsSync(join(root, SERVICE_WORKER))) {
    throw new UsageError(
      `--preview ${printable(folder)}: holds no built page; --build ${printable(folder)} makes one`,
    );
  }
  const real = await realpath(root);
  const listening = await listenLocally((request, response) => {
    answer(real, base, request, response).catch(() => end(response, 500, "the file can't be read"));
  }, port);
  return { ...listening, url: new URL(base, listening.url).href };
}

async function answer(
  root: string,
  base: string,
  { method, url = "/" }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  for (const [name, value] of Object.entries(securityHeaders())) response.setHeader(name, value);
  if (method !== "GET" && method !== "HEAD") return end(response, 405, "only GET and HEAD");
  const path = fileOf(root, base, url);
  if (path === undefined) return end(response, 404, "there is no such file");
  const bytes = await readFile(path); // before the headers, which are of another answer if this fails
  response.setHeader("Content-Type", TYPES[extname(path)] ?? "application/octet-stream");
  // Names with a hash never change their contents.
  const isHashed = /-[\w-]{8,}\.\w+$/.test(path);
  response.setHeader("Cache-Control", isHashed ? "max-age=31536000, immutable" : "no-cache");
  response.setHeader("Content-Length", bytes.length);
  response.end(method === "HEAD" ? undefined : bytes);
}

/** Returns the path of the file that an address names; undefined if there is none in the folder. */
function fileOf(root: string, base: string, url: string): string | undefined {
  let pathname: string;
  try {
    pathname = decodeURIComponent(new URL(url, "http://localhost").pathname);
  } catch {
    return undefined;
  }
  if (!pathname.startsWith(base) || pathname.includes("\0")) return undefined;
  const rest = pathname.slice(base.length);
  const path = resolve(root, rest === "" || rest.endsWith("/") ? `${rest}index.html` : rest);
  if (!path.startsWith(root + sep) || !existsSync(path) || !statSync(path).isFile())
    return undefined;
  return path;
}

function end(response: ServerResponse, status: number, words: string): void {
  response.statusCode = status;
  response.setHeader("Content-Type", "text/plain; charset=utf-8");
  response.end(`${words}\n`);
}
