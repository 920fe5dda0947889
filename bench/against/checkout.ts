// Another commit of this repository as files, with its own packages, kept in the cache folder. Git only reads: the
// repository gets no branch, no worktree and no other index.
import { execFile, execFileSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { isAbandoned } from "../../src/checkpoint/folders.ts";
import { LonghandError, OutputError, UsageError } from "../../src/gpu/errors.ts";
import { printable, quote, wordsOf } from "../../src/gpu/foreign-text.ts";
import { cacheFolders } from "../../src/gpu/node/adapter.ts";
import { systemReason } from "../../src/gpu/system-reason.ts";

/** The folder of this checkout. */
export const ROOT: string = fileURLToPath(new URL("../../", import.meta.url));

/** A commit that can be measured. */
export interface Commit {
  readonly sha: string;
  /** Short, for people. */
  readonly name: string;
}

/** The program that every measured commit must have: it takes training steps on command. */
const CHILD = "bench/contestants/child.ts";
const PACKAGES = "node_modules";
const LOCK = "package-lock.json";

function git(args: readonly string[], env: Readonly<Record<string, string>> = {}): string {
  const options = { cwd: ROOT, encoding: "utf8", stdio: "pipe", maxBuffer: 2 ** 26 } as const;
  return execFileSync("git", args, { ...options, env: { ...process.env, ...env } }).trim();
}

/** Returns what git prints, or undefined if it fails. */
function asked(...args: readonly string[]): string | undefined {
  try {
    return git(args);
  } catch {
    return undefined;
  }
}

/** Finds a commit by its name, without changing anything. Throws `UsageError` if it can't be measured. */
export function commitNamed(name: string): Commit {
  const top = asked("rev-parse", "--show-toplevel");
  if (top === undefined || realpathSync(top) !== realpathSync(ROOT)) {
    throw new UsageError(
      `against: other commits are read by git from a checkout of the repository, and ${printable(ROOT)} is none; clone the repository`,
    );
  }
  const sha = asked("rev-parse", "--verify", "--quiet", `${name}^{commit}`);
  if (sha === undefined) {
    const shallow = asked("rev-parse", "--is-shallow-repository") === "true";
    const mend = shallow
      ? "this clone is shallow: get its history by git fetch --unshallow"
      : "git log lists those that it has";
    throw new UsageError(`against: this repository has no commit ${quote(name)}; ${mend}`);
  }
  const commit = { sha, name: git(["rev-parse", "--short", sha]) };
  if (asked("cat-file", "-e", `${sha}:${CHILD}`) === undefined) {
    throw new UsageError(
      `against: ${commit.name} has no ${CHILD}, which takes the steps that are timed; choose a later commit`,
    );
  }
  return commit;
}

/**
 * Returns the folder of a commit's files and packages. It is made if it isn't there yet, or if `fresh`. `say` is told
 * what takes time. Throws `OutputError` if there is no room for it, and `UsageError` if npm can't install the packages.
 */
export async function checkOut(
  commit: Commit,
  fresh: boolean,
  say: (text: string) => void,
): Promise<string> {
  const parent = ownFolder();
  sweep(parent);
  const folder = join(parent, commit.sha);
  try {
    if (fresh) rmSync(folder, { recursive: true, force: true });
    if (existsSync(folder)) {
      if (!hasPackages(folder)) await addPackages(commit, folder, say);
      return folder;
    }
    const unfinished = `${folder}.tmp-${process.pid}`;
    try {
      writeFiles(commit, unfinished);
      await addPackages(commit, unfinished, say);
      renameSync(unfinished, folder);
    } finally {
      rmSync(unfinished, { recursive: true, force: true });
    }
    return folder;
  } catch (error) {
    if (error instanceof LonghandError) throw error;
    throw new OutputError(
      `against: ${commit.name} can't be kept in ${folder}: ${systemReason(error)}`,
    );
  }
}

/** Returns the first cache folder for checkouts that can be written and belongs to this user, who will run its code. */
function ownFolder(): string {
  const candidates = cacheFolders("against");
  for (const folder of candidates) {
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const { uid, mode } = lstatSync(folder);
      const own = process.getuid === undefined || uid === process.getuid();
      if (own && (mode & 0o002) === 0) return folder;
    } catch {
      // The next one may do.
    }
  }
  throw new OutputError(
    `against: none of ${candidates.join(", ")} is a folder that can be written`,
  );
}

/** Removes what killed processes left unfinished. */
function sweep(parent: string): void {
  for (const name of readdirSync(parent)) {
    const [, pid] = /\.tmp-(\d+)$/.exec(name) ?? [];
    if (pid === undefined || !isAbandoned(pid)) continue;
    rmSync(join(parent, name), { recursive: true, force: true });
  }
}

/** Writes a commit's files into a folder, through an index of its own. */
function writeFiles({ sha }: Commit, folder: string): void {
  mkdirSync(folder);
  const index = { GIT_INDEX_FILE: join(folder, ".index") };
  git(["read-tree", sha], index);
  git(["checkout-index", "--all", `--prefix=${folder}/`], index);
  rmSync(index.GIT_INDEX_FILE);
}

/** Whether a commit has exactly the packages of this checkout. */
function sharesPackages(folder: string): boolean {
  const [own, theirs] = [join(ROOT, LOCK), join(folder, LOCK)];
  return existsSync(join(ROOT, PACKAGES)) && readFileSync(own).equals(readFileSync(theirs));
}

/** Whether a folder's packages are there: its own, or this checkout's as long as both have the same. */
function hasPackages(folder: string): boolean {
  const packages = join(folder, PACKAGES);
  const found = lstatSync(packages, { throwIfNoEntry: false });
  if (!found?.isSymbolicLink()) return found !== undefined;
  const own = existsSync(packages) && realpathSync(packages) === realpathSync(join(ROOT, PACKAGES));
  return own && sharesPackages(folder);
}

/** Gives a folder the packages of its lockfile: this checkout's if they are the same, otherwise npm installs them. */
async function addPackages(
  { name }: Commit,
  folder: string,
  say: (text: string) => void,
): Promise<void> {
  const packages = join(folder, PACKAGES);
  rmSync(packages, { recursive: true, force: true });
  if (sharesPackages(folder)) return symlinkSync(join(ROOT, PACKAGES), packages, "junction");
  say(`${name}: npm ci installs its packages, once`);
  const flags = ["--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund"];
  try {
    await promisify(execFile)("npm", ["ci", ...flags], { cwd: folder, maxBuffer: 2 ** 26 });
  } catch (error) {
    rmSync(packages, { recursive: true, force: true });
    throw new UsageError(
      `against: npm ci can't install the packages of ${name}: ${npmsReason(error)}; check the network`,
    );
  }
}

/** Returns npm's own words for a failure, in one line. */
function npmsReason(error: unknown): string {
  const said = Object(error).stderr;
  const lines = (typeof said === "string" ? said : "")
    .split("\n")
    .map((line) => /^npm (?:error|ERR!) (.*)/.exec(line)?.[1] ?? "")
    .filter((line) => line !== "" && !line.startsWith("code ") && !line.includes("complete log"));
  return lines.length > 0 ? printable(lines.slice(0, 2).join(" ")) : wordsOf(error);
}
