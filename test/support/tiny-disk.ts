// A real disk that fills up: a small tmpfs, if mounting one is allowed.
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { afterAll } from "vitest";

/** Mounts a disk of a few KiB at `path` until the test file ends. Returns false if that isn't allowed. */
export function mountTinyDisk(path: string, kibibytes: number): boolean {
  mkdirSync(path);
  try {
    const options = ["-t", "tmpfs", "-o", `size=${kibibytes}k`, "tmpfs", path];
    execFileSync("mount", options, { stdio: "ignore" });
  } catch {
    return false;
  }
  afterAll(() => void execFileSync("umount", [path]));
  return true;
}
