// Builds the page as a folder of static files, for any host and under any address.
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { build, type Plugin } from "vite";
import { outputError } from "../../src/checkpoint/files.ts";
import { writeFolderAtomic } from "../../src/checkpoint/folders.ts";
import { UsageError } from "../../src/gpu/errors.ts";
import { printable } from "../../src/gpu/foreign-text.ts";
import { longhandVersion } from "../../src/runs/checkout.ts";
import { pageConfig } from "./config.ts";
import type { Source } from "./images.ts";
import { lightManifest, lightMatrices, lightZod } from "./packages.ts";
import { commentedShaders, pureEngine, sharedWorkers, usedShaders, type Apart } from "./engine.ts";
import {
  imagesBesidePage,
  listForOffline,
  policyInPage,
  SERVICE_WORKER,
  type SiteFiles,
} from "./site.ts";
import { openSet } from "../../src/runs/sets/open-set.ts";

/** What `buildWeb` made. */
export interface BuiltWeb {
  readonly folder: string;
  /** What a person should know about the images. */
  readonly notes: readonly string[];
}

/**
 * Builds the page into a folder, and replaces an earlier build there. Rejects with `DataError` if the images are missing
 * or damaged, with `UsageError` if the folder holds something else, and with `OutputError` if it can't be written.
 */
export async function buildWeb(folder: string, source: Source = {}): Promise<BuiltWeb> {
  const { notes } = await openSet(source.data, "train", { transpose: source.transpose });
  const out = resolve(folder);
  requireOwn(out, folder);
  makeParent(out);
  // Vite builds for development wherever this says so, as it does in tests.
  const before = process.env["NODE_ENV"];
  process.env["NODE_ENV"] = "production";
  try {
    const config = pageConfig();
    const built = await build({
      ...config,
      configFile: false,
      logLevel: "error",
      plugins: [
        ...lean({ lanesApart: true }),
        commentedShaders(),
        sharedWorkers(),
        policyInPage(),
        imagesBesidePage(source),
      ],
      build: { ...config.build, write: false },
      worker: { ...config.worker, plugins: lean },
    });
    // All at once, so that an earlier build stays whole if this one can't be written.
    writeFolderAtomic(out, listForOffline(filesOf(built)));
  } finally {
    if (before === undefined) delete process.env["NODE_ENV"];
    else process.env["NODE_ENV"] = before;
  }
  return { folder: out, notes };
}

/** Makes the folder that the build goes into, before half a minute is spent on building. Throws `OutputError`. */
function makeParent(out: string): void {
  const parent = dirname(out);
  try {
    if (!existsSync(parent)) mkdirSync(parent, { recursive: true });
    readdirSync(parent); // which says what is wrong with a file
  } catch (error) {
    throw outputError(out, error);
  }
}

/** Returns the files of Vite's answer, which has one output for one configuration. */
function filesOf(built: Awaited<ReturnType<typeof build>>): SiteFiles {
  if (!("output" in built)) throw new Error("Vite built several outputs, or none");
  return Object.fromEntries(
    built.output.map((file) => [file.fileName, file.type === "chunk" ? file.code : file.source]),
  );
}

/** Returns the plugins that leave out what a bundle doesn't use. */
const lean = (options?: Apart): Plugin[] => [
  usedShaders(options),
  pureEngine(),
  lightZod(),
  lightMatrices(),
  lightManifest(longhandVersion()),
];

/** Throws `UsageError` unless a folder is missing, empty, or an earlier build: building empties it. */
function requireOwn(out: string, folder: string): void {
  if (!existsSync(out) || existsSync(join(out, SERVICE_WORKER))) return;
  let isEmpty = false;
  try {
    isEmpty = readdirSync(out).length === 0;
  } catch {
    // It is a file, or can't be read.
  }
  if (isEmpty) return;
  throw new UsageError(
    `--build ${printable(folder)}: holds something else, which a build would delete; name a new folder`,
  );
}
