// Ctrl-C and its kin: a closed terminal, a system that shuts down, a scheduler's limit.
import { readFileSync } from "node:fs";
import { die, onSignals } from "../gpu/node/signals.ts";
import type { Interrupt } from "../runs/ui.ts";

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

/** While there is nothing to save yet, a signal ends the process at once, after `cleanUp`. Returns what ends that. */
export function stopAtOnce(cleanUp: () => void): () => void {
  return onSignals((signal) => {
    cleanUp();
    die(signal);
  });
}
