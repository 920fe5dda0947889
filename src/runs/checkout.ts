// Which Longhand this is: its version, and its commit if it runs from a checkout.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Two folders up, both from the sources and from the build. */
const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Returns the version of the package. */
export function longhandVersion(): string {
  const { version }: { version: string } = JSON.parse(readFileSync(`${ROOT}package.json`, "utf8"));
  return version;
}

/**
 * Returns the commit of the checkout, with a remark if sources or shaders were changed since. Undefined if it isn't a
 * checkout; then `LONGHAND_COMMIT` may name the commit that the files are a copy of.
 */
export function checkoutCommit(): string | undefined {
  // Only its own: in a folder of another repository, git would name that one's commit.
  return (existsSync(`${ROOT}.git`) ? commitOfGit() : undefined) ?? toldCommit();
}

/** Returns version and commit, for files whose figures depend on the code: `0.1.0 (abcdef0)`. */
export const longhandWords = (): string =>
  `${longhandVersion()} (${checkoutCommit() ?? "no checkout"})`;

function commitOfGit(): string | undefined {
  const git = (...args: string[]): string =>
    execFileSync("git", args, { cwd: ROOT, encoding: "utf8", stdio: "pipe" }).trim();
  try {
    const name = git("rev-parse", "--short", "HEAD");
    return git("status", "--porcelain", "--", "src", "shaders") === ""
      ? name
      : `${name}, with changes`;
  } catch {
    return undefined; // git isn't installed, or refuses
  }
}

function toldCommit(): string | undefined {
  const told = process.env["LONGHAND_COMMIT"] ?? "";
  return /^[0-9a-f]{7,40}$/.test(told) ? told : undefined;
}
