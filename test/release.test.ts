// The end of a device on Node, with its memory collected as soon as it can be: in a process of its own, with the real Dawn.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const ROOT = new URL("..", import.meta.url).pathname;

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
