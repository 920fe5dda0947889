// The interface through which long work reports its progress and is asked to stop. The command line's is a terminal.
import type { StopSignal } from "../gpu/stop-signal.ts";

/** A progress bar. */
export interface Bar {
  setTotal(total: number): void;
  update(done: number, fields?: object): void;
}

/** Bars of one format, one below the other. */
export interface Bars {
  create(total: number, done: number, fields?: object): Bar;
  /** Prints a line above the bars. */
  say(line: string): void;
  /** Stops the bars. Leaves them as they are, or removes them if they were opened to vanish. */
  stop(): void;
}

/** What a loop asks between its steps. */
export interface Interrupt {
  readonly asked: () => boolean;
  /** Aborted once asked. */
  readonly signal: StopSignal;
  /** Ends the process once asked to stop, if there is nothing to wait for. */
  readonly endNow: () => void;
  /** Leaves the handling of signals to Node again. */
  readonly release: () => void;
}

/** Where messages and progress go, and where a request to stop comes from. */
export interface Ui {
  /** Prints lines for a person. A table is passed as its lines. */
  readonly print: (...lines: readonly string[]) => void;
  /** Prints a remark apart from the result, which other programs may read. */
  readonly remark: (text: string) => void;
  /**
   * Opens bars of a format such as `{bar} {value}/{total} | {now}`, which may vanish at the end. Returns undefined if
   * no terminal shows them.
   */
  readonly bars: (format: string, vanish?: boolean) => Bars | undefined;
  /**
   * Makes a signal ask the loop to end after the current step, which keeps everything. A second signal calls `cleanUp`
   * and ends the process immediately, as `words` announce.
   */
  readonly onInterrupt: (
    say: (line: string) => void,
    words: string,
    cleanUp?: () => void,
  ) => Interrupt;
  /**
   * Makes a signal call `cleanUp` and end the process immediately, while there is nothing to save yet. Returns a
   * function that undoes this.
   */
  readonly stopAtOnce: (cleanUp: () => void) => () => void;
}
