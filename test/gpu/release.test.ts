// How a device on Node waits, and how it ends while its memory is collected as soon as possible, in child processes
// with the real Dawn.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const ROOT = new URL("../..", import.meta.url).pathname;

const BODY = `
  import { open } from "./src/node.ts";
  let opened = await open();
  opened.device.upload(new Float32Array(1e6), [1e6], "f32", "work");
  opened.device.flush();
  opened.close();
  opened = undefined;
  for (let turn = 0; turn < 20; turn += 1) {
    gc();
    await new Promise((resolve) => (turn % 2 ? setImmediate(resolve) : process.nextTick(resolve)));
  }
  console.log("done");`;

// Collected while it was still called, Dawn's instance hung or crashed the process.
test("a device that is still at work can be let go", async () => {
  const flags = ["--expose-gc", "--import", "tsx", "--input-type=module", "--eval", BODY];
  const { stdout } = await promisify(execFile)(process.execPath, flags, {
    cwd: ROOT,
    timeout: 60_000,
  });
  expect(stdout).toBe("done\n");
});

const WAITING = `
  import { open } from "./src/node.ts";
  import { multiply } from "./src/kernels/matmul.ts";
  const { device, close } = await open();
  const x = device.upload(new Float32Array(1024 ** 2), [1024, 1024], "f32", "x");
  const work = () => { for (let i = 0; i < 4; i += 1) multiply(x, x); };
  work();
  await device.idle(); // compiled
  work();
  let turns = 0;
  let waiting = true;
  const turn = () => { turns += 1; if (waiting) setImmediate(turn); };
  setImmediate(turn);
  const began = performance.now();
  await device.idle();
  waiting = false;
  console.log(JSON.stringify({ turns, took: performance.now() - began, software: device.software }));
  close();`;

// Dawn asks the GPU at each turn of the event loop, dozens of times a millisecond if nothing slows it down.
test("where the GPU is the CPU, waiting for it leaves it the core", async () => {
  const flags = ["--import", "tsx", "--input-type=module", "--eval", WAITING];
  const { stdout } = await promisify(execFile)(process.execPath, flags, {
    cwd: ROOT,
    timeout: 60_000,
  });
  const { turns, took, software } = JSON.parse(stdout);
  if (!software) return; // waiting for a GPU takes nothing from it: there nothing sleeps
  expect(took).toBeGreaterThan(100); // or the test shows nothing
  expect(turns).toBeLessThan(150 + took / 2);
});
