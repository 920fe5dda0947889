// Runs Python where a module is installed, for checks against Debian's python3-onnx, python3-torch and python3-h5py.
import { spawnSync } from "node:child_process";

const CANDIDATES = ["python3", "/usr/bin/python3"];

/** Returns the first Python that has a module; undefined if none has. */
export function pythonWith(module: string): string | undefined {
  return CANDIDATES.find((python) => spawnSync(python, ["-c", `import ${module}`]).status === 0);
}

/** Runs a program and returns what it prints. Throws what it complains of. */
export function runPython(python: string, program: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(python, ["-c", program, ...args], {
    encoding: "utf8",
    maxBuffer: 2 ** 26,
  });
  if (status === 0) return stdout;
  throw new Error(`${python} ended with ${status}: ${stderr}`);
}
