// What a training script shows if its output isn't a terminal, and how it stops, in its own process.
import { spawn } from "node:child_process";
import { expect, test } from "vitest";

const ROOT = new URL("../../..", import.meta.url).pathname;
const SCRIPT = `
  import { trainLoop } from "./src/index.ts";
  import { showProgress, stopSignal } from "./src/gpu/node/script.ts";
  const signal = stopSignal();
  if (stopSignal() !== signal) throw new Error("two signals");
  const steps = Number(process.argv.at(-1));
  const end = await trainLoop({
    steps,
    step: () => new Promise((resolve) => setTimeout(resolve, 5)),
    values: () => ({ loss: 0.5, name: "not a number" }),
    reportSeconds: 0.05,
    callbacks: [showProgress()],
    checkpoint: { save: (step) => console.log("saved", step) },
    signal,
  });
  console.log(JSON.stringify(end));`;

interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the script; `signals` are sent, one each time that it says so much on stderr. */
function run(steps: number, signals: readonly NodeJS.Signals[] = []): Promise<Outcome> {
  const child = spawn(
    process.execPath,
    ["--import", "tsx", "--input-type=module", "--eval", SCRIPT, "--", String(steps)],
    { cwd: ROOT },
  );
  const left = [...signals];
  let [out, err] = ["", ""];
  child.stdout.on("data", (text: Buffer) => (out += text.toString()));
  child.stderr.on("data", (text: Buffer) => {
    err += text.toString();
    const next = left.shift();
    if (next) child.kill(next);
  });
  return new Promise((resolve) => {
    child.on("close", (code, signal) => resolve({ code, signal, out, err }));
  });
}

test("shows the first step and the last, on a line each, with the numbers of a report", async () => {
  const { code, out, err } = await run(20);
  expect(code).toBe(0);
  expect(err.trimEnd().split("\n")).toEqual([
    "step 1/20 | loss 0.5000",
    expect.stringMatching(/^step 20\/20 \| loss 0\.5000 \| [\d.]+ ms per step \| done$/),
  ]);
  expect(out).toMatch(/^saved 20\n\{"step":20,"stopped":false,"isAhead":false\}\n$/);
});

test("a signal stops it after the step in hand, saved", async () => {
  const { code, out, err } = await run(100_000, ["SIGTERM"]);
  expect(code).toBe(0);
  expect(err).toMatch(/Stopping after this step; repeat to stop immediately\./);
  const { step, stopped } = JSON.parse(out.trim().split("\n").at(-1) ?? "{}");
  expect(stopped).toBe(true);
  expect(out).toMatch(new RegExp(`saved ${step}\n`));
});
