// Progress of work in several long parts: a bar for the current part in a terminal, otherwise a line as each begins and
// every 30 seconds.
import { formatDuration } from "../gpu/duration.ts";
import { createBeats, type Beats } from "./beats.ts";
import type { Bar, Bars, Ui } from "./ui.ts";

/** Receives how much of a part is done, and its total. */
export type Part = (done: number, total: number) => void;

/** How a part is shown. */
export interface PartOptions {
  /** Whether things are counted, such as kernels. Otherwise percentages are shown. */
  readonly counted?: boolean;
  /** Whether no line is printed as the part begins, because it is usually over at once. */
  readonly quiet?: boolean;
}

/** Where a command reports which part it is at. */
export interface Phases {
  /** Begins a part: `name` says what is being done. */
  readonly begin: (name: string, options?: PartOptions) => Part;
  /** Prints lines for a person, above the bar if there is one. */
  readonly print: Ui["print"];
  /** Ends the current part. Another one may begin. */
  readonly stop: () => void;
}

/** Shows parts as bars that vanish at the end. Without a terminal, prints lines. */
export function createPhases(ui: Pick<Ui, "bars" | "print">): Phases {
  let bars: Bars | undefined;
  let bar: Bar | undefined;
  let beats: Beats | undefined;
  const stop = (): void => {
    bars?.stop();
    beats?.stop();
    [bars, bar, beats] = [undefined, undefined, undefined];
  };
  return {
    begin(name, { counted = false, quiet = false } = {}) {
      const since = performance.now();
      const passed = (): string => formatDuration((performance.now() - since) / 1000);
      let words = name;
      const part: Part = (done, total) => {
        const share = Math.floor((100 * done) / Math.max(1, total));
        words = counted ? `${name}: ${done} of ${total}` : `${name}: ${share} %`;
        bar?.setTotal(total);
        bar?.update(done, { words, since });
      };
      bars ??= ui.bars("{bar} {words}, {elapsed}", true);
      if (bars) {
        bar ??= bars.create(0, 0, { words, since });
        bar.setTotal(0);
        bar.update(0, { words, since });
      } else {
        beats?.stop();
        beats = createBeats(ui, () => `${words}, after ${passed()}`);
        if (!quiet) ui.print(`${name} …`);
      }
      return part;
    },
    print(...lines) {
      if (bars) for (const line of lines) bars.say(line);
      else ui.print(...lines);
    },
    stop,
  };
}

/** Shows one part while `work` runs. */
export async function inPhase<T>(
  ui: Pick<Ui, "bars" | "print">,
  name: string,
  work: (part: Part) => Promise<T>,
  options?: PartOptions,
): Promise<T> {
  const phases = createPhases(ui);
  try {
    return await work(phases.begin(name, options));
  } finally {
    phases.stop();
  }
}
