// A real disk that fills up: a small tmpfs, where we may mount one.
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { afterAll } from "vitest";

/** Mounts a disk of some KiB at `path` until the test file ends; false where that isn't allowed. */
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
