// Signs of life where no bar shows them: a line every 30 seconds while something takes long.
import type { Ui } from "./ui.ts";

/** Seconds between lines. */
export const BEAT_SECONDS = 30;

/** Lines that come by themselves. */
export interface Beats {
  /** Says that a line was just printed, so that the next one may wait. */
  readonly said: () => void;
  readonly stop: () => void;
}

/** Prints what `words` returns, if it returns anything, whenever no line was printed for `seconds`. */
export function createBeats(
  ui: Pick<Ui, "print">,
  words: () => string | undefined,
  seconds: number = BEAT_SECONDS,
): Beats {
  let timer: NodeJS.Timeout;
  const wait = (): void => {
    timer = setTimeout(() => {
      const line = words();
      if (line !== undefined) ui.print(line);
      wait();
    }, seconds * 1000);
    timer.unref();
  };
  wait();
  return {
    said() {
      clearTimeout(timer);
      wait();
    },
    stop: () => clearTimeout(timer),
  };
}
