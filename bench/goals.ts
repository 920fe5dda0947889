// The goals of the training step, one row each, and how a measurement compares with them.
import { bytes, duration } from "./reports.ts";

/** One row of the table. */
export interface Row {
  readonly name: string;
  /** Undefined if it isn't known. */
  readonly value: number | undefined;
  /** The most that it should be; undefined if the row has no goal. */
  readonly goal: number | undefined;
  readonly format: (value: number) => string;
}

const count = (value: number): string => String(value);
const ratio = (value: number): string => value.toFixed(2);

/** Goals for the peak bytes at these batches; others have no goal. */
const PEAK: Readonly<Record<number, number>> = { 32: 70e6, 64: 90e6 };

/** What `npm run bench -- step` measures. */
export interface StepFigures {
  readonly steady: number;
  readonly warm: number | undefined;
  readonly cold: number | undefined;
  readonly dispatches: number;
  readonly submits: number;
  readonly passes: number;
  readonly buffers: number;
  readonly bufferBytes: number;
  readonly bindGroups: number;
  readonly pipelines: number;
  readonly uploadedBytes: number;
  readonly peakBytes: number;
  readonly multiplyAdds: number | undefined;
}

/** Returns the table's rows. The goals are the full `dcgan`'s, and are applied to other recipes too. */
export function rowsOf(figures: StepFigures, batch: number): Row[] {
  const row = (
    name: string,
    value: number | undefined,
    goal: number | undefined,
    format: Row["format"] = count,
  ): Row => ({ name, value, goal, format });
  return [
    row("step, steady", figures.steady, undefined, duration),
    row("first step, driver's cache warm", figures.warm, 4000, duration),
    row("first step, cold", figures.cold, 15_000, duration),
    row("dispatches", figures.dispatches, 40),
    row("submits", figures.submits, 1),
    row("compute passes", figures.passes, 1),
    row("buffers created", figures.buffers, 0),
    row("bytes of buffers created", figures.bufferBytes, 0, bytes),
    row("bind groups created", figures.bindGroups, 0),
    row("pipelines created", figures.pipelines, 0),
    row("bytes uploaded", figures.uploadedBytes, 64, bytes),
    row("peak GPU memory, without dataset", figures.peakBytes, PEAK[batch], bytes),
    row("multiply-adds done / needed", figures.multiplyAdds, 1.05, ratio),
  ];
}

/**
 * Returns `ok`, `short: 1.80× the goal` or `short by 84`; empty if there is no goal, `not known` if there is no
 * measurement.
 */
export function verdict({ value, goal, format }: Row): string {
  if (goal === undefined) return "";
  if (value === undefined) return "not known";
  if (value <= goal) return "ok";
  return goal === 0 ? `short by ${format(value)}` : `short: ${(value / goal).toFixed(2)}× the goal`;
}

/** Returns a row's cells: name, measurement, goal, verdict. */
export function cells(row: Row): string[] {
  const { name, value, goal, format } = row;
  return [
    name,
    value === undefined ? "–" : format(value),
    goal === undefined ? "" : `≤ ${format(goal)}`,
    verdict(row),
  ];
}
