// The signals that ask a process to end, and how it ends by one.
import { constants } from "node:os";

/** What ends a process unless it listens, and leaves it the time to. */
const SIGNALS = [
  "SIGINT", // Ctrl-C
  "SIGTERM", // kill, systemd, a scheduler
  "SIGHUP", // the terminal is closed, or ssh is dropped
  "SIGQUIT", // Ctrl-\
  "SIGUSR1", // a scheduler's warning; Node's own answer, a debugger, is for --inspect
  "SIGUSR2", // the same, if asked for so
  "SIGXCPU", // a limit on processor time
  "SIGALRM", // a limit on time
  "SIGVTALRM",
  "SIGPROF",
  "SIGPWR", // the power fails
  "SIGIO",
  "SIGSTKFLT",
  "SIGBREAK", // Ctrl-Break on Windows
] as const satisfies readonly NodeJS.Signals[];

/** Those that this system knows. */
export const ENDING_SIGNALS: readonly NodeJS.Signals[] = SIGNALS.filter(
  (signal) => signal in constants.signals,
);

/** Calls `handler` on each signal that asks the process to end. Returns what leaves signals to Node again. */
export function onSignals(handler: (signal: NodeJS.Signals) => void): () => void {
  for (const signal of ENDING_SIGNALS) process.on(signal, handler);
  return () => {
    for (const signal of ENDING_SIGNALS) process.off(signal, handler);
  };
}

/**
 * Ends the process as its default action on a signal would: a shell sees which it was. No exit handlers run, nor do
 * destructors of native code, which may be in the middle of its work.
 */
export function die(signal: NodeJS.Signals): void {
  process.removeAllListeners(signal);
  process.stderr.write(process.stderr.isTTY ? "\u001B[?25h" : ""); // a bar has hidden the cursor
  process.kill(process.pid, signal);
}
