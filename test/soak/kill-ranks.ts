// `npm run soak -- ranks`: ranks of a training that are killed or stand still, under each make of MPI that is installed.
// All must end, with a whole checkpoint to go on from; a rank that stood still must change no bit.
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { readCheckpoint } from "../../src/runs/checkpoints.ts";
import { runFolder } from "../../src/runs/run-folder.ts";
import { ARGUMENTS } from "../support/longhand.ts";
import {
  isInstalled,
  MAKES,
  pidOf,
  startRanks,
  type Job,
  type Launcher,
} from "../support/mpirun.ts";
import { below, randomFrom } from "./fuzzing.ts";
import { after, hashOf, workplace } from "./run-faults.ts";

/** Most milliseconds that any process of a job may live after one of its ranks was killed. */
const MOST_MS = 10_000;
const RANKS = 2;
const STAND_STILL_MS = 4000;
const TINY = ["--recipe", "mlp", "--width", "0.05", "--batch", "4"];

const LONG = ["--steps", "1000000", "--checkpoint-every", "5"];

/** Prints one line of a soak. Throws nothing: the caller counts. */
export type Say = (passed: boolean, line: string) => void;

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** Waits until a job has trained a step. Throws if it ends before. */
export async function hasTrained({ said, child }: Job): Promise<void> {
  while (!/Epoch 1\/|Step \d+\/|step \d+\//.test(said())) {
    if (child.exitCode !== null) throw new Error(`ended before a step was done: ${said()}`);
    await after(50);
  }
}

const start = (launcher: Launcher, args: readonly string[]): Job =>
  startRanks(launcher, RANKS, [...ARGUMENTS.slice(2), "train", "--distributed", "mpi", ...args]);

async function train(launcher: Launcher, args: readonly string[]): Promise<void> {
  const { code, out, err } = await start(launcher, args).ended;
  if (code !== 0) throw new Error(`exit code ${code}: ${out}${err}`);
}

interface Place {
  readonly folder: string;
  readonly data: string;
}

/** Kills a rank after some time of training. Returns what was seen; throws where something was wrong. */
async function killOne(
  launcher: Launcher,
  { folder, data }: Place,
  rank: number,
  delay: number,
): Promise<string> {
  const run = join(folder, "killed");
  rmSync(run, { recursive: true, force: true });
  const files = ["--data", data, "--out", run];
  const job = start(launcher, [...TINY, ...files, ...LONG]);
  await hasTrained(job);
  const pids = Array.from({ length: RANKS }, (_, each) => pidOf(job, each));
  await after(delay);
  process.kill(pids[rank]!, "SIGKILL");
  const killed = performance.now();
  const { code, out, err } = await job.ended;
  while (pids.some(isAlive) && performance.now() - killed < 2 * MOST_MS) await after(20);
  const took = performance.now() - killed;
  if (took > MOST_MS) throw new Error(`took ${(took / 1000).toFixed(1)} s to end`);
  if (code === 0) throw new Error("ended as if all were well");
  // MPICH's mpirun says it on its standard output.
  const reason = /signal 9|KILLED BY SIGNAL: 9|EXIT CODE: 9/.exec(out + err)?.[0];
  if (reason === undefined) throw new Error(`no reason on the terminal: ${out}${err}`);
  const { step } = readCheckpoint(runFolder(run), "last"); // throws unless it is whole
  await train(launcher, ["--resume", run, "--steps", String(step + 2)]);
  const later = readCheckpoint(runFolder(run), "last").step;
  if (later !== step + 2) throw new Error(`resumed from ${step}, but ended at ${later}`);
  return `all ended after ${(took / 1000).toFixed(1)} s ("${reason}"); resumed from step ${step}`;
}

/** Seconds of processor time that a process has taken (proc(5): fields 14 and 15, in hundredths). */
function processorSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Stops the last rank for some seconds. Returns what was seen; throws where something was wrong. */
async function stopOne(launcher: Launcher, { folder, data }: Place): Promise<string> {
  const runs = ["undisturbed", "slowed"].map((name) => join(folder, name));
  for (const run of runs) rmSync(run, { recursive: true, force: true });
  const [undisturbed, slowed] = runs as [string, string];
  const args = [...TINY, "--data", data, "--steps", "400"];
  await train(launcher, [...args, "--out", undisturbed]);
  const job = start(launcher, [...args, "--out", slowed]);
  await hasTrained(job);
  const [first, last] = [pidOf(job, 0), pidOf(job, RANKS - 1)];
  process.kill(last, "SIGSTOP");
  let taken: number;
  try {
    await after(500); // the step in progress
    const before = processorSeconds(first);
    await after(STAND_STILL_MS);
    taken = (1000 * (processorSeconds(first) - before)) / STAND_STILL_MS;
  } finally {
    process.kill(last, "SIGCONT");
  }
  const { code, out, err } = await job.ended;
  if (code !== 0) throw new Error(`exit code ${code}: ${out}${err}`);
  if (hashOf(slowed) !== hashOf(undisturbed)) throw new Error("the bits differ");
  return `equal bits; rank 0 took ${Math.round(100 * taken)} % of a core while it waited`;
}

/** Runs all cases, half of the kills per make. Says a line for each. */
export async function killRanks(kills: number, seed: number, say: Say): Promise<void> {
  const launchers = MAKES.filter(isInstalled);
  if (launchers.length === 0) {
    say(
      false,
      "no mpirun: install Open MPI (apt install openmpi-bin) or MPICH (apt install mpich)",
    );
    return;
  }
  const place = await workplace();
  const random = randomFrom(seed);
  const attempt = async (what: string, trial: () => Promise<string>): Promise<void> => {
    try {
      say(true, `${what}: ${await trial()}`);
    } catch (error) {
      say(false, `${what}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  try {
    for (const launcher of launchers) {
      await attempt(`${launcher.make}, rank ${RANKS - 1} stands still`, () =>
        stopOne(launcher, place),
      );
    }
    for (let kill = 0; kill < kills; kill += 1) {
      const launcher = launchers[kill % launchers.length]!;
      const [rank, delay] = [below(random, RANKS), below(random, 2000)];
      await attempt(`${launcher.make}, rank ${rank} killed after ${delay} ms`, () =>
        killOne(launcher, place, rank, delay),
      );
    }
  } finally {
    rmSync(place.folder, { recursive: true, force: true });
  }
}
