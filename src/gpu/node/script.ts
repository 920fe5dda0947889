// What a training script on Node wants around its loop: Ctrl-C, and a line that says how far it is.
import { escapeText } from "../foreign-text.ts";
import { formatDuration } from "../duration.ts";
import type { StopSignal } from "../stop-signal.ts";
import { die, onSignals } from "./signals.ts";

let asked: StopSignal | undefined;

/**
 * Returns what Ctrl-C, or another signal that asks the process to end, aborts: `trainLoop` then stops after the step in
 * hand, with its checkpoint saved. A second one ends the process at once.
 */
export function stopSignal(): StopSignal {
  if (asked) return asked;
  const asking = new AbortController();
  onSignals((signal) => {
    if (asking.signal.aborted) die(signal);
    else console.error("Stopping after this step; again to stop at once.");
    asking.abort();
  });
  asked = asking.signal;
  return asked;
}

/** What of a loop's report is shown. */
export interface ShownReport {
  readonly step: number;
  readonly until: number;
  readonly values: unknown;
  readonly secondsPerStep: number;
}

const SILENCE = 10; // seconds between lines where they stay

/**
 * Returns a callback for `trainLoop` that shows how far it is: a line on stderr that is written over in a terminal,
 * elsewhere a line every 10 seconds, with the values of the report if they are numbers by name.
 */
export function showProgress(): (report: ShownReport) => void {
  const { stderr } = process;
  let last = -Infinity;
  return ({ step, until, values, secondsPerStep }) => {
    const isLast = step === until;
    if (!stderr.isTTY && !isLast && performance.now() - last < SILENCE * 1000) return;
    last = performance.now();
    // The first report knows no pace yet.
    const pace = Number.isFinite(secondsPerStep)
      ? [`${(secondsPerStep * 1000).toPrecision(3)} ms a step`]
      : [];
    const left = `${formatDuration(secondsPerStep * (until - step))} left`;
    const ends = isLast ? ["done"] : pace.length > 0 ? [left] : [];
    const parts = [`step ${step}/${until}`, ...numbersOf(values), ...pace, ...ends];
    const line = escapeText(parts.join(" | "));
    if (!stderr.isTTY) stderr.write(`${line}\n`);
    else
      stderr.write(`\r\u001B[K${line.slice(0, (stderr.columns ?? 80) - 1)}${isLast ? "\n" : ""}`);
  };
}

/** The numbers of an object in words, `loss 0.1234`. */
function numbersOf(values: unknown): string[] {
  if (typeof values !== "object" || values === null) return [];
  return Object.entries(values).flatMap(([name, value]: [string, unknown]) =>
    typeof value === "number" ? [`${name} ${value.toPrecision(4)}`] : [],
  );
}
