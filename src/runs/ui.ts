// Whom long work tells what it does, and who may ask it to stop. The command line's is a terminal.
import type { StopSignal } from "../gpu/stop-signal.ts";

/** A bar: how far a task is. */
export interface Bar {
  setTotal(total: number): void;
  update(done: number, fields?: object): void;
}

/** Bars of one format, one below the other. */
export interface Bars {
  create(total: number, done: number, fields?: object): Bar;
  /** Prints a line above the bars. */
  say(line: string): void;
  /** Leaves the bars as they are, or removes them if they were to vanish. */
  stop(): void;
}

/** What a loop asks between its steps. */
export interface Interrupt {
  readonly asked: () => boolean;
  /** Aborted once asked. */
  readonly signal: StopSignal;
  /** Once asked, ends the process, for when there is nothing to wait for. */
  readonly endNow: () => void;
  /** Leaves signals to Node again. */
  readonly release: () => void;
}

/** Where words and progress go, and where a wish to stop comes from. */
export interface Ui {
  /** Prints lines for a person. A table comes in as its lines. */
  readonly print: (...lines: readonly string[]) => void;
  /** Prints a remark next to the result, which others may read. */
  readonly remark: (text: string) => void;
  /**
   * Opens bars of a format such as `{bar} {value}/{total} | {now}`, which may vanish at the end. Returns undefined if
   * nobody watches.
   */
  readonly bars: (format: string, vanish?: boolean) => Bars | undefined;
  /**
   * A signal asks the loop to end after the step in hand, which keeps everything. A second one ends the process at
   * once, as `words` say, after `cleanUp`.
   */
  readonly onInterrupt: (
    say: (line: string) => void,
    words: string,
    cleanUp?: () => void,
  ) => Interrupt;
  /** While there is nothing to save yet, a signal ends the process at once, after `cleanUp`. Returns what ends that. */
  readonly stopAtOnce: (cleanUp: () => void) => () => void;
}
