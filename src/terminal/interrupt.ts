// Ctrl-C and its kin: a closed terminal, a system that shuts down, a scheduler's limit.
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import type { Interrupt } from "../runs/ui.ts";

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

/** The parent of this process, and as far as the system says that one's. */
function ancestors(): string {
  const { ppid } = process;
  try {
    const words = readFileSync(`/proc/${ppid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    return `${ppid} ${words[1]}`;
  } catch {
    return `${ppid}`;
  }
}

// npm runs a shell, which runs us. A signal that npm alone gets ends npm, and maybe the shell, and doesn't reach us: we
// see that our ancestors are others.
const began = ancestors();
const hasNpmEnded = (): boolean =>
  process.env["npm_lifecycle_event"] !== undefined && ancestors() !== began;

/** Calls `handler` on each signal that asks the process to end. Returns what leaves signals to Node again. */
function onSignals(handler: (signal: NodeJS.Signals) => void): () => void {
  for (const signal of ENDING_SIGNALS) process.on(signal, handler);
  return () => {
    for (const signal of ENDING_SIGNALS) process.off(signal, handler);
  };
}

/**
 * Ends the process as its default action on a signal would: a shell sees which it was. No exit handlers run, nor do
 * destructors of native code, which may be in the middle of its work.
 */
function die(signal: NodeJS.Signals): void {
  process.removeAllListeners(signal);
  process.stderr.write(process.stderr.isTTY ? "\u001B[?25h" : ""); // a bar has hidden the cursor
  process.kill(process.pid, signal);
}

/**
 * A signal asks the loop to end after the step in hand, which keeps everything; a second one ends at once, as
 * `words` say, after `cleanUp`.
 */
export function onInterrupt(
  say: (line: string) => void,
  words: string,
  cleanUp: () => void = () => undefined,
): Interrupt {
  let first: NodeJS.Signals | undefined;
  let resolve: () => void;
  const asking = new Promise<void>((settle) => {
    resolve = settle;
  });
  const release = onSignals((signal) => {
    if (first !== undefined) {
      cleanUp();
      die(signal);
      return;
    }
    first = signal;
    resolve();
    say(`Stopping after this step; ${words}.`);
  });
  return {
    asked: () => first !== undefined || hasNpmEnded(),
    asking,
    endNow: () => die(first ?? "SIGTERM"),
    release,
  };
}

/** While there is nothing to save yet, a signal ends the process at once, after `cleanUp`. Returns what ends that. */
export function stopAtOnce(cleanUp: () => void): () => void {
  return onSignals((signal) => {
    cleanUp();
    die(signal);
  });
}
