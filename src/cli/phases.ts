// Progress of a command that has several long parts: a bar for the part at hand in a terminal, elsewhere a
// line as each begins.
import type { SingleBar } from "cli-progress";
import { print } from "./print.ts";
import { createBars } from "./progress.ts";

/** Told how much of a part is done, of how much. */
export type Part = (done: number, total: number) => void;

/** Where a command says what it is at. */
export interface Phases {
  /** Begins a part: `name` says what is being done. */
  readonly begin: (name: string) => Part;
  readonly stop: () => void;
}

/** Bars on a terminal's stderr, which vanish at the end; lines on stdout where there is none. */
export function createPhases(): Phases {
  const bars = createBars("{name} {bar} {percentage} %", true);
  let bar: SingleBar | undefined;
  return {
    begin(name) {
      if (!bars) {
        print(`${name} …`);
        return () => undefined;
      }
      bar ??= bars.create(1, 0, { name });
      bar.setTotal(1);
      bar.update(0, { name });
      return (done, total) => {
        bar?.setTotal(total);
        bar?.update(done, { name });
      };
    },
    stop: () => bars?.stop(),
  };
}
