// Runs the command line in its own process.
import { execFile } from "node:child_process";

/** How a command ended, and what it printed. */
export interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Where commands run: the project's root. */
export const ROOT: string = new URL("../..", import.meta.url).pathname;

/** Node's arguments to run the command line from source. */
export const ARGUMENTS: readonly string[] = ["--import", "tsx", "src/cli/main.ts"];

/** Runs `longhand` with some arguments until it ends. */
export async function longhand(...args: string[]): Promise<Outcome> {
  return longhandWith({}, ...args);
}

/** Runs `longhand` with some environment variables besides those of this process. */
export async function longhandWith(
  variables: Readonly<Record<string, string>>,
  ...args: string[]
): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [...ARGUMENTS, ...args],
      { cwd: ROOT, timeout: 300_000, env: { ...process.env, ...variables } },
      (error, out, err) => resolve({ code: error ? Number(error.code ?? -1) : 0, out, err }),
    );
  });
}
