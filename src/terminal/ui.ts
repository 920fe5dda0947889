// The command line's user interface: lines on stdout, remarks and bars on stderr, Ctrl-C.
import { MultiBar } from "cli-progress";
import { escapeText } from "../gpu/foreign-text.ts";
import type { Bars, Ui } from "../runs/ui.ts";
import { barLine, wrapped } from "./bar-line.ts";
import { onInterrupt, stopAtOnce } from "./interrupt.ts";
import { print } from "./print.ts";

/** Prints a remark on stderr, apart from what a command prints. */
export function remark(text: string): void {
  console.error(`longhand: ${escapeText(text)}`);
}

/** Bars that are shown at the moment. */
const shown = new Set<MultiBar>();

/** Ends all bars before the process ends by a signal, so that the cursor and the wrapping of lines come back. */
function endBars(): void {
  for (const each of shown) each.stop();
  shown.clear();
}

function bars(format: string, vanish = false): Bars | undefined {
  if (!process.stderr.isTTY) return undefined;
  const { stderr } = process;
  // The last column stays free, because some terminals begin a new line once it is filled.
  const columns = (): number => (stderr.columns || 80) - 1;
  const all = new MultiBar({
    format: (_options, { value, total }, payload: Readonly<Record<string, unknown>>) =>
      barLine(format, { value, total, fields: payload }, columns()),
    stream: stderr,
    hideCursor: true,
    stopOnComplete: false,
    clearOnComplete: vanish,
    gracefulExit: false,
    linewrap: false,
  });
  shown.add(all);
  return {
    create: (total, done, fields) => all.create(total, done, fields),
    say: (line) => all.log(`${wrapped(escapeText(line), columns()).join("\n")}\n`),
    stop() {
      shown.delete(all);
      all.stop();
    },
  };
}

/**
 * The terminal as a `Ui`. Makes every line printable, whatever the names in it hold, and shows bars only in a terminal.
 */
export const terminal: Ui = {
  print,
  remark,
  bars,
  onInterrupt: (say, words, cleanUp = () => undefined) =>
    onInterrupt(say, words, () => {
      endBars();
      cleanUp();
    }),
  stopAtOnce: (cleanUp) =>
    stopAtOnce(() => {
      endBars();
      cleanUp();
    }),
};
