// A run folder belongs to one process: claimed atomically, refused while its process lives, taken over when it is gone,
// and restored if nothing came of the run.
import { execFile } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { claimNewRun, claimRun, freeRunPath } from "../../src/runs/claim.ts";
import { isLocked, LOCK_FILE, lockFolder } from "../../src/runs/lock.ts";
import { CheckpointError, OutputError, UsageError } from "../../src/gpu/errors.ts";
import { messageOf } from "../support/message-of.ts";

const folder = mkdtempSync(join(tmpdir(), "longhand-claim-"));
const CLAIM = new URL("../../src/runs/claim.ts", import.meta.url).href;
let count = 0;

/** A path where nothing is yet. */
const fresh = (): string => join(folder, `run-${(count += 1)}`);

/** A run folder with a checkpoint, as far as claims look at it. */
function oldRun(path = fresh()): string {
  mkdirSync(join(path, "checkpoint"), { recursive: true });
  writeFileSync(join(path, "checkpoint/state.json"), "old");
  writeFileSync(join(path, "run.json"), "old");
  return path;
}

/** Writes a lock as another process would have. */
function leaveLock(path: string, holder: object | string): void {
  mkdirSync(path, { recursive: true });
  const text = typeof holder === "string" ? holder : `${JSON.stringify(holder)}\n`;
  writeFileSync(join(path, LOCK_FILE), text);
}

const since = "2026-11-27T19:30:00.000Z";
let dead = 0;

beforeAll(async () => {
  const child = execFile(process.execPath, ["-e", ""]);
  dead = child.pid!;
  await new Promise((resolve) => child.on("exit", resolve));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs code in processes that begin together, and end together, and returns what each printed. */
async function atOnce(processes: number, code: string): Promise<string[]> {
  const meeting = fresh();
  mkdirSync(meeting);
  const body = `
    import { readdirSync, writeFileSync } from "node:fs";
    import { claimNewRun } from ${JSON.stringify(CLAIM)};
    function meet(word) {
      writeFileSync(${JSON.stringify(meeting)} + "/" + word + process.pid, "");
      const there = () => readdirSync(${JSON.stringify(meeting)}).filter((name) => name.startsWith(word));
      while (there().length < ${processes}) ;
    }
    meet("begin");
    ${code}
    meet("end");`;
  const flags = ["--import", import.meta.resolve("tsx"), "--input-type=module", "--eval", body];
  const ended = Array.from({ length: processes }, async () => {
    const { stdout } = await promisify(execFile)(process.execPath, flags, { cwd: folder });
    return stdout.trim();
  });
  return Promise.all(ended);
}

describe("two at once", () => {
  test("get a folder each when they name none", async () => {
    const code = `console.log(claimNewRun(undefined, "swept", false).path);`;
    const paths = await atOnce(4, code);
    expect(paths.toSorted()).toEqual([1, 2, 3, 4].map((n) => join("runs", `swept-${n}`)));
  }, 60_000);

  test("can't share --out, nor both take over what a killed process left", async () => {
    const path = fresh();
    leaveLock(path, { pid: dead, host: hostname(), since, birth: null });
    const code = `
      try {
        claimNewRun(${JSON.stringify(path)}, "x", true);
        console.log("claimed");
      } catch (error) { console.log(error.message); }`;
    const said = await atOnce(4, code);
    expect(said.filter((line) => line === "claimed").length).toBe(1);
    const others = said.filter((line) => line !== "claimed");
    for (const line of others) expect(line).toMatch(/process \d+, since .* is training there/);
  }, 60_000);
});

describe("a lock", () => {
  test("is refused while its process lives, by name, and taken when it is let go", async () => {
    const path = oldRun();
    const first = claimRun(path, false);
    for (const claim of [() => claimRun(path, true), () => claimNewRun(path, "x", true)]) {
      expect(await messageOf(UsageError, claim)).toMatch(
        new RegExp(`${path}: process ${process.pid}, since \\d{4}-.* UTC is training there`),
      );
    }
    expect(readdirSync(path).toSorted()).toEqual(["checkpoint", "run.json", LOCK_FILE]);
    first.release();
    expect(isLocked(path)).toBe(false);
    claimRun(path, false).release();
    expect(readdirSync(path).toSorted()).toEqual(["checkpoint", "run.json"]);
  });

  test.runIf(process.platform === "linux")("of a dead process's number holds nothing back", () => {
    const path = oldRun();
    leaveLock(path, { pid: process.pid, host: hostname(), since, birth: "another boot 1" });
    claimRun(path, false).release();
    expect(existsSync(join(path, LOCK_FILE))).toBe(false);
  });

  test("of another machine is refused, but for --force", async () => {
    const path = oldRun();
    leaveLock(path, { pid: dead, host: "elsewhere", since, birth: null });
    expect(await messageOf(UsageError, () => claimRun(path, false))).toMatch(
      /on elsewhere, since .*; if it is gone, remove .*run\.lock/,
    );
    claimRun(path, true).release();
  });

  test("that is torn holds back while it may be being written, and not for long", () => {
    const path = oldRun();
    leaveLock(path, '{"pid":');
    expect(isLocked(path)).toBe(true);
    const earlier = new Date(Date.now() - 60_000);
    utimesSync(join(path, LOCK_FILE), earlier, earlier);
    expect(isLocked(path)).toBe(false);
    const attempt = lockFolder(path);
    expect("lock" in attempt).toBe(true);
    if ("lock" in attempt) attempt.lock.release();
  });
});

describe("a claim", () => {
  test("that came to nothing leaves nothing: neither folder, nor the one it is in", () => {
    const parent = fresh();
    const claim = claimNewRun(join(parent, "inside"), "x", false);
    expect(existsSync(claim.path)).toBe(true);
    claim.release();
    claim.release();
    expect(existsSync(parent)).toBe(false);
  });

  test("gives back a run that was to be replaced, if the new one fails before its first checkpoint", () => {
    const path = oldRun();
    const claim = claimNewRun(path, "x", true);
    claim.begin();
    mkdirSync(join(path, "samples"));
    writeFileSync(join(path, "run.json"), "new");
    claim.release();
    expect(readFileSync(join(path, "run.json"), "utf8")).toBe("old");
    expect(readdirSync(path).toSorted()).toEqual(["checkpoint", "run.json"]);
  });

  test("gives it back to the next one where the process was killed there", () => {
    const path = oldRun();
    claimNewRun(path, "x", true).begin();
    writeFileSync(join(path, "run.json"), "new");
    leaveLock(path, { pid: dead, host: hostname(), since, birth: null });
    claimRun(path, false).release();
    expect(readFileSync(join(path, "run.json"), "utf8")).toBe("old");
    expect(readdirSync(path).toSorted()).toEqual(["checkpoint", "run.json"]);
  });

  test("removes an older run with --force alone, and only what was there when it was claimed", async () => {
    const path = oldRun();
    expect(await messageOf(UsageError, () => claimNewRun(path, "x", false))).toMatch(
      /already holds a run.*--force/,
    );
    const claim = claimNewRun(path, "x", true);
    writeFileSync(join(path, "notes.txt"), "written meanwhile");
    claim.begin();
    writeFileSync(join(path, "run.json"), "new");
    claim.settle();
    claim.release();
    expect(readFileSync(join(path, "run.json"), "utf8")).toBe("new");
    expect(readdirSync(path).toSorted()).toEqual(["notes.txt", "run.json"]);
  });

  test("takes the folder of a run that never came to a checkpoint, without --force", () => {
    const path = fresh();
    mkdirSync(path);
    writeFileSync(join(path, "run.json"), "never saved");
    claimNewRun(path, "x", false).release();
    expect(freeRunPath(path, "x", false)).toBe(path);
  });

  test("is noticed to be lost when its folder is moved, removed or replaced, and then touches nothing", async () => {
    const path = oldRun();
    const claim = claimNewRun(path, "x", true);
    claim.check();
    renameSync(path, `${path}-moved`);
    const lost =
      /Can't write .*: it no longer has this process's lock, so it was moved, removed or replaced/;
    expect(await messageOf(OutputError, claim.check)).toMatch(lost);
    oldRun(path);
    expect(await messageOf(OutputError, claim.check)).toMatch(lost);
    leaveLock(path, { pid: process.pid, host: hostname(), since, birth: null });
    expect(await messageOf(OutputError, claim.check)).toMatch(
      /it is now locked by another process/,
    );
    claim.release();
    expect(readdirSync(path).toSorted()).toEqual(["checkpoint", "run.json", LOCK_FILE]);
  });

  test("refuses a folder of other things and leaves it as it is, --force or not", async () => {
    const path = fresh();
    mkdirSync(path);
    writeFileSync(join(path, "thesis.txt"), "dear");
    for (const force of [false, true]) {
      expect(await messageOf(UsageError, () => claimNewRun(path, "x", force))).toMatch(
        /holds something other/,
      );
    }
    expect(readdirSync(path)).toEqual(["thesis.txt"]);
    expect(await messageOf(CheckpointError, () => claimRun(path, true))).toMatch(/has no run.json/);
  });
});
