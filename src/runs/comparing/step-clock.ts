// The time that a run has spent in its steps. What comes between them isn't counted: compiling, judging, drawing,
// saving. The run's folder keeps it in `clock.jsonl`, so that a resumed run goes on from the time of its checkpoint.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { writeFileAtomic } from "../../checkpoint/files.ts";
import { openJsonl, readJsonl } from "../../checkpoint/jsonl.ts";
import { formatRows } from "../../checkpoint/jsonl-lines.ts";
import { CheckpointError } from "../../gpu/errors.ts";
import { shellQuote } from "../../gpu/foreign-text.ts";
import type { StepsOptions } from "../../nn/train-loop.ts";

/** How long the steps up to one of them took. */
export interface ClockRow {
  readonly step: number;
  readonly seconds: number;
}

const schema: z.ZodType<ClockRow> = z.object({
  step: z.int().min(0),
  seconds: z.number().min(0),
});

const fileIn = (run: string): string => join(run, "clock.jsonl");

/** Returns the times in a run's folder, by step. Lines that a killed process left torn are passed over. */
export function readClock(run: string): ReadonlyMap<number, number> {
  const path = fileIn(run);
  if (!existsSync(path)) return new Map();
  const rows = readJsonl(path).flatMap((row) => schema.safeParse(row).data ?? []);
  return new Map(rows.map(({ step, seconds }) => [step, seconds]));
}

/** Returns the time of a run up to a step. Throws `CheckpointError` if the run's folder doesn't say. */
export function secondsAt(run: string, step: number): number {
  const seconds = readClock(run).get(step) ?? (step === 0 ? 0 : undefined);
  if (seconds !== undefined) return seconds;
  throw new CheckpointError(
    `${fileIn(run)}: has no time for step ${step}, so the run was trained outside its comparison; move ${shellQuote(run)} away, and the same command trains it again`,
  );
}

/** Counts the time of a run's steps. */
export interface StepClock {
  /** Seconds up to the last report. */
  readonly seconds: () => number;
  /** Returns the same steps, with their time counted from their start until their values are read. */
  readonly timed: <V>(steps: StepsOptions<V>) => StepsOptions<V>;
  /** Writes the time of a step, which was just reported, into the run's folder. */
  readonly write: (step: number) => void;
}

/** What a clock needs to know about the steps. */
export interface ClockParts {
  /** The run's folder. */
  readonly run: string;
  /** Steps that are already done. Later rows in the folder are removed. */
  readonly from: number;
  /** Returns what a step runs. The first step of each program isn't counted, because some adapters compile in it. */
  readonly programOf: (step: number) => object;
  /** Resolves once all that was submitted is done. */
  readonly idle: () => Promise<unknown>;
  /** The time, in milliseconds. */
  readonly now?: () => number;
}

/** Makes the clock of a run that goes on after `from`. Throws as `secondsAt` does. */
export function createStepClock(parts: ClockParts): StepClock {
  const { run, from, programOf, idle, now = () => performance.now() } = parts;
  let seconds = secondsAt(run, from);
  let written: number | undefined;
  let began: number | undefined;
  const known = new Set<object>();
  const stop = (): void => {
    if (began !== undefined) seconds += (now() - began) / 1000;
    began = undefined;
  };
  return {
    seconds: () => seconds,
    timed: (steps) => ({
      ...steps,
      async step(step) {
        const program = programOf(step);
        if (known.has(program)) {
          began ??= now();
          await steps.step(step);
          return;
        }
        known.add(program);
        if (began !== undefined) await idle();
        stop();
        await steps.step(step);
        await idle();
      },
      async values(after, step) {
        const values = await steps.values!(after, step);
        stop();
        return values;
      },
    }),
    write(step) {
      const path = fileIn(run);
      if (written === undefined) {
        const kept = [...readClock(run)].filter(([each]) => each <= from && each !== step);
        const rows = kept.map(([each, time]): ClockRow => ({ step: each, seconds: time }));
        writeFileAtomic(path, formatRows(rows));
      }
      if (written === step) return;
      written = step;
      const log = openJsonl(path);
      try {
        log.append([{ step, seconds }]);
      } finally {
        log.close();
      }
    },
  };
}
