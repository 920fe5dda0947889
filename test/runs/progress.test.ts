// Where no terminal shows a bar, a line comes at least every 30 seconds, and not more often.
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Progress } from "../../src/gan/train-steps.ts";
import { createPhases } from "../../src/runs/phases.ts";
import { createProgressView } from "../../src/runs/progress.ts";

let printed: string[] = [];
const ui = {
  bars: () => undefined,
  print: (...lines: readonly string[]): void => void printed.push(...lines),
};

beforeEach(() => {
  printed = [];
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const progress = (step: number): Progress => ({
  step,
  records: [{ step, epoch: 1, lossD: 1.25, lossG: 0.75, dReal: 0.5, dFake: 0.25 }],
  epochDone: step === 1000 ? 1 : undefined,
  imagesPerSecond: 40,
  secondsPerStep: 0.1,
});

it("prints the step and the time left of a run twice a minute", () => {
  const view = createProgressView(ui, { from: 0, until: 2000, stepsPerEpoch: 1000, batch: 4 });
  vi.advanceTimersByTime(60_000);
  expect(printed).toEqual([]); // before the first report, the phase of the first step speaks
  for (let step = 1; step <= 650; step += 1) {
    vi.advanceTimersByTime(100);
    view.update(progress(step));
  }
  expect(printed).toEqual([
    "2 min 50 s left: step 299/2000, epoch 1/2; 40 images/s; loss D 1.250, G 0.750; D(real) 0.50, D(fake) 0.25",
    "2 min 20 s left: step 599/2000, epoch 1/2; 40 images/s; loss D 1.250, G 0.750; D(real) 0.50, D(fake) 0.25",
  ]);
  for (let step = 651; step <= 1000; step += 1) {
    vi.advanceTimersByTime(1);
    view.update(progress(step));
  }
  expect(printed.length).toBe(3); // the epoch's line
  vi.advanceTimersByTime(29_000);
  expect(printed.length).toBe(3);
  vi.advanceTimersByTime(1000); // a step that takes long
  expect(printed.length).toBe(4);
  view.stop();
  vi.advanceTimersByTime(120_000);
  expect(printed.length).toBe(4);
});

it("prints a line as a phase begins and twice a minute, with its count", () => {
  const phases = createPhases(ui);
  const part = phases.begin("Compiling kernels", { counted: true });
  expect(printed).toEqual(["Compiling kernels …"]);
  part(34, 71);
  vi.advanceTimersByTime(59_000);
  expect(printed.slice(1)).toEqual(["Compiling kernels: 34 of 71, after 30 s"]);
  phases.begin("Comparing");
  vi.advanceTimersByTime(29_000);
  expect(printed.slice(2)).toEqual(["Comparing …"]);
  phases.stop();
  vi.advanceTimersByTime(60_000);
  expect(printed.length).toBe(3);
});
