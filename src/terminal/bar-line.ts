// The text of a progress bar, fitted to the terminal's width: what matters most comes first, and stays longest.
import { formatDuration } from "../gpu/duration.ts";

/** What a bar's line is made of, besides the fields that its owner names. */
export interface BarState {
  readonly value: number;
  /** 0 if it isn't known how much there is to do: then there is no bar. */
  readonly total: number;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Widths of the bar itself, the one that is liked most first. */
const BARS = [20, 15, 10, 5, 0];

/**
 * Returns the line of a format such as `{left} left {bar} step {value}/{total} | {now}`, in at most `columns` columns.
 * Parts between `|` whose fields are all empty are left out. If it is too wide, the bar gets shorter; then the parts after a `|` go, the last one first; then the rest is cut. The
 * field `since`, a time of `performance.now()`, is shown as `{elapsed}`.
 */
export function barLine(format: string, state: BarState, columns: number): string {
  const parts = format.split(" | ");
  for (let count = parts.length; count > 0; count -= 1) {
    for (const size of BARS) {
      const shown = parts.slice(0, count).map((part) => filled(part, state, size));
      const line = shown.filter((part) => part !== "").join(" | ");
      if (line.length <= columns) return line;
    }
  }
  const line = filled(parts[0]!, state, 0);
  return columns < 1 ? "" : `${line.slice(0, columns - 1)}…`;
}

function filled(format: string, { value, total, fields }: BarState, size: number): string {
  const share = total > 0 ? Math.min(1, Math.max(0, value / total)) : 0;
  const done = Math.round(share * size);
  const bar = size > 0 && total > 0 ? "█".repeat(done) + "░".repeat(size - done) : "";
  const { since } = fields;
  const known: Readonly<Record<string, unknown>> = {
    value,
    total,
    percentage: Math.floor(share * 100),
    elapsed: typeof since === "number" ? formatDuration((performance.now() - since) / 1000) : "",
    ...fields,
  };
  return format
    .replace(/\{bar\} ?/, bar === "" ? "" : `${bar} `)
    .replaceAll(/\{(\w+)\}/g, (_, name: string) => String(known[name] ?? ""))
    .trim();
}

/** Breaks a line at spaces so that each piece has at most `columns` columns, if it has spaces to break at. */
export function wrapped(line: string, columns: number): string[] {
  if (columns < 1 || line.length <= columns) return [line];
  const pieces: string[] = [];
  let rest = line;
  while (rest.length > columns) {
    const at = rest.lastIndexOf(" ", columns);
    const end = at > 0 ? at : columns;
    pieces.push(rest.slice(0, end));
    rest = rest.slice(at > 0 ? end + 1 : end);
  }
  return [...pieces, rest];
}
