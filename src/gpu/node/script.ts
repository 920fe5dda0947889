// What a training script on Node needs around its loop: Ctrl-C, and a line that shows its progress.
import { escapeText } from "../foreign-text.ts";
import { formatDuration } from "../duration.ts";
import type { StopSignal } from "../stop-signal.ts";
import { die, onSignals } from "./signals.ts";

let asked: StopSignal | undefined;

/**
 * Returns a signal that aborts on Ctrl-C, or on another system signal that asks the process to end. `trainLoop` then
 * stops after the current step and saves its checkpoint. A second system signal ends the process immediately.
 */
export function stopSignal(): StopSignal {
  if (asked) return asked;
  const asking = new AbortController();
  onSignals((signal) => {
    if (asking.signal.aborted) die(signal);
    else console.error("Stopping after this step; repeat to stop immediately.");
    asking.abort();
  });
  asked = asking.signal;
  return asked;
}

/** The part of a loop's report that is shown. */
export interface ShownReport {
  readonly step: number;
  readonly until: number;
  readonly values: unknown;
  readonly secondsPerStep: number;
}

const SILENCE = 10; // seconds between lines if stderr isn't a terminal

/**
 * Returns a callback for `trainLoop` that shows its progress on stderr: in a terminal one line that is overwritten,
 * else one line every 10 seconds. The line contains the report's values if they are an object of numbers.
 */
export function showProgress(): (report: ShownReport) => void {
  const { stderr } = process;
  let last = -Infinity;
  return ({ step, until, values, secondsPerStep }) => {
    const isLast = step === until;
    if (!stderr.isTTY && !isLast && performance.now() - last < SILENCE * 1000) return;
    last = performance.now();
    // At the first report, the pace isn't known yet.
    const pace = Number.isFinite(secondsPerStep)
      ? [`${(secondsPerStep * 1000).toPrecision(3)} ms per step`]
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

/** Returns the numbers of an object with their names, such as `loss 0.1234`. */
function numbersOf(values: unknown): string[] {
  if (typeof values !== "object" || values === null) return [];
  return Object.entries(values).flatMap(([name, value]: [string, unknown]) =>
    typeof value === "number" ? [`${name} ${value.toPrecision(4)}`] : [],
  );
}
