// Progress of work that has several long parts: a bar for the part at hand if somebody watches, else a line as
// each begins.
import type { Bar, Ui } from "./ui.ts";

/** Told how much of a part is done, of how much. */
export type Part = (done: number, total: number) => void;

/** Where a command says what it is at. */
export interface Phases {
  /** Begins a part: `name` says what is being done. */
  readonly begin: (name: string) => Part;
  /** Prints lines for a person. */
  readonly print: Ui["print"];
  readonly stop: () => void;
}

/** Shows parts as bars that vanish at the end, or prints a line as each begins if nobody watches. */
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
