// The losses of a run's steps, kept as floats, come back as the same records.
import { expect, test } from "vitest";
import type { StepRecord } from "../../src/gan/train-steps.ts";
import { createHistory } from "../../src/runs/history.ts";

const record = (step: number): StepRecord => ({
  step,
  epoch: Math.floor((step - 1) / 7) + 1,
  lossD: Math.fround(1 / step),
  lossG: step === 12 ? Number.NaN : Math.fround(Math.sqrt(step)),
  dReal: -0,
  dFake: Math.fround(1e-40 * step),
});
const records = (from: number, until: number): StepRecord[] =>
  Array.from({ length: until - from + 1 }, (_, index) => record(from + index));

test.each([1, 40])("records come back to the bit, from step %i on", (from) => {
  const history = createHistory(records(from, from + 20), 7);
  history.add([]);
  history.add(records(from + 21, from + 900));
  history.add(records(from + 901, from + 901));
  expect(history.records()).toEqual(records(from, from + 901));
  expect(Object.is(history.records()[0]!.dReal, -0)).toBe(true);
  expect(createHistory([], 7).records()).toEqual([]);
});
