// The command line's user interface: lines on stdout, remarks and bars on stderr, Ctrl-C.
import { MultiBar } from "cli-progress";
import { escapeText } from "../gpu/foreign-text.ts";
import type { Bars, Ui } from "../runs/ui.ts";
import { onInterrupt, stopAtOnce } from "./interrupt.ts";
import { print } from "./print.ts";

/** Prints a remark on stderr, apart from what a command prints. */
export function remark(text: string): void {
  console.error(`longhand: ${escapeText(text)}`);
}

function bars(format: string, vanish = false): Bars | undefined {
  if (!process.stderr.isTTY) return undefined;
  const all = new MultiBar({
    format,
    stream: process.stderr,
    barsize: 20,
    hideCursor: true,
    stopOnComplete: false,
    clearOnComplete: vanish,
    gracefulExit: false,
    linewrap: false,
  });
  return {
    create: (total, done, fields) => all.create(total, done, fields),
    say: (line) => all.log(`${escapeText(line)}\n`),
    stop: () => all.stop(),
  };
}

/**
 * The terminal as a `Ui`. Makes every line printable, whatever the names in it hold, and shows bars only in a terminal.
 */
export const terminal: Ui = { print, remark, bars, onInterrupt, stopAtOnce };
