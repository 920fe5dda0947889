// The signals that ask a process to end, and ending a process by one.
import { constants } from "node:os";

/** The signals that end a process unless it handles them. */
const SIGNALS = [
  "SIGINT", // Ctrl-C
  "SIGTERM", // kill, systemd, a scheduler
  "SIGHUP", // the terminal is closed, or ssh is dropped
  "SIGQUIT", // Ctrl-\
  "SIGUSR1", // a scheduler's warning; Node would start its debugger, for which there is --inspect
  "SIGUSR2", // the same warning, if the scheduler is set to send this signal
  "SIGXCPU", // a limit on processor time
  "SIGALRM", // a limit on time
  "SIGVTALRM",
  "SIGPROF",
  "SIGPWR", // a power failure
  "SIGIO",
  "SIGSTKFLT",
  "SIGBREAK", // Ctrl-Break on Windows
] as const satisfies readonly NodeJS.Signals[];

/** Those of the signals that this system has. */
export const ENDING_SIGNALS: readonly NodeJS.Signals[] = SIGNALS.filter(
  (signal) => signal in constants.signals,
);

/** Calls `handler` on each signal that asks the process to end. Returns a function that undoes that. */
export function onSignals(handler: (signal: NodeJS.Signals) => void): () => void {
  for (const signal of ENDING_SIGNALS) process.on(signal, handler);
  return () => {
    for (const signal of ENDING_SIGNALS) process.off(signal, handler);
  };
}

/**
 * Ends the process as the default action of a signal would, so that a shell sees which signal it was. Exit handlers
 * don't run, and neither do destructors of native code, which may be in the middle of its work.
 */
export function die(signal: NodeJS.Signals): void {
  process.removeAllListeners(signal);
  process.stderr.write(process.stderr.isTTY ? "\u001B[?25h" : ""); // show the cursor, which a progress bar may have hidden
  process.kill(process.pid, signal);
}
