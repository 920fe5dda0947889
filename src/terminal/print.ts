// Prints a command's lines, and makes every line printable, whatever the names in it hold.
import { escapeText } from "../gpu/foreign-text.ts";

/** Prints lines for a person, each on one line. A table is passed as its lines. */
export function print(...lines: readonly string[]): void {
  for (const line of lines) console.log(escapeText(line));
}
