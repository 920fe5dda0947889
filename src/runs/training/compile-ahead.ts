// Compiles a step's kernels on another core: Mesa's lavapipe compiles each kernel when it first runs, one at a time, and
// keeps it in a cache that processes share. A child process runs the step's kernels from the last to the first, while
// this one sorts images and runs them from the first to the last.
import { createHash } from "node:crypto";
import { fork, type ChildProcess } from "node:child_process";
import { availableParallelism, loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { formatJson, parseJson } from "../../checkpoint/json.ts";
import { LonghandError } from "../../gpu/errors.ts";
import { shaderText, type OpenedAdapter } from "../../gpu/node/adapter.ts";
import { kernelsVersion } from "../../kernels/autotune.ts";
import { readCache, writeCache } from "../cache.ts";
import type { Choices } from "../choices.ts";
import { constantsOf } from "../constants.ts";
import type { Draft } from "./draft-run.ts";

/** What the child is to compile: a step of a run, but for its images. */
export interface AheadTask {
  readonly adapter: string;
  readonly recipe: string;
  readonly constants: ReturnType<typeof constantsOf>;
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly activationType: Draft["activationType"];
  readonly choices: Choices;
}

/** A child process that compiles. */
export interface Ahead {
  /** Resolves to whether the child compiled all kernels: false if it was stopped or failed, or if there is none. */
  readonly compiled: Promise<boolean>;
  /** Ends the child. `isDone` says that this process has run all kernels, so that the next run needs no child. */
  stop(isDone?: boolean): void;
}

const CHILD = fileURLToPath(new URL("compile-ahead-child.ts", import.meta.url));
const NAME = "compiled/steps.json";
const MOST = 100; // steps to remember
const steps = z.array(z.string());

const NONE: Ahead = { compiled: Promise.resolve(false), stop: () => undefined };

/** Whether an adapter compiles kernels when they first run, and shares them with other processes. */
const compilesLate = ({ name }: Pick<OpenedAdapter, "name">): boolean =>
  /^llvmpipe\b/.test(name) &&
  !/^(?:1|true|yes)$/i.test(process.env["MESA_SHADER_CACHE_DISABLE"] ?? "");

/** Whether a core has nothing to do, going by the last minute. */
export const hasIdleCore = (): boolean => loadavg()[0]! < availableParallelism();

/**
 * Starts a child that compiles the kernels of a run's step, if that helps: on lavapipe, with a second core, unless a run
 * with the same step was here before. A child that fails leaves the work to this process.
 */
export async function compileAhead(
  { recipe, batch, data, activationType }: Draft,
  opened: Pick<OpenedAdapter, "name">,
  choices: Choices,
): Promise<Ahead> {
  if (!compilesLate(opened) || availableParallelism() < 2) return NONE;
  const task: AheadTask = {
    adapter: opened.name,
    recipe: recipe.name,
    constants: constantsOf(recipe),
    batch,
    height: data.height,
    width: data.width,
    activationType,
    choices,
  };
  const key = createHash("sha256")
    .update(JSON.stringify([task, await kernelsVersion(shaderText)]))
    .digest("hex")
    .slice(0, 16);
  const known = (await readCache(NAME, (bytes, path) => parseJson(steps, bytes, path))).value ?? [];
  if (known.includes(key)) return NONE;
  const child = begin(task);
  return {
    compiled: new Promise((resolve) => void child.once("close", (code) => resolve(code === 0))),
    stop: (isDone = false) => {
      child.kill("SIGKILL");
      if (isDone) remember([key, ...known].slice(0, MOST));
    },
  };
}

/** Starts the child, which ends with this process. */
function begin(task: AheadTask): ChildProcess {
  const child = fork(CHILD, {
    execArgv: ["--import", import.meta.resolve("tsx")],
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  child.on("error", () => undefined);
  child.send(task, () => undefined);
  child.unref();
  child.channel?.unref();
  return child;
}

function remember(keys: readonly string[]): void {
  try {
    writeCache(NAME, formatJson(keys), "There is no cache folder.");
  } catch (error) {
    if (!(error instanceof LonghandError)) throw error; // the next run starts a child again
  }
}
