// What may happen to a run, through the real command line: killed, stopped by signals, out of disk, its folder gone. In
// the end it must have the bits of an undisturbed run.
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadImages } from "../../src/data/files.ts";
import { ENDING_SIGNALS } from "../../src/gpu/node/signals.ts";
import { recipes } from "../../src/gan/recipes/list.ts";
import { readCheckpoint } from "../../src/runs/checkpoints.ts";
import { LOCK_FILE } from "../../src/runs/lock.ts";
import { runFolder } from "../../src/runs/run-folder.ts";
import { idxBytes } from "../support/idx-bytes.ts";
import { ARGUMENTS, ROOT } from "../support/longhand.ts";
import { below, randomFrom } from "./fuzzing.ts";

/** What a part of the soak found. */
export interface Report {
  /** One line of figures. */
  readonly figures: string;
  readonly failures: readonly string[];
}

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly err: string;
}

const TINY = ["--recipe", "mlp", "--width", "0.05", "--batch", "4"];
const IMAGES = 64; // 16 steps an epoch

/** Writes the first of MNIST's images, training and test, to a folder. */
async function someDigits(folder: string, count: number, tested: number): Promise<void> {
  mkdirSync(folder);
  for (const [which, prefix, most] of [
    ["train", "train", count],
    ["test", "t10k", tested],
  ] as const) {
    const { images, labels } = await loadImages(undefined, which);
    const write = (name: string, bytes: Uint8Array): void =>
      writeFileSync(join(folder, `${prefix}-${name}-ubyte`), bytes);
    write("images-idx3", idxBytes([most, 28, 28], images.subarray(0, most * 784)));
    write("labels-idx1", idxBytes([most], labels!.subarray(0, most)));
  }
}

/** A folder for runs, with a little of MNIST in it. */
export async function workplace(): Promise<{ folder: string; data: string }> {
  const folder = mkdtempSync(join(tmpdir(), "longhand-faults-"));
  const data = join(folder, "data");
  await someDigits(data, IMAGES, 120);
  return { folder, data };
}

function start(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  command = "train",
): {
  child: ChildProcess;
  ended: Promise<Ended>;
} {
  const child = spawn(process.execPath, [...ARGUMENTS, command, ...args], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let err = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => (err += text));
  const ended = new Promise<Ended>((resolve) => {
    child.on("close", (code, signal) => resolve({ code, signal, err: wordsIn(err) }));
  });
  return { child, ended };
}

/** What the command itself said: Dawn's two lines about its own limits left out. */
const wordsIn = (err: string): string =>
  err
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("Warning: max"))
    .join("\n");

const train = async (args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Ended> =>
  start(args, env).ended;

/** The hash of all that training made: arrays, moments, losses and evaluations. */
export function hashOf(path: string): string {
  const hash = createHash("sha256");
  const checkpoint = join(path, "checkpoint");
  for (const name of readdirSync(checkpoint).toSorted()) {
    if (name.endsWith(".safetensors")) hash.update(readFileSync(join(checkpoint, name)));
  }
  for (const log of ["metrics.jsonl", "evaluations.jsonl"].map((name) => join(path, name))) {
    if (existsSync(log)) hash.update(readFileSync(log));
  }
  return hash.digest("hex");
}

/** The step of a run's newest checkpoint, read and checked in full; undefined where it has none yet. */
function savedStep(path: string): number | undefined {
  const folder = runFolder(path);
  if (!existsSync(folder.checkpoint) && !existsSync(folder.checkpoints)) return undefined;
  return readCheckpoint(folder, "last").step;
}

const stepOrUndefined = (path: string): number | undefined => {
  try {
    return savedStep(path);
  } catch {
    return undefined; // just being replaced, or the folder is gone
  }
};

export const after = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms));

/** Waits for a first new checkpoint, or for the end. */
async function newCheckpoint(path: string, child: ChildProcess, from: number): Promise<void> {
  while (child.exitCode === null && child.signalCode === null) {
    if ((stepOrUndefined(path) ?? -1) > from) return;
    await after(20);
  }
}

/** Waits until a process has claimed its run, or has ended. */
async function claimed(path: string, child: ChildProcess): Promise<void> {
  const isOurs = (): boolean => {
    const lock = join(path, LOCK_FILE);
    return existsSync(lock) && readFileSync(lock, "utf8").includes(String(child.pid));
  };
  while (child.exitCode === null && child.signalCode === null && !isOurs()) await after(20);
}

/** The command that begins a run, or goes on with it where it has a checkpoint. */
function commandFor(path: string, data: string, ...args: string[]): string[] {
  const has = existsSync(join(path, "checkpoint")) || existsSync(join(path, "checkpoints"));
  const what = has ? ["--resume", path] : [...TINY, "--data", data, "--out", path];
  return [...what, ...args];
}

/** Finishes a disturbed run, and compares it with an undisturbed one of as many steps. */
async function compare(
  path: string,
  data: string,
  steps: number,
  failures: string[],
): Promise<void> {
  const count = String(steps);
  const last = await train(commandFor(path, data, "--steps", count));
  if (last.code !== 0) failures.push(`the last resume failed: ${last.err}`);
  const undisturbed = `${path}-undisturbed`;
  await train([...TINY, "--data", data, "--out", undisturbed, "--steps", count]);
  if (hashOf(path) !== hashOf(undisturbed)) failures.push(`other bits after ${steps} steps`);
}

/** Runs `body` on a run of the `small` recipe, of two steps of MNIST, through the real command line. */
export async function onRealRun<T>(body: (path: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "longhand-faults-"));
  try {
    const path = join(folder, "run");
    const { code, err } = await train(["--recipe", "small", "--steps", "2", "--out", path]);
    if (code !== 0) throw new Error(err);
    return await body(path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** SIGKILL at random instants of a run that saves after each step; each life goes on with what the one before left. */
export async function killRuns(count: number, seed: number): Promise<Report> {
  const { folder, data } = await workplace();
  const random = randomFrom(seed);
  const path = join(folder, "run");
  const failures: string[] = [];
  let inSaving = 0;
  for (let kill = 0; kill < count; kill += 1) {
    const from = savedStep(path) ?? -1;
    const { child, ended } = start(
      commandFor(path, data, "--steps", "1000000", "--checkpoint-every", "1"),
    );
    if (random() < 0.8) await newCheckpoint(path, child, from);
    await after(below(random, 1500));
    const acknowledged = stepOrUndefined(path) ?? from;
    child.kill("SIGKILL");
    const { signal, err } = await ended;
    if (signal !== "SIGKILL") failures.push(`life ${kill} ended by itself: ${err}`);
    if (readdirSync(folder).length > 0 && existsSync(path)) {
      if (readdirSync(path).some((name) => name.startsWith("checkpoint.tmp-"))) inSaving += 1;
    }
    try {
      const left = savedStep(path) ?? -1;
      if (left < acknowledged)
        failures.push(`life ${kill}: step ${acknowledged} was saved, ${left} is left`);
    } catch (error) {
      failures.push(`life ${kill}: ${String(error)}`);
    }
  }
  const steps = (savedStep(path) ?? 0) + 10;
  await compare(path, data, steps, failures);
  rmSync(folder, { recursive: true, force: true });
  return {
    figures: `${count} kills over ${steps} steps, ${inSaving} of them while a checkpoint was written`,
    failures,
  };
}

/** Each signal at random instants, `count` times each. */
export async function stopRuns(count: number, seed: number): Promise<Report> {
  const { folder, data } = await workplace();
  const random = randomFrom(seed);
  const failures: string[] = [];
  const path = join(folder, "run");
  let saved = 0;
  for (let stop = 0; stop < count * ENDING_SIGNALS.length; stop += 1) {
    const name = ENDING_SIGNALS[stop % ENDING_SIGNALS.length]!;
    const from = savedStep(path) ?? -1;
    const { child, ended } = start(
      commandFor(path, data, "--steps", "1000000", "--checkpoint-minutes", "1000"),
    );
    if (random() < 0.6) await newCheckpoint(path, child, from);
    // Before our code is loaded Node itself answers this one: it opens a debugger, and goes on.
    if (name === "SIGUSR1") await claimed(path, child);
    await after(below(random, 2500));
    child.kill(name);
    const { code, signal, err } = await ended;
    const left = savedStep(path);
    if (code === 0) saved += 1;
    else if (signal !== name) failures.push(`${name}: exit ${code}, ${signal}: ${err}`);
    if (code !== 0) continue;
    const rows = readFileSync(join(path, "metrics.jsonl"), "utf8").split("\n").length - 1;
    if (left !== rows) failures.push(`${name}: ${rows} steps were done, ${left} are saved`);
  }
  const steps = (savedStep(path) ?? 0) + 10;
  await compare(path, data, steps, failures);
  rmSync(folder, { recursive: true, force: true });
  return {
    figures: `${count * ENDING_SIGNALS.length} signals (${count} of each kind) over ${steps} steps, ${saved} in the middle of training, the others before a step was done`,
    failures,
  };
}

const mount = (path: string, ...options: string[]): void =>
  void execFileSync("mount", [...options, "tmpfs", path], { stdio: "ignore" });

/** A disk that is full at each of `count` places in a run's life, then has room again; one that turns read-only; a folder that vanishes. */
export async function fillDisks(count: number, seed: number): Promise<Report> {
  const { folder, data } = await workplace();
  const random = randomFrom(seed);
  const failures: string[] = [];
  const refusals = new Map<string, number>();
  const disk = join(folder, "disk");
  mkdirSync(disk);
  const steps = 40;
  const args = ["--steps", String(steps), "--checkpoint-every", "3"];
  let undone = 0;
  for (let at = 0; at < count; at += 1) {
    const path = join(disk, "run");
    mount(disk, "-t", "tmpfs", "-o", `size=${24 + Math.round((1400 * (at + random())) / count)}k`);
    try {
      const { code, err } = await train(commandFor(path, data, ...args));
      if (code === 0) undone += 1;
      else note(refusals, failures, `size ${at}`, code, err);
      if (code !== 0) savedStep(path); // throws where what is left isn't whole
      mount(disk, "-o", "remount,size=64m");
      if (at % 4 === 0) await compare(path, data, steps, failures);
      else {
        const again = await train(commandFor(path, data, ...args));
        if (again.code !== 0) failures.push(`size ${at}, with room again: ${again.err}`);
      }
    } catch (error) {
      failures.push(`size ${at}: ${String(error)}`);
    } finally {
      execFileSync("umount", [disk]);
    }
  }
  await turnReadOnly(disk, data, refusals, failures);
  await vanish(join(folder, "vanishing"), data, refusals, failures);
  rmSync(folder, { recursive: true, force: true });
  const words = [...refusals].map(([reason, times]) => `${reason}: ${times}`).join(", ");
  return {
    figures: `${count} sizes of disk, ${undone} of them large enough; refusals: ${words}`,
    failures,
  };
}

function note(
  refusals: Map<string, number>,
  failures: string[],
  what: string,
  code: number | null,
  err: string,
): void {
  const reason = /^longhand: Can't write \S+: ([^\n:.]*)\./.exec(err)?.[1];
  if (code !== 1 || reason === undefined) failures.push(`${what}: exit ${code}: ${err}`);
  else refusals.set(reason, (refusals.get(reason) ?? 0) + 1);
}

async function turnReadOnly(
  disk: string,
  data: string,
  refusals: Map<string, number>,
  failures: string[],
): Promise<void> {
  mount(disk, "-t", "tmpfs", "-o", "size=64m");
  try {
    const path = join(disk, "run");
    const { child, ended } = start(commandFor(path, data, "--steps", "1000000"));
    await newCheckpoint(path, child, 0);
    // Files are open for writing until the run ends: a remount waits for that, a bind mount over it doesn't.
    execFileSync("mount", ["--bind", disk, disk]);
    execFileSync("mount", ["-o", "remount,bind,ro", disk]);
    const begun = await Promise.race([ended, after(60_000)]);
    if (begun) note(refusals, failures, "read-only", begun.code, begun.err);
    else child.kill("SIGKILL"); // its files are open by the folder's old name
    execFileSync("umount", [disk]);
    if (savedStep(path) === undefined) failures.push("read-only: no checkpoint is left");
  } finally {
    execFileSync("umount", [disk]);
  }
}

async function vanish(
  path: string,
  data: string,
  refusals: Map<string, number>,
  failures: string[],
): Promise<void> {
  const { child, ended } = start(
    commandFor(path, data, "--steps", "1000000", "--checkpoint-every", "5"),
  );
  await newCheckpoint(path, child, 0);
  rmSync(path, { recursive: true, force: true });
  const { code, err } = await ended;
  note(refusals, failures, "vanished", code, err);
  const again = await train(commandFor(path, data, "--steps", "3"));
  if (again.code !== 0) failures.push(`vanished, then begun again: ${again.err}`);
}

/** N steps against k and N − k after a resume, for every recipe, and with the flags that change bits. */
export async function resumeRuns(): Promise<Report> {
  const { folder, data } = await workplace();
  const failures: string[] = [];
  const env = { XDG_CACHE_HOME: join(folder, "cache") };
  let compared = 0;
  const both = async (
    name: string,
    flags: readonly string[],
    first: readonly string[] = [],
    kept: NodeJS.ProcessEnv = {},
  ) => {
    const [whole, parted] = ["whole", "parted"].map((part) => join(folder, `${name}-${part}`));
    const args = ["--width", "0.1", "--batch", "4", "--data", data, ...flags];
    const ends = [
      await train([...args, ...first, "--steps", "19", "--out", whole!], kept),
      await train([...args, "--steps", "7", "--out", parted!], kept),
      await train(["--resume", parted!, "--steps", "16"], kept),
      await train(["--resume", parted!, "--steps", "19"], kept),
    ];
    for (const { code, err } of ends) if (code !== 0) failures.push(`${name}: ${err}`);
    if (ends.some(({ code }) => code !== 0)) return;
    compared += 1;
    if (hashOf(whole!) !== hashOf(parted!)) failures.push(`${name}: other bits after a resume`);
  };
  for (const { name } of recipes) await both(name, ["--recipe", name]);
  await both("tuned", ["--recipe", "small"], ["--tune", "20"], env);
  await both("halves", ["--recipe", "small", "--f16"]);
  const digits = join(folder, "digits");
  await someDigits(digits, 480, 120);
  const { code, err } = await start(["--data", digits], env, "judge").ended;
  if (code !== 0) failures.push(`judge: ${err}`);
  const evaluate = ["--evaluate-every", "5", "--evaluate-count", "100"];
  await both("evaluated", ["--recipe", "small", ...evaluate], [], env);
  rmSync(folder, { recursive: true, force: true });
  return {
    figures: `${compared} of ${recipes.length + 3} compared: ${recipes.map(({ name }) => name).join(", ")}, --tune, --f16, --evaluate-every; 19 steps against 7 + 9 + 3`,
    failures,
  };
}
