// The loop around a training step: when it reports, when it saves, and how it stops.
import { describe, expect, test } from "vitest";
import { runSteps, trainLoop, type StepReport } from "../../src/nn/train-loop.ts";
import { AttributeError } from "../../src/gpu/errors.ts";
import { messageOf } from "../support/message-of.ts";

const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

describe("reports", () => {
  test("come after the first step, each multiple that is asked for, and the last", async () => {
    const [taken, seen]: [number[], StepReport<readonly number[]>[]] = [[], []];
    const steps = runSteps({
      steps: 23,
      from: 3,
      step: (step) => void taken.push(step),
      values: (after, step) => [after, step],
      reportEvery: [5, 7],
      reportSeconds: 1000,
    });
    for await (const report of steps) seen.push(report);
    expect(taken).toEqual(Array.from({ length: 20 }, (_, i) => i + 4));
    expect(seen.map(({ values }) => values)).toEqual([
      [3, 4],
      [4, 5],
      [5, 7],
      [7, 10],
      [10, 14],
      [14, 15],
      [15, 20],
      [20, 21],
      [21, 23],
    ]);
    expect(seen[0]!.secondsPerStep).toBeNaN();
    expect(seen.at(-1)!.secondsPerStep).toBeGreaterThanOrEqual(0);
    expect(seen.every(({ until }) => until === 23)).toBe(true);
  });

  test("come after so many seconds too", async () => {
    const seen: number[] = [];
    for await (const { step } of runSteps({ steps: 4, step: soon, reportSeconds: 0 }))
      seen.push(step);
    expect(seen).toEqual([1, 2, 3, 4]);
  });
});

describe("checkpoints", () => {
  const run = async (every?: number | readonly number[], seconds = 1000): Promise<number[]> => {
    const saved: number[] = [];
    await trainLoop({
      steps: 11,
      step: soon,
      reportSeconds: 1000,
      checkpoint: { save: (step) => void saved.push(step), ...(every ? { every } : {}), seconds },
    });
    return saved;
  };

  test("are saved at their pace and at the end, each step once", async () => {
    expect(await run(4)).toEqual([4, 8, 11]);
    expect(await run([4, 11])).toEqual([4, 8, 11]);
    expect(await run()).toEqual([11]);
    expect(await run(4, 0)).toEqual([1, 4, 8, 11]); // the first step reports, and it is time
  });

  test("are saved when a callback asks, before its error ends the loop", async () => {
    const saved: number[] = [];
    const loop = trainLoop({
      steps: 9,
      step: soon,
      reportEvery: 3,
      reportSeconds: 1000,
      checkpoint: { save: (step) => void saved.push(step) },
      callbacks: [
        async ({ step }, { save }) => {
          if (step !== 6) return;
          await save();
          await save();
          throw new Error("no room for a picture");
        },
      ],
    });
    await expect(loop).rejects.toThrow("no room for a picture");
    expect(saved).toEqual([6]);
  });
});

describe("stopping", () => {
  test("by a callback ends after its report, with all saved", async () => {
    const saved: number[] = [];
    const end = await trainLoop({
      steps: 100,
      step: soon,
      reportEvery: 5,
      reportSeconds: 1000,
      callbacks: [({ step }, { stop }) => step === 10 && stop()],
      checkpoint: { save: (step) => void saved.push(step), every: 4 },
    });
    expect(end).toEqual({ step: 10, stopped: true, isAhead: false });
    expect(saved).toEqual([4, 8, 10]);
  });

  test("by a signal ends after the step in hand, and saves it", async () => {
    const saved: number[] = [];
    const controller = new AbortController();
    const end = await trainLoop({
      steps: 100,
      async step(step) {
        await soon();
        if (step === 7) controller.abort();
      },
      reportSeconds: 0,
      checkpoint: { save: (step) => void saved.push(step) },
      signal: controller.signal,
    });
    expect(end).toEqual({ step: 7, stopped: true, isAhead: false });
    expect(saved).toEqual([7]);
  });

  test("leaves a step that takes for ever, if all before it is saved", async () => {
    const controller = new AbortController();
    const end = trainLoop({
      steps: 100,
      from: 40,
      step: () => new Promise(() => undefined),
      checkpoint: { save: () => expect.unreachable() },
      signal: controller.signal,
    });
    await soon();
    controller.abort();
    expect(await end).toEqual({ step: 40, stopped: true, isAhead: true });
    const again = { steps: 50, from: 40, step: soon, signal: controller.signal };
    expect(await trainLoop(again)).toEqual({ step: 40, stopped: true, isAhead: true });
  });

  test("leaves no listener behind", async () => {
    const { signal } = new AbortController();
    let listeners = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners += 1;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners -= 1;
      remove(...args);
    };
    expect(await trainLoop({ steps: 3, step: soon, signal })).toEqual({
      step: 3,
      stopped: false,
      isAhead: false,
    });
    expect(listeners).toBe(0);
  });
});

test("what can't be is refused before a step is taken", async () => {
  const step = (): never => expect.unreachable();
  const refused: readonly [options: object, says: RegExp][] = [
    [{}, /^trainLoop: steps must be a whole number ≥ 0, below 2\^31; got undefined$/],
    [{ steps: 3 }, /^trainLoop: step must be a function; got undefined$/],
    [{ steps: 1.5, step }, /^trainLoop: steps must be a whole number ≥ 0, below 2\^31; got 1.5$/],
    [{ steps: 3, step, from: 4 }, /^trainLoop: from must be at most steps.*got 4 of 3$/],
    [{ steps: 3, step, reportEvery: 0 }, /^trainLoop: reportEvery must be a whole number ≥ 1/],
    [{ steps: 3, step, callbacks: step }, /^trainLoop: callbacks must be a list of functions/],
    [{ steps: 3, step, checkpoint: {} }, /^trainLoop: checkpoint: save must be a function/],
    [{ steps: 3, step, signal: "SIGINT" }, /^trainLoop: signal must be an AbortSignal/],
    [{ steps: 3, step, epochs: 2 }, /^trainLoop: got an unknown attribute epochs/],
  ];
  for (const [options, says] of refused) {
    const call = (): unknown => Reflect.apply(trainLoop, undefined, [options]);
    expect(await messageOf(AttributeError, call)).toMatch(says);
  }
});
