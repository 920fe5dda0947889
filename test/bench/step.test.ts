// The benchmark's counts, compared with known ones; its commands, refusals and pinned peers.
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { compareRuns } from "../../bench/check.ts";
import type { Report } from "../../bench/contestants/messages.ts";
import { imagesOf } from "../../bench/contestants/longhand.ts";
import { countCalls } from "../../bench/counters.ts";
import { rowsOf, verdict, type StepFigures } from "../../bench/goals.ts";
import { peerVersions } from "../../bench/peers.ts";
import { bytes, duration, median, percentile, table } from "../../bench/reports.ts";
import { dcganTimes } from "../../bench/widths.ts";
import { createGan } from "../../src/gan/gan.ts";
import { dcgan } from "../../src/gan/recipes/dcgan.ts";
import { compileSteps } from "../../src/gan/train-steps.ts";
import { testDevice } from "../support/device.ts";

const device = await testDevice();
const ROOT = new URL("../..", import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), "longhand-bench-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the counters", () => {
  test("count what is asked of WebGPU, whoever asks, until they stop", () => {
    const { prototype } = GPUDevice;
    const original = prototype.createBuffer;
    const counters = countCalls();
    const gpu = device.gpu;
    const plain = gpu.createBuffer({ size: 64, usage: 0x8 });
    const mapped = gpu.createBuffer({ size: 32, usage: 0x8, mappedAtCreation: true });
    mapped.unmap();
    gpu.queue.writeBuffer(plain, 0, new Float32Array(8), 2, 4); // in elements
    gpu.queue.writeBuffer(plain, 0, new Float32Array(8), 2);
    gpu.queue.writeBuffer(plain, 0, new ArrayBuffer(12), 4); // in bytes
    const encoder = gpu.createCommandEncoder();
    encoder.beginComputePass().end();
    gpu.queue.submit([encoder.finish()]);
    expect(counters.liveBytes()).toBe(96);
    mapped.destroy();
    mapped.destroy();
    plain.destroy();
    expect(counters.take()).toEqual({
      dispatches: 0,
      submits: 1,
      passes: 1,
      encoders: 1,
      buffers: 2,
      bufferBytes: 96,
      bindGroups: 0,
      pipelines: 0,
      uploadedBytes: 32 + 16 + 24 + 8,
    });
    expect([counters.liveBytes(), counters.peakBytes()]).toEqual([0, 96]);
    counters.stop();
    expect(prototype.createBuffer).toBe(original);
    gpu.createBuffer({ size: 16, usage: 0x8 }).destroy();
    expect(counters.take().buffers).toBe(0);
  });

  test("find a training step lean: one submit, one pass, nothing made", async () => {
    const widths = { generatorWidths: [4, 4, 2], discriminatorWidths: [2, 3] } as const;
    const recipe = {
      ...dcgan,
      ...widths,
    };
    const counters = countCalls();
    const gan = createGan(device, recipe, imagesOf(4), { seed: 1, batch: 4 });
    const { full } = await compileSteps(gan);
    await full.run();
    const { pipelines, bindGroups, dispatches } = counters.take();
    expect(pipelines).toBeGreaterThan(10);
    expect(bindGroups).toBeGreaterThanOrEqual(full.plan.dispatches.length);
    expect(dispatches).toBeGreaterThanOrEqual(full.plan.dispatches.length);
    await full.run();
    await device.idle();
    const { uploadedBytes, ...step } = counters.take();
    expect(step).toEqual({
      dispatches: full.plan.dispatches.length,
      submits: 1,
      passes: 1,
      encoders: 1,
      buffers: 0,
      bufferBytes: 0,
      bindGroups: 0,
      pipelines: 0,
    });
    expect(uploadedBytes).toBeLessThanOrEqual(64);
    expect(counters.peakBytes()).toBeGreaterThan(full.explain().peak.temporaries);
    counters.stop();
  });
});

describe("figures", () => {
  const figures: StepFigures = {
    steady: 1200,
    warm: 4000,
    cold: undefined,
    dispatches: 124,
    submits: 1,
    passes: 1,
    buffers: 2,
    bufferBytes: 128,
    bindGroups: 0,
    pipelines: 0,
    uploadedBytes: 65,
    peakBytes: 50e6,
    multiplyAdds: undefined,
  };

  test("stand against their goals in words", () => {
    const words = (batch: number): Record<string, string> =>
      Object.fromEntries(rowsOf(figures, batch).map((row) => [row.name, verdict(row)]));
    expect(words(32)).toEqual({
      "step, steady": "",
      "first step, driver's cache warm": "ok",
      "first step, cold": "not known",
      dispatches: "short: 3.10× the goal",
      submits: "ok",
      "compute passes": "ok",
      "buffers created": "short by 2",
      "bytes of buffers created": "short by 128 bytes",
      "bind groups created": "ok",
      "pipelines created": "ok",
      "bytes uploaded": "short: 1.02× the goal",
      "peak GPU memory, without dataset": "ok",
      "multiply-adds done / needed": "not known",
    });
    expect(words(8)["peak GPU memory, without dataset"]).toBe(""); // the goals name two batches
  });

  test("are summed up and set out", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([1, 2, 3, 4])).toBe(3);
    expect(median([])).toBeNaN();
    const hundred = Array.from({ length: 100 }, (_, i) => i);
    expect(percentile(hundred, 0.99)).toBe(99);
    expect([duration(1234), duration(12.34), duration(0.123)]).toEqual([
      "1.23 s",
      "12.3 ms",
      "123 µs",
    ]);
    expect([bytes(64), bytes(40_000), bytes(12_900_000)]).toEqual([
      "64 bytes",
      "40.0 KB",
      "12.9 MB",
    ]);
    expect(table(["", "b"], [["row", "1"]])).toBe("     b\nrow  1");
  });

  test("of widths scale every hidden layer", () => {
    const twice = dcganTimes(2);
    const [first] = twice.discriminator(twice);
    expect(first!.outputShape([28, 28, 1])).toEqual([14, 14, 128]);
    const quarter = dcganTimes(0.25);
    expect(quarter.generator(quarter)[0]!.outputShape([100])).toEqual([7 * 7 * 64]);
  });
});

describe("the check of peers", () => {
  const report = (change: Partial<Report> = {}): Report => ({
    lossD: 1.4,
    lossG: 0.7,
    gradientNorms: [2, 0.5],
    drawnLatents: [[1], [2], [3]],
    peakBytes: 0,
    ...change,
  });

  test("takes runs that agree, on the latents that Longhand drew", async () => {
    const given: unknown[] = [];
    const { worst } = await compareRuns(["longhand", "tfjs"], async (name, { latents }) => {
      given.push([name, latents]);
      return name === "tfjs" ? [report({ lossD: 1.4007 })] : [report()];
    });
    expect(worst["tfjs"]).toBeCloseTo(5e-4, 6);
    expect(given).toEqual([
      ["longhand", [[], [], []]],
      ["tfjs", [[1], [2], [3]]],
    ]);
  });

  const wrong: [what: string, report: Report, message: RegExp][] = [
    ["a loss", report({ lossG: 0.702 }), /^check: step 1, loss G: jax-js has 0.702, Longhand 0.7;/],
    ["NaN", report({ lossD: Number.NaN }), /loss D: jax-js has NaN/],
    [
      "a gradient",
      report({ gradientNorms: [2, 0.6] }),
      /norm of the generator's batch_norm.gamma: jax-js has 0.6/,
    ],
    ["too few gradients", report({ gradientNorms: [2] }), /jax-js has undefined/],
  ];
  test.each(wrong)("refuses %s that differs", async (_, theirs, message) => {
    const running = compareRuns(["longhand", "jax-js"], async (name) => [
      name === "jax-js" ? theirs : report(),
    ]);
    await expect(running).rejects.toThrow(message);
  });
});

test("peers are pinned, and no dependency of the project", () => {
  const read = (file: string): Record<string, Record<string, unknown>> =>
    JSON.parse(readFileSync(join(ROOT, file), "utf8"));
  const wanted = Object.entries(peerVersions());
  const locked = read("bench/peers/package-lock.json")["packages"]!;
  const own = read("package.json");
  expect(wanted.length).toBeGreaterThan(1);
  for (const [name, version] of wanted) {
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(locked[`node_modules/${name}`]).toMatchObject({ version });
    expect({ ...own["dependencies"], ...own["devDependencies"] }).not.toHaveProperty([name]);
  }
});

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function bench(...args: string[]): Promise<Outcome> {
  const command = ["--import", "tsx", "bench/main.ts", ...args];
  return new Promise((resolve) => {
    execFile(process.execPath, command, { cwd: ROOT, timeout: 230_000 }, (error, out, err) =>
      resolve({ code: error ? Number(error.code ?? -1) : 0, out, err }),
    );
  });
}

describe("npm run bench --", () => {
  test("lists its commands", async () => {
    const { code, out } = await bench("--help");
    expect(code).toBe(0);
    for (const name of ["kernels", "step", "peers", "host", "scaling"]) {
      expect(out).toMatch(new RegExp(`^  ${name} `, "m"));
    }
  });

  const helps: [command: string, flags: string[]][] = [
    ["step", ["--recipe", "--batch", "--steps", "--cold", "--browser", "--adapter", "--json"]],
    ["peers", ["--batch", "--rounds", "--browser", "--no-check", "--adapter", "--json"]],
    ["host", ["--steps", "--json"]],
    [
      "scaling",
      ["--rounds", "--batches", "--widths", "--ranks", "--mpirun", "--adapter", "--json"],
    ],
  ];
  test.each(helps)("%s --help names its flags", async (command, flags) => {
    const { code, out } = await bench(command, "--help");
    expect(code).toBe(0);
    for (const flag of flags) expect(out).toContain(flag);
  });

  const refusals: [args: string[], message: RegExp][] = [
    [["step", "--batch", "0"], /'--batch <n>' argument '0' is invalid.*from 1 to 1024/],
    [["step", "--recipe", "big"], /argument 'big' is invalid. Allowed choices are dcgan, small/],
    [
      ["step", "--browser", "--adapter", "gpu"],
      /'--browser' cannot be used with option '--adapter/,
    ],
    [["scaling", "--batches", "8,x"], /'8,x' is invalid/],
    [["step", "--json", "out.txt"], /^--json out.txt: must end in .json$/m],
    [["host", "--json", "/nowhere/out.json"], /^bench: can't write \/nowhere\/out.json: /m],
    [["step", "--adapter", "no such thing"], /no adapter matches "no such thing"; available: /],
  ];
  test.each(refusals)("refuses %j in a line", async (args, message) => {
    const { code, err } = await bench(...args);
    expect(code).not.toBe(0);
    expect(err).toMatch(message);
    expect(err).not.toMatch(/^\s+at /m); // no stack
  });

  test("host times every size, and writes what it found", async () => {
    const json = join(folder, "host.json");
    writeFileSync(json, "an older report");
    const { code, out, err } = await bench("host", "--steps", "10", "--json", json);
    expect([code, err.includes("Error")]).toEqual([0, false]);
    expect(out).toContain("Dawn's null backend");
    const report: {
      command: string;
      costs: { submit: { median: number; p99: number }; dispatches: number }[];
    } = JSON.parse(readFileSync(json, "utf8"));
    expect(report).toMatchObject({ command: "host", steps: 10, adapter: "Dawn's null backend" });
    expect(report.costs).toHaveLength(6);
    for (const { submit, dispatches } of report.costs) {
      expect(dispatches).toBeGreaterThan(20);
      expect(submit.median).toBeGreaterThan(0);
      expect(submit.p99).toBeGreaterThanOrEqual(submit.median);
    }
  });

  test("step counts a step of a process of its own", async () => {
    const json = join(folder, "step.json");
    const flags = ["--recipe", "small", "--batch", "2", "--steps", "1", "--json", json];
    const { code, out, err } = await bench("step", ...flags);
    expect(code, err).toBe(0);
    expect(out).toMatch(/^small, batch 2, one step on /);
    const report: unknown = JSON.parse(readFileSync(json, "utf8"));
    expect(report).toMatchObject({ command: "step", recipe: "small", submits: 1, buffers: 0 });
  }, 240_000); // two processes, each with a first step
});
