// `train --distributed mpi` under real launchers: the losses of one, two and four ranks, resumed runs, and jobs that end
// early. Dawn's null backend runs no kernels: where it is used, only the job is tested.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readCheckpoint } from "../../src/runs/checkpoints.ts";
import { runFolder } from "../../src/runs/run-folder.ts";
import { loadImages } from "../../src/data/files.ts";
import { idxBytes } from "../support/idx-bytes.ts";
import { ARGUMENTS, longhand } from "../support/longhand.ts";
import {
  isInstalled,
  MAKES,
  pidOf,
  startJob,
  startRanks,
  type Job,
  type Launcher,
} from "../support/mpirun.ts";

const folder = mkdtempSync(join(tmpdir(), "longhand-ranks-"));
const at = (...names: string[]): string => join(folder, ...names);
const IMAGES = 64;

// A small ε would turn rounding of gradients near 0 into whole updates (test/support/narrow-recipes.ts).
const smooth = { epsilon: 1e-2 };

beforeAll(async () => {
  const { images, labels } = await loadImages(undefined, "train");
  mkdirSync(at("data"));
  const write = (name: string, bytes: Uint8Array): void => writeFileSync(at("data", name), bytes);
  write("train-images-idx3-ubyte", idxBytes([IMAGES, 28, 28], images.subarray(0, IMAGES * 784)));
  write("train-labels-idx1-ubyte", idxBytes([IMAGES], labels!.subarray(0, IMAGES)));
  writeFileSync(at("c.json"), JSON.stringify({ generatorAdam: smooth, discriminatorAdam: smooth }));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SMALL = ["--recipe", "small", "--width", "0.25", "--config", at("c.json")];
const TINY = ["--recipe", "mlp", "--width", "0.05", "--batch", "4", "--adapter", "null"];

const trainArguments = (name: string, ...args: string[]): string[] => [
  "train",
  "--data",
  at("data"),
  "--out",
  at(name),
  ...args,
];

/** Starts ranks that train a run in the folder. */
const start = (launcher: Launcher, ranks: number, name: string, ...args: string[]): Job =>
  startRanks(launcher, ranks, [
    ...ARGUMENTS.slice(2), // startRanks has Node's own
    ...trainArguments(name, ...args),
    "--distributed",
    "mpi",
  ]);

async function train(launcher: Launcher, ranks: number, name: string, ...args: string[]) {
  const { code, out, err } = await start(launcher, ranks, name, ...args).ended;
  expect(code, out + err).toBe(0);
  return out;
}

const resume = async (launcher: Launcher, ranks: number, name: string, ...args: string[]) =>
  startRanks(launcher, ranks, [
    ...ARGUMENTS.slice(2),
    "train",
    "--resume",
    at(name),
    "--distributed",
    "mpi",
    ...args,
  ]).ended;

const rowsOf = (name: string): readonly Readonly<Record<string, number>>[] =>
  readFileSync(at(name, "metrics.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

function lossesApart(one: string, other: string): number {
  const [a, b] = [rowsOf(one), rowsOf(other)];
  expect(b.length).toBe(a.length);
  const keys = ["lossD", "lossG", "dReal", "dFake"] as const;
  return Math.max(...a.flatMap((row, i) => keys.map((key) => Math.abs(row[key]! - b[i]![key]!))));
}

const FILES = ["generator", "discriminator", "generator-adam", "discriminator-adam"];
const stateOf = (name: string): readonly Buffer[] =>
  FILES.map((file) => readFileSync(at(name, "checkpoint", `${file}.safetensors`)));

const installed = MAKES.filter(isInstalled);

describe.skipIf(installed.length === 0)("ranks (skipped without mpirun)", () => {
  const [first, second = first] = installed as [Launcher, ...Launcher[]];

  test("of `small` have the losses of one within 1e-5 over 20 steps, and equal bits, resumed or not", async () => {
    const alone = await longhand(...trainArguments("one", ...SMALL, "--steps", "20"));
    expect(alone.code, alone.err).toBe(0);
    const out = await train(first, 2, "two", ...SMALL, "--steps", "20");
    expect(out).toMatch(/^2 ranks on \S+, through (Open MPI|MPICH)/m);
    expect(out).toMatch(/Rank 0 sent \d+\.\d MB in \d+ exchanges/);
    expect(lossesApart("one", "two")).toBeLessThan(1e-5);
    await train(second, 4, "four", ...SMALL, "--steps", "20");
    expect(lossesApart("one", "four")).toBeLessThan(1e-5);
    // A run may go on under another make.
    await train(second, 2, "part", ...SMALL, "--steps", "12");
    const again = await resume(first, 2, "part", "--steps", "20");
    expect(again.code, again.out + again.err).toBe(0);
    expect(stateOf("part")).toEqual(stateOf("two"));
    expect(rowsOf("part")).toEqual(rowsOf("two"));

    // In 16 bits: half of the bytes, nearly the same losses, and kept with the run.
    const half = await train(second, 2, "half", ...SMALL, "--steps", "20", "--reduce", "f16");
    const sent = (said: string): number =>
      Number(/Per step, each rank sends (\d\.\d+) MB/.exec(said)![1]);
    expect(sent(half) / sent(out)).toBeCloseTo(257 / 512, 1);
    expect(half).toContain("2.01 bytes × 2 · 1 / 2");
    expect(lossesApart("two", "half")).toBeGreaterThan(0);
    expect(lossesApart("two", "half")).toBeLessThan(1e-3);
    const record = JSON.parse(readFileSync(at("half", "run.json"), "utf8"));
    expect(record).toMatchObject({ reduce: "f16" });
    const other = await resume(first, 2, "half", "--steps", "21", "--reduce", "f32");
    expect(complaints(other.err)).toEqual([expect.stringMatching(/^longhand: --reduce f32: /)]);
  });

  test("read images as rank 0 does: fitted into a size, in colours, and again when resumed", async () => {
    const colours = ["--recipe", "dcgan32", "--width", "0.05", "--size", "32", "--channels", "3"];
    const rest = ["--batch", "4", "--adapter", "null"];
    await train(first, 2, "colours", ...colours, ...rest, "--steps", "2");
    const again = await resume(first, 2, "colours", "--steps", "3", "--adapter", "null");
    expect(again.code, again.out + again.err).toBe(0);
    expect(rowsOf("colours")).toHaveLength(3);
  });

  test("and what only they can do are asked for in words", async () => {
    for (const [flag, says] of [
      ["--gpus", "start a rank for each: mpirun -n 2 npx longhand train … --distributed mpi"],
      ["--gpu", "--adapter NAME"],
      ["--reduce", "says how ranks sum their gradients; give --distributed mpi too"],
      ["--patience", "says how long a rank waits for the others; give --distributed mpi too"],
    ] as const) {
      const value = flag === "--reduce" ? "f16" : "2";
      const { code, err } = await longhand("train", flag, value);
      expect(code).toBe(2);
      expect(err).toContain(`longhand: ${flag} ${value}: `);
      expect(err).toContain(says);
    }
  });

  test("that differ are refused before the first step, and what all find wrong is said once", async () => {
    const args = trainArguments("differs", ...TINY, "--distributed", "mpi");
    const node = [process.execPath, "--import", "tsx", ...ARGUMENTS.slice(2), ...args];
    // The last --adapter counts.
    const mixed = ["-n", "1", ...node, ":", "-n", "1", ...node, "--adapter", "swiftshader"];
    const refused = await startJob(first, mixed).ended;
    expect(refused.code).not.toBe(0);
    expect(complaints(refused.err)).toEqual([
      expect.stringMatching(
        /^longhand: ranks: rank 1 of 2 \(on \S+\) differs from rank 0 \(on \S+\): adapter is SwiftShader.*, on rank 0 Dawn's null backend; ranks must/,
      ),
    ]);
    const odd = await start(first, 2, "odd", ...TINY, "--batch", "5").ended;
    expect(odd.code).not.toBe(0);
    expect(complaints(odd.err)).toEqual([
      "longhand: batch: 5 images can't be divided into equal parts for 2 ranks; choose a multiple of 2, or other ranks",
    ]);
  });
});

for (const launcher of MAKES) {
  describe.skipIf(!isInstalled(launcher))(
    `${launcher.make} (skipped without ${launcher.launcher})`,
    () => {
      /** Waits until a job has trained for a while. */
      const training = async ({ said, child }: Job): Promise<void> => {
        while (!said().includes("Epoch 1/") && child.exitCode === null) {
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      };

      test("a signal makes all ranks save and stop after the same step", async () => {
        const name = `stopped-${launcher.make}`;
        const job = start(launcher, 2, name, ...TINY, "--steps", "1000000");
        await training(job);
        job.child.kill("SIGUSR1"); // on SIGTERM, Open MPI gives ranks one second
        const { out } = await job.ended;
        const step = Number(/Stopped at step (\d+) of 1000000/.exec(out)?.[1]);
        expect(step, out).toBeGreaterThan(0);
        const state = JSON.parse(readFileSync(at(name, "checkpoint/state.json"), "utf8"));
        expect(state.step).toBe(step);
      });

      test("the death of a rank ends the job within 10 s, with a whole checkpoint", async () => {
        const name = `killed-${launcher.make}`;
        const job = start(
          launcher,
          2,
          name,
          ...TINY,
          "--steps",
          "1000000",
          "--checkpoint-every",
          "5",
        );
        await training(job);
        process.kill(pidOf(job, 1), "SIGKILL");
        const killed = performance.now();
        const { code } = await job.ended;
        expect(performance.now() - killed).toBeLessThan(10_000);
        expect(code).not.toBe(0);
        // Throws if the checkpoint isn't whole.
        expect(readCheckpoint(runFolder(at(name)), "last").step).toBeGreaterThan(0);
      });

      test("a rank that stands still is waited for as long as asked, and then all end", async () => {
        const name = `impatient-${launcher.make}`;
        const args = [...TINY, "--steps", "1000000", "--checkpoint-every", "5", "--patience", "2"];
        const job = start(launcher, 2, name, ...args);
        await training(job);
        await new Promise((resolve) => setTimeout(resolve, 1000)); // two steps on
        process.kill(pidOf(job, 1), "SIGSTOP");
        const { code, err } = await job.ended;
        expect(code).not.toBe(0);
        expect(complaints(err)).toEqual([
          expect.stringMatching(
            /^longhand: (?:rank 0 of 2 \(on \S+\): MPI: an exchange that blocks|MPI: MPI_I\w+): the other ranks have not come for 2 s; /,
          ),
        ]);
        expect(readCheckpoint(runFolder(at(name)), "last").step).toBeGreaterThan(0);
      });
    },
  );
}

/** What the command line complains of, without the launcher's own words. */
const complaints = (err: string): string[] =>
  err.split("\n").filter((line) => line.startsWith("longhand: "));
