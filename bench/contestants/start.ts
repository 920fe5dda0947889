// Starts contestants, each in its own process, and sends them commands.
import { fork } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { GpuError } from "../../src/gpu/errors.ts";
import type {
  Answer,
  Command,
  ContestantName,
  Report,
  StartOptions,
  StepReply,
} from "./messages.ts";
import type { Stand } from "./stand.ts";

/** A contestant in its own process. */
export interface Remote extends Stand {
  readonly name: StartOptions["name"];
  /** The adapter that it runs on. */
  readonly adapter: string;
  readonly stop: () => void;
}

/**
 * Returns a contestant that answers through `ask`; `ready` is its first answer. Throws `GpuError` with the contestant's
 * error.
 */
export function remoteOf(
  name: StartOptions["name"],
  ready: Answer,
  ask: (command: Command) => Promise<Answer>,
  stop: () => void,
): Remote {
  const fault = (answer: Answer): GpuError =>
    new GpuError(`${name}: ${"error" in answer ? answer.error : "an answer to another question"}`);
  const step = async (command: "first" | "step" | "launch"): Promise<StepReply> => {
    const answer = await ask(command);
    if ("step" in answer) return answer.step;
    throw fault(answer);
  };
  if (!("ready" in ready)) throw fault(ready);
  return {
    name,
    adapter: ready.ready,
    first: () => step("first"),
    step: () => step("step"),
    launch: () => step("launch"),
    async kernel(row): Promise<number> {
      const answer = await ask({ kernel: row });
      if ("resultNorm" in answer) return answer.resultNorm;
      throw fault(answer);
    },
    async report(): Promise<Report> {
      const answer = await ask("report");
      if ("report" in answer) return answer.report;
      throw fault(answer);
    },
    stop,
  };
}

/** A place where contestants run. */
export interface Arena {
  /** Starts a contestant; with `cold`, without a cache of compiled kernels if that is possible. */
  readonly start: (options: StartOptions, cold?: boolean) => Promise<Remote>;
  readonly close: () => Promise<void>;
}

/** Turns off the caches of compiled kernels that Mesa and NVIDIA keep; SwiftShader has none anyway. */
export const NO_CACHE: Readonly<Record<string, string>> = {
  MESA_SHADER_CACHE_DISABLE: "true",
  __GL_SHADER_DISK_CACHE: "0",
};

/** Runs contestants on this machine, through Dawn on Node. */
export const ON_NODE: Arena = {
  start: (options, cold = false) => startContestant(options, cold ? NO_CACHE : {}),
  close: () => Promise.resolve(),
};

/** Runs contestants in a headless Chromium. The bundler and the browser's driver are loaded only for this. */
export async function browserArena(names: readonly ContestantName[]): Promise<Arena> {
  const { inBrowser } = await import("../in-browser.ts");
  return inBrowser(names);
}

/** Returns the images per step: those of the flag, otherwise 32, or 8 in a browser. */
export function batchOf(flags: { readonly batch?: number; readonly browser?: boolean }): number {
  return flags.batch ?? (flags.browser ? 8 : 32);
}

/** Where a contestant's code is, if not in this checkout alone. */
export interface Origin {
  /** The folder of the checkout, in which the process runs. */
  readonly root: string;
  /** The program to run; default: the checkout's own contestants. */
  readonly program?: string | undefined;
  /** Modules that are loaded before it. */
  readonly before: readonly string[];
}

const ANSWER_MS = 600_000; // a peer's first step on a busy machine takes minutes
const CHILD = "bench/contestants/child.ts";
const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const LAST_LINES = 3;

/**
 * Starts a contestant. Throws `GpuError` if it or a later command fails, if its process ends, or if it doesn't answer
 * for ten minutes.
 */
export async function startContestant(
  options: StartOptions,
  env: Readonly<Record<string, string>> = {},
  origin?: Origin,
): Promise<Remote> {
  const program = origin?.program ?? join(origin?.root ?? ROOT, CHILD);
  const modules = (origin?.before ?? []).map((path) => pathToFileURL(path).href);
  const child = fork(program, [JSON.stringify(options)], {
    execArgv: ["tsx", ...modules].flatMap((each) => ["--import", each]),
    cwd: origin?.root,
    env: { ...process.env, ...env },
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let complaints = "";
  child.stderr?.on("data", (text: Buffer) => {
    complaints += text.toString();
  });
  const ask = (command?: Command): Promise<Answer> =>
    new Promise<Answer>((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined;
      const fail = (reason: string): void => {
        const said = complaints.trim().split("\n").slice(-LAST_LINES).join(" ");
        clearTimeout(timer);
        reject(new GpuError(`${options.name}: ${reason}${said === "" ? "" : ` (${said})`}`));
      };
      const ended = (code: number | null): void =>
        fail(`its process ended with ${code ?? "a signal"}`);
      if (child.exitCode !== null || child.signalCode !== null) return ended(child.exitCode);
      timer = setTimeout(() => fail(`no answer in ${ANSWER_MS / 60_000} minutes`), ANSWER_MS);
      child.once("exit", ended);
      child.once("message", (answer: Answer) => {
        child.off("exit", ended);
        clearTimeout(timer);
        resolve(answer);
      });
      if (command) child.send(command);
    });
  try {
    return remoteOf(options.name, await ask(), ask, () => void child.kill("SIGKILL"));
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
}
