// What a run does when something goes wrong in the middle: a device that is lost, and numbers that aren't finite.
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { checkpointFiles } from "../../src/checkpoint/arrays.ts";
import { createGan } from "../../src/gan/gan.ts";
import { badIn, findNonFinite } from "../../src/gan/numerics.ts";
import { scaled } from "../../src/gan/recipe.ts";
import { small } from "../../src/gan/recipes/small.ts";
import { compileSteps, programOf } from "../../src/gan/train-steps.ts";
import { DivergedError } from "../../src/gpu/errors.ts";
import { runStepwise } from "../../src/gpu/inspection/stepwise.ts";
import { messageOf } from "../support/message-of.ts";
import { testDevice } from "../support/device.ts";
import { idxBytes } from "../support/idx-bytes.ts";
import { ARGUMENTS, longhand, ROOT, type Outcome } from "../support/longhand.ts";

const device = await testDevice();
// Each starts several processes, which take long where other work shares the cores.
vi.setConfig({ testTimeout: 300_000 });

const folder = mkdtempSync(join(tmpdir(), "longhand-recover-"));
const data = join(folder, "data");
const COUNT = 32;
const images = Uint8Array.from({ length: COUNT * 784 }, (_, i) => (i * 37) % 256);
const TINY = ["--recipe", "mlp", "--width", "0.05", "--batch", "8", "--data", data];
const train = async (...args: string[]): Promise<Outcome> => longhand("train", ...TINY, ...args);

beforeAll(() => {
  mkdirSync(data);
  writeFileSync(join(data, "train-images-idx3-ubyte"), idxBytes([COUNT, 28, 28], images));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (name: string): string => join(folder, name);
const stepOf = (name: string): number =>
  JSON.parse(readFileSync(join(run(name), "checkpoint/state.json"), "utf8")).step;

/** Every byte of a run's newest checkpoint and of its log. */
const bytesOf = (name: string): readonly string[] => {
  const checkpoint = join(run(name), "checkpoint");
  const paths = readdirSync(checkpoint).map((file) => join(checkpoint, file));
  // The manifest and the record's copy hold nothing of their own, but name the folder of the data and the time.
  return [
    ...paths.filter((path) => path.endsWith(".safetensors")),
    join(run(name), "metrics.jsonl"),
  ].map((path) => readFileSync(path).toString("base64"));
};

describe("a device that is lost", () => {
  const lossy = async (variables: NodeJS.ProcessEnv, ...args: string[]): Promise<Outcome> =>
    new Promise((resolve) => {
      const [tsx, ...main] = [ARGUMENTS.slice(0, 2), ...ARGUMENTS.slice(2)];
      const fixture = ["--import", "./test/fixtures/lose-device.mjs"];
      execFile(
        process.execPath,
        [...tsx!, ...fixture, ...main.flat(), "train", ...TINY, ...args],
        { cwd: ROOT, env: { ...process.env, ...variables } },
        (error, out, err) => resolve({ code: error ? Number(error.code ?? -1) : 0, out, err }),
      );
    });

  test("costs the steps since the newest checkpoint, which are taken again with the same bits", async () => {
    // Checkpoints at 4 and 8; steps 7, and then 10, are under way when the device goes.
    const args = ["--steps", "11"];
    const [undisturbed, disturbed] = [
      await train(...args, "--out", run("undisturbed")),
      await lossy({ LOSE_AT: "7,13" }, ...args, "--out", run("disturbed")),
    ];
    expect(undisturbed.code, undisturbed.err).toBe(0);
    expect(disturbed.code, disturbed.err).toBe(0);
    expect(disturbed.out.match(/Opening a new device/g)?.length).toBe(2);
    expect(bytesOf("disturbed")).toEqual(bytesOf("undisturbed"));
  });

  test("twice in a row before it got any further ends the run, with its checkpoint kept", async () => {
    const lost = await lossy({ LOSE_EACH: "2" }, "--steps", "11", "--out", run("twice"));
    expect(lost.code).toBe(1);
    expect(lost.err).toMatch(/longhand: device: lost .*twice in a row after step 1; .*--resume/);
    expect(stepOf("twice")).toBe(0);
    const resumed = await longhand("train", "--resume", run("twice"), "--steps", "11");
    expect(resumed.code, resumed.err).toBe(0);
    expect(bytesOf("twice")).toEqual(bytesOf("undisturbed"));
  });
});

describe("a run that diverges", () => {
  test("stops before a checkpoint is touched, with an exit code of its own, and says where and what to try", async () => {
    const config = run("diverges.json");
    writeFileSync(config, JSON.stringify({ generatorAdam: { learningRate: 1e30 } }));
    const args = ["--config", config, "--steps", "50", "--out", run("diverged")];
    const { code, err } = await train(...args, "--check-numerics");
    expect(code).toBe(3);
    const [line] = err.split("\n").filter((each) => each.startsWith("longhand:"));
    expect(line).toMatch(/Step 2: the losses are NaN .*--seed/);
    expect(line).toMatch(
      /the first to go bad, at step 2: dispatch \d+ of \d+, [\w-]+\.\w+, writes out/,
    );
    expect(stepOf("diverged")).toBe(0);
    const sampled = await longhand("sample", run("diverged"), "--out", run("sound.png"));
    expect(sampled.code, sampled.err).toBe(0);
  });
});

const narrow = { ...scaled(small, 0.125), clusters: 0 };
const gan = createGan(
  device,
  narrow,
  { images, count: COUNT, height: 28, width: 28 },
  { seed: 1, batch: 4 },
);

/** The values of everything that a step changes. */
const state = async (): Promise<Float32Array[]> =>
  Promise.all(
    Object.values(gan.state).flatMap((named) => [...named.values()].map((each) => each.read())),
  );

test("a program run dispatch by dispatch gives the bits of one that is run whole", async () => {
  const programs = await compileSteps(gan);
  const first = await state();
  const restore = (): void => {
    const arrays = Object.values(gan.state).flatMap((named) => [...named.values()]);
    arrays.forEach((array, index) => array.write(first[index]!));
    gan.rng.state.write(Uint32Array.of(1, 0, 0));
  };
  const program = programOf(programs, gan.plan, 1);
  await program.run();
  const whole = await state();
  restore();
  let seen = 0;
  const ended = await runStepwise(device, program, async ({ written }) => {
    const values = await written();
    seen += values.length;
    return values.some((each) => badIn(each.values) !== undefined);
  });
  expect(ended).toBe(false);
  expect(seen).toBeGreaterThanOrEqual(program.plan.dispatches.length);
  expect(await state()).toEqual(whole);

  expect(await findNonFinite(gan, programs, { from: 0, until: 3, restore })).toBeUndefined();

  // A weight near the largest float: its products overflow in the layer that it belongs to.
  const bad = (): void => {
    restore();
    const array = [...gan.state.discriminator!.values()][0]!;
    array.write(new Float32Array(array.size).fill(3e38));
  };
  const found = await findNonFinite(gan, programs, { from: 0, until: 3, restore: bad });
  expect(found?.step).toBe(1);
  expect(found?.words).toMatch(
    /conv2d-forward.*\.\w+, writes out .* infinite .*at most 3\.00e\+38/,
  );
  restore();
});

test("weights that aren't finite make no checkpoint", async () => {
  const [array] = [...gan.state.generator!.values()];
  const before = await array!.read();
  const spoilt = before.slice();
  spoilt[spoilt.length - 1] = Infinity;
  array!.write(spoilt);
  expect(await messageOf(DivergedError, () => checkpointFiles(gan.state))).toMatch(
    /^generator's \S+ holds Infinity$/,
  );
  await checkpointFiles(gan.state, { finite: false });
  array!.write(before);
  await checkpointFiles(gan.state);
});
