// Progress of work in several long parts: a bar for the current part in a terminal, otherwise a line per part.
import type { Bar, Ui } from "./ui.ts";

/** Receives how much of a part is done, and its total. */
export type Part = (done: number, total: number) => void;

/** Where a command reports which part it is at. */
export interface Phases {
  /** Begins a part: `name` says what is being done. */
  readonly begin: (name: string) => Part;
  /** Prints lines for a person. */
  readonly print: Ui["print"];
  readonly stop: () => void;
}

/** Shows parts as bars that vanish at the end. Without a terminal, prints a line as each part begins. */
export function createPhases(ui: Pick<Ui, "bars" | "print">): Phases {
  const bars = ui.bars("{name} {bar} {percentage} %", true);
  let bar: Bar | undefined;
  return {
    begin(name) {
      if (!bars) {
        ui.print(`${name} …`);
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
    print: ui.print,
    stop: () => bars?.stop(),
  };
}
