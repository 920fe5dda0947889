// NumPy, if this machine has it, to hold files to the program that they are for.
import { execFileSync } from "node:child_process";

/** NumPy's version; undefined without python3 or NumPy. A person installs it with: apt-get install python3-numpy */
export const NUMPY: string | undefined = versionOf();

function versionOf(): string | undefined {
  try {
    return python("import numpy; print(numpy.__version__)").trim();
  } catch {
    return undefined;
  }
}

/** Runs a program in Python, and returns what it prints. */
export function python(program: string, ...args: readonly string[]): string {
  return execFileSync("python3", ["-c", program, ...args], {
    stdio: ["ignore", "pipe", "ignore"],
  }).toString();
}
