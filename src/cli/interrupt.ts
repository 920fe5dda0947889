// Ctrl-C during work that can end early and keep what it has.

/** What a loop asks between its steps. */
export interface Interrupt {
  readonly asked: () => boolean;
  /** Leaves signals to Node again. */
  readonly release: () => void;
}

/** Ctrl-C asks the loop to end after the step in hand, which keeps everything; twice ends at once, as `words` say. */
export function onInterrupt(say: (line: string) => void, words: string): Interrupt {
  let asked = false;
  const handler = (): void => {
    if (asked) process.exit(130);
    asked = true;
    say(`Stopping after this step; ${words}.`);
  };
  process.on("SIGINT", handler);
  process.on("SIGTERM", handler);
  return {
    asked: () => asked,
    release() {
      process.off("SIGINT", handler);
      process.off("SIGTERM", handler);
    },
  };
}
