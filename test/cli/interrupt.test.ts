// How a run ends early. Every signal that can be answered saves first, a reader that goes away costs nothing, and if
// there is nothing to save the run ends immediately. Dawn's null backend runs no kernels: this tests files.
import { spawn, type ChildProcess } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { ENDING_SIGNALS } from "../../src/gpu/node/signals.ts";
import { LOCK_FILE } from "../../src/runs/lock.ts";
import { idxBytes } from "../support/idx-bytes.ts";
import { ARGUMENTS, longhand, ROOT } from "../support/longhand.ts";

// Each starts several processes, which take long where other work shares the cores.
vi.setConfig({ testTimeout: 300_000 });

const folder = mkdtempSync(join(tmpdir(), "longhand-stops-"));
const data = join(folder, "data");
const TINY = ["--recipe", "mlp", "--width", "0.05", "--batch", "4", "--adapter", "null"];

beforeAll(() => {
  mkdirSync(data);
  const images = Uint8Array.from({ length: 64 * 784 }, (_, i) => (i * 7) % 256);
  writeFileSync(join(data, "train-images-idx3-ubyte"), idxBytes([64, 28, 28], images));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  readonly said: () => string;
}

const start = (...args: string[]): Running => startWith({}, ...args);

/** Starts a run in a process group of its own, with some environment variables besides those of this process. */
function startWith(variables: Readonly<Record<string, string>>, ...args: string[]): Running {
  const child = spawn(process.execPath, [...ARGUMENTS, "train", "--data", data, ...args], {
    cwd: ROOT,
    env: { ...process.env, MESA_SHADER_CACHE_DISABLE: "true", ...variables },
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let words = "";
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding("utf8").on("data", (text: string) => (words += text));
  }
  const ended = new Promise<Awaited<Running["ended"]>>((resolve) => {
    child.on("exit", (code, signal) => resolve({ code, signal }));
  });
  return { child, ended, said: () => words };
}

const rowsOf = (run: string): number => {
  const path = join(run, "metrics.jsonl");
  return existsSync(path) ? readFileSync(path, "utf8").split("\n").length - 1 : 0;
};

const stepOf = (run: string): number =>
  JSON.parse(readFileSync(join(run, "checkpoint/state.json"), "utf8")).step;

async function until(done: () => boolean, { child }: Pick<Running, "child">): Promise<void> {
  while (!done() && child.exitCode === null && child.signalCode === null) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe("a run saves and stops", () => {
  test.skipIf(process.platform !== "linux")("on all that would end it, and can be answered", () => {
    const unanswered = "KILL STOP PIPE XFSZ".split(" "); // Node ignores the last two
    const faults = "ILL TRAP ABRT IOT BUS FPE SEGV SYS UNUSED".split(" ");
    const harmless = "CHLD CONT TSTP TTIN TTOU URG WINCH".split(" ");
    const others = [...unanswered, ...faults, ...harmless].map((name) => `SIG${name}`);
    const codes = (names: readonly string[]): Set<number> =>
      new Set(
        Object.entries(constants.signals).flatMap(([n, code]) => (names.includes(n) ? code : [])),
      );
    const ending = Object.keys(constants.signals).filter((name) => !others.includes(name));
    expect(codes(ENDING_SIGNALS)).toEqual(codes(ending));
  });

  // The others end it by the same lines; `npm run soak -- faults signals` sends every one.
  test.each(["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1"] as const)(
    "on %s, in the middle of an epoch",
    async (signal) => {
      const run = join(folder, signal);
      const args = ["--out", run, "--steps", "1000000", "--checkpoint-minutes", "1000"];
      // An epoch of 64 steps, so that a checkpoint of its own would be seldom the last step's.
      const running = start(...TINY, "--batch", "1", ...args);
      await until(() => rowsOf(run) > 100, running);
      running.child.kill(signal);
      expect(await running.ended, running.said()).toEqual({ code: 0, signal: null });
      expect(stepOf(run)).toBe(rowsOf(run));
      expect(running.said()).toContain(`Stopped at step ${stepOf(run)} of 1000000`);
      expect(readdirSync(run)).not.toContain(LOCK_FILE);
    },
  );

  test("on Ctrl-C in the first run of all, which ends the compiler of TypeScript too", async () => {
    const run = join(folder, "first");
    const compiled = join(folder, "compiled"); // where tsx keeps what it has compiled
    mkdirSync(compiled);
    // So many that no epoch ends before, which loads what draws plots anyway.
    const many = join(folder, "many");
    mkdirSync(many);
    const images = new Uint8Array(30_000 * 784).fill(100);
    writeFileSync(join(many, "train-images-idx3-ubyte"), idxBytes([30_000, 28, 28], images));
    const args = [...TINY, "--batch", "1", "--data", many, "--out", run, "--steps", "1000000"];
    const running = startWith({ TMPDIR: compiled }, ...args);
    await until(() => rowsOf(run) > 3000, running);
    expect(rowsOf(run)).toBeLessThan(30_000);
    process.kill(-running.child.pid!, "SIGINT");
    expect(await running.ended, running.said()).toEqual({ code: 0, signal: null });
    expect(running.said()).toContain(`Stopped at step ${stepOf(run)} of 1000000`);
    expect(existsSync(join(run, "losses.png"))).toBe(true);
  });

  test("on a signal right after it was saved", async () => {
    const run = join(folder, "saved");
    const running = start(...TINY, "--out", run, "--steps", "1000000", "--checkpoint-every", "1");
    await until(() => rowsOf(run) > 5, running);
    running.child.kill("SIGTERM");
    expect(await running.ended, running.said()).toEqual({ code: 0, signal: null });
    expect(stepOf(run)).toBe(rowsOf(run));
    expect(running.said()).toContain(`Stopped at step ${stepOf(run)} of 1000000`);
  });

  test.skipIf(process.platform !== "linux")("when npm, which started it, is killed", async () => {
    const run = join(folder, "of-npm");
    const args = [...TINY, "--data", data, "--out", run, "--steps", "1000000"];
    const npm = spawn("npm", ["run", "train", "--", ...args], { cwd: ROOT, stdio: "ignore" });
    const ended = new Promise((resolve) => npm.on("exit", resolve));
    await until(() => rowsOf(run) > 5, { child: npm });
    npm.kill("SIGKILL");
    await ended;
    await vi.waitFor(() => expect(readdirSync(run)).not.toContain(LOCK_FILE), 60_000);
    expect(stepOf(run)).toBe(rowsOf(run));
  });

  test("when its reader has gone, it goes on, and ends as if nobody had looked away", async () => {
    const run = join(folder, "unread");
    const running = start(...TINY, "--out", run, "--steps", "60");
    running.child.stdout!.destroy();
    running.child.stderr!.destroy();
    expect(await running.ended).toEqual({ code: 0, signal: null });
    expect([rowsOf(run), stepOf(run)]).toEqual([60, 60]);
    expect(existsSync(join(run, "samples.gif"))).toBe(true);
  });
});

describe("where there is nothing to save", () => {
  test("a signal ends a start at once, and leaves nothing behind", async () => {
    const run = join(folder, "parent", "early");
    const running = start(...TINY, "--out", run);
    await until(() => existsSync(join(run, LOCK_FILE)), running);
    running.child.kill("SIGTERM");
    expect(await running.ended, running.said()).toEqual({ code: null, signal: "SIGTERM" });
    expect(running.said()).toContain("nothing was written");
    expect(existsSync(join(folder, "parent"))).toBe(false);
  });

  test("a signal in the first step doesn't wait for its kernels to be compiled", async () => {
    const run = join(folder, "compiling");
    // On an adapter that computes, kernels that no cache holds take the first step seconds.
    const running = start("--recipe", "small", "--batch", "4", "--out", run);
    const saved = join(run, "checkpoint", "manifest.json");
    await until(() => existsSync(saved), running);
    const began = performance.now();
    running.child.kill("SIGTERM");
    const { signal } = await running.ended;
    // A GPU may have been quicker than we were.
    if (signal === null && !running.said().includes("software")) return;
    expect(signal, running.said()).toBe("SIGTERM");
    expect(performance.now() - began).toBeLessThan(2000);
    expect(running.said()).toContain("Stopped at step 0");
    expect(stepOf(run)).toBe(0);
    expect(readdirSync(run)).not.toContain(LOCK_FILE);
  });
});

test("a first save that fails leaves nothing, so that the same command can be given again", async () => {
  const run = join(folder, "unsaved");
  const fault = ["--import", "./test/fixtures/fail-first-save.mjs"];
  const args = ["train", "--data", data, ...TINY, "--out", run, "--steps", "3"];
  const child = spawn(process.execPath, [...fault, ...ARGUMENTS, ...args], { cwd: ROOT });
  let err = "";
  child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
  expect(await new Promise((resolve) => child.on("exit", resolve))).toBe(1);
  expect(err).toMatch(/longhand: Can't write .*checkpoint.*: the disk is full/);
  expect(existsSync(run)).toBe(false);
  const again = await longhand(...args);
  expect(again.code, again.err).toBe(0);
  expect(stepOf(run)).toBe(3);
});
