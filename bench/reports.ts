// What the benchmark's commands share: formatted numbers, and reports as JSON files.
import { checkoutCommit } from "../src/runs/checkout.ts";
import { accessSync, constants, existsSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { dirname } from "node:path";
import { OutputError, UsageError } from "../src/gpu/errors.ts";
import { textTable } from "../src/gpu/text-table.ts";
import { versions } from "../src/gpu/node/adapter.ts";

/** Returns the middle value, or the upper one of two. */
export const median = (values: readonly number[]): number => percentile(values, 0.5);

/** Returns the value below which `share` of all values lie. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = Math.min(sorted.length - 1, Math.floor(sorted.length * share));
  return sorted[at] ?? Number.NaN;
}

/** Returns rows under a heading: the first column aligned to the left, the others to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const columns = head.map((title, i) => ({ title, numeric: i > 0 }));
  return textTable(columns, rows).join("\n");
}

/** Formats milliseconds as `1.20 s`, `340.0 ms` or `12 µs`. */
export function duration(milliseconds: number): string {
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(2)} s`;
  return milliseconds >= 1
    ? `${milliseconds.toFixed(1)} ms`
    : `${(milliseconds * 1000).toFixed(0)} µs`;
}

/** Formats bytes as `12.3 MB`, `45.6 KB` or `64 bytes`. */
export function bytes(count: number): string {
  if (count >= 1e5) return `${(count / 1e6).toFixed(1)} MB`;
  return count >= 1e4 ? `${(count / 1e3).toFixed(1)} KB` : `${count} bytes`;
}

/** Refuses a report's path before anything is measured. Throws `UsageError` or `OutputError`. */
export function checkReport(path: string | undefined): void {
  if (path === undefined) return;
  if (!path.endsWith(".json")) {
    throw new UsageError(`--json ${path}: must end in .json`);
  }
  try {
    accessSync(existsSync(path) ? path : dirname(path), constants.W_OK);
  } catch (error) {
    throw new OutputError(`bench: can't write ${path}: ${String(error)}`);
  }
}

/** Writes a file. Throws `OutputError`. */
export function writeText(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw new OutputError(`bench: can't write ${path}: ${String(error)}`);
  }
}

/** Writes a report with its date, commit, machine and versions. Throws `OutputError`. */
export function writeReport(path: string | undefined, command: string, body: object): void {
  if (path === undefined) return;
  const { glibc, webgpu, chromium } = versions();
  const report = {
    date: new Date().toISOString(),
    commit: checkoutCommit(),
    command,
    cores: cpus().length,
    processor: cpus()[0]?.model ?? "unknown",
    versions: { node: process.version, webgpu, chromium, glibc },
    ...body,
  };
  writeText(path, `${JSON.stringify(report, null, 2)}\n`);
}

/** Prints to stderr what is being done: on a terminal one line that the next one replaces, otherwise one line each. */
export function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[2K${text}`);
  else process.stderr.write(`${text}\n`);
}

/** Clears the line that `progress` left on a terminal. */
export function progressDone(): void {
  if (process.stderr.isTTY) process.stderr.write("\r\u001b[2K");
}

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** Makes a first Ctrl-C or SIGTERM ask to stop after the current step, and a second one stop immediately. */
export function interruption(): { readonly asked: () => boolean; readonly forget: () => void } {
  let asked = false;
  const listener = (): void => {
    if (asked) process.exit(130);
    asked = true;
    progressDone();
    console.error("Stopping after this step, with what was measured. Again to stop immediately.");
  };
  for (const signal of SIGNALS) process.on(signal, listener);
  return {
    asked: () => asked,
    forget() {
      for (const signal of SIGNALS) process.off(signal, listener);
    },
  };
}
