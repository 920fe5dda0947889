// Signals that ask to stop: Ctrl-C, a closed terminal, a system that shuts down, a scheduler's limit.
import { readFileSync } from "node:fs";
import { die, onSignals } from "../gpu/node/signals.ts";
import type { Interrupt } from "../runs/ui.ts";

/** Returns the id of this process's parent and, if the system says it, of the parent's parent. */
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

// npm runs a shell, which runs this process. A signal to npm alone ends npm, and maybe the shell, but doesn't reach
// this process. It then sees that its ancestors have changed.
const began = ancestors();
const hasNpmEnded = (): boolean =>
  process.env["npm_lifecycle_event"] !== undefined && ancestors() !== began;

/**
 * Makes a signal ask the loop to end after the current step, which keeps everything. A second signal calls `cleanUp`
 * and ends the process immediately, as `words` announce.
 */
export function onInterrupt(
  say: (line: string) => void,
  words: string,
  cleanUp: () => void = () => undefined,
): Interrupt {
  let first: NodeJS.Signals | undefined;
  const asking = new AbortController();
  const release = onSignals((signal) => {
    if (first !== undefined) {
      cleanUp();
      die(signal);
      return;
    }
    first = signal;
    asking.abort();
    say(`Stopping after this step; ${words}.`);
  });
  return {
    asked: () => first !== undefined || hasNpmEnded(),
    signal: asking.signal,
    endNow: () => die(first ?? "SIGTERM"),
    release,
  };
}

/**
 * Makes a signal call `cleanUp` and end the process immediately, while there is nothing to save yet. Returns a function
 * that undoes this.
 */
export function stopAtOnce(cleanUp: () => void): () => void {
  return onSignals((signal) => {
    cleanUp();
    die(signal);
  });
}
