// The page as visitors get it: built once for all tests of the same sources, and served for each file of tests.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { buildWeb, previewWeb } from "../../web/server.ts";
import { ROOT } from "./longhand.ts";

/** A page that is being served. */
export type PageServer = Awaited<ReturnType<typeof previewWeb>>;

const CACHE = join(ROOT, "node_modules/.cache/longhand-page");
const MOST_MS = 120_000; // for a build in another process

/** Returns a hash of everything that a build is made of. */
function sourcesHash(): string {
  const hash = createHash("sha256");
  const add = (path: string): void => {
    if (statSync(path).isDirectory()) {
      for (const name of readdirSync(path).toSorted()) add(join(path, name));
    } else hash.update(path).update(readFileSync(path));
  };
  for (const name of ["web", "src", "proof", "shaders", "package-lock.json"]) add(join(ROOT, name));
  return hash.digest("hex").slice(0, 16);
}

/** Returns the folder of the built page. Processes that ask at the same time share one build. */
async function builtPage(): Promise<string> {
  const name = sourcesHash();
  const folder = join(CACHE, name);
  const lock = `${folder}.lock`;
  const began = performance.now();
  mkdirSync(CACHE, { recursive: true });
  while (!existsSync(folder)) {
    try {
      mkdirSync(lock); // fails if another process builds
    } catch (error) {
      if (performance.now() - began > MOST_MS) throw error;
      await setTimeout(200);
      continue;
    }
    try {
      for (const other of readdirSync(CACHE)) {
        if (!other.startsWith(name)) rmSync(join(CACHE, other), { recursive: true, force: true });
      }
      if (!existsSync(folder)) await buildWeb(folder);
    } finally {
      rmSync(lock, { recursive: true, force: true });
    }
  }
  return folder;
}

/** Serves the built page until it is closed. */
export async function servePage(): Promise<PageServer> {
  return previewWeb(await builtPage(), { port: 0 });
}
