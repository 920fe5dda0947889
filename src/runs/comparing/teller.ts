// What a person sees of a comparison: a line as each run begins, is judged and ends, with the time left for everything,
// and a bar in a terminal.
import type { StepRecord } from "../../gan/train-steps.ts";
import { formatDuration } from "../../gpu/duration.ts";
import type { Bar, Bars, Interrupt, Ui } from "../ui.ts";

/** Tells of one run after the other. */
export interface Teller {
  /** Prints a line, above the bar if there is one. */
  readonly say: (line: string) => void;
  /** Moves the bar of the current run, which begins with its first report. `left` are seconds. */
  readonly progress: (name: string, share: number, record: StepRecord, left: number) => void;
  /** Removes the bar. */
  readonly stop: () => void;
}

const STEPS = 1000; // of a bar

/** Makes a teller. */
export function createTeller(ui: Pick<Ui, "bars" | "print">): Teller {
  let bars: Bars | undefined;
  let bar: Bar | undefined;
  return {
    say: (line) => (bars ? bars.say(line) : ui.print(line)),
    progress(name, share, { step, lossD, lossG }, left) {
      const fields = {
        name,
        step,
        losses: `loss D ${lossD.toFixed(3)}, G ${lossG.toFixed(3)}`,
        left: formatDuration(left),
      };
      bars ??= ui.bars("{left} left in all {bar} {name} step {step} | {losses}", true);
      bar ??= bars?.create(STEPS, 0, fields);
      bar?.update(Math.round(STEPS * Math.min(1, share)), fields);
    },
    stop() {
      bars?.stop();
      [bars, bar] = [undefined, undefined];
    },
  };
}

/** A run's user interface: the comparison speaks for it. */
export interface RunUi extends Ui {
  /** Whether a signal has asked to stop. */
  readonly asked: () => boolean;
}

/**
 * Returns the interface that a comparison passes to the commands that it is made of. What they print is left out, because
 * the comparison says it in its own words. If a signal ends the process, `stopped` is called first.
 */
export function runUi(ui: Ui, stopped: () => void): RunUi {
  let interrupt: Interrupt | undefined;
  return {
    ...ui,
    print: () => undefined,
    onInterrupt(say, words, cleanUp = () => undefined) {
      const own = ui.onInterrupt(say, words, () => {
        cleanUp();
        stopped();
      });
      interrupt = own;
      return {
        ...own,
        endNow() {
          stopped();
          own.endNow();
        },
      };
    },
    stopAtOnce: (cleanUp) =>
      ui.stopAtOnce(() => {
        cleanUp();
        stopped();
      }),
    asked: () => interrupt?.asked() ?? false,
  };
}
