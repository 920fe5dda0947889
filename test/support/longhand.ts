// The command line as a process of its own.
import { execFile } from "node:child_process";

/** How a command ended, and what it said. */
export interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Where commands run: the project's root. */
export const ROOT: string = new URL("../..", import.meta.url).pathname;

/** What Node takes to run the command line from source. */
export const ARGUMENTS: readonly string[] = ["--import", "tsx", "src/cli/main.ts"];

/** Runs `longhand` with some arguments until it ends. */
export async function longhand(...args: string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [...ARGUMENTS, ...args],
      { cwd: ROOT, timeout: 300_000 },
      (error, out, err) => resolve({ code: error ? Number(error.code ?? -1) : 0, out, err }),
    );
  });
}
