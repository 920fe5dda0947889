// Resuming a run: from which checkpoint, with which rows of its log; killed, refused or deceived at any point.
import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { openJsonl } from "../../src/checkpoint/jsonl.ts";
import { OutputError } from "../../src/gpu/errors.ts";
import { hasBest, olderCheckpoints, olderPath } from "../../src/runs/checkpoint-places.ts";
import { readCheckpoint, saveBest, saveCheckpoint } from "../../src/runs/checkpoints.ts";
import { readResumable } from "../../src/runs/resume.ts";
import type { RunFolder } from "../../src/runs/run-folder.ts";
import { messageOf } from "../support/message-of.ts";
import { freezeAt, refuseAt } from "../support/frozen-disk.ts";
import { mountTinyDisk } from "../support/tiny-disk.ts";
import { makeTinyRun, tinyFiles, tinyRecord, tinyRows, tinySnapshot } from "../support/tiny-run.ts";

const root = mkdtempSync(join(tmpdir(), "longhand-resume-"));
afterAll(() => rmSync(root, { recursive: true }));

const disk = join(root, "disk");
const mounted = mountTinyDisk(disk, 256);
if (!mounted) console.log("skipped: saving on a full disk, since mounting a tmpfs takes root");

let runs = 0;
const fresh = (...args: [readonly number[], object?]): RunFolder =>
  makeTinyRun(join(root, String(runs++)), ...args);
const flip = (path: string): void => {
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(path, bytes);
};
/** Everything in a folder, by path. */
const contents = (path: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((file) => [file.slice(path.length + 1), readFileSync(file).toString("latin1")]),
  );

const begin = (folder: RunFolder, which: "last" | "best" | number): number => {
  const resumable = readResumable(folder, tinyRecord, which);
  resumable.begin();
  return resumable.checkpoint.step;
};
const rows = (folder: RunFolder): number =>
  readFileSync(folder.metrics, "utf8").split("\n").length - 1;
/** What lies in a run that is left in order. */
const TIDY = ["checkpoint", "checkpoints", "metrics.jsonl", "run.json", "samples"];

describe("going on from a checkpoint", () => {
  test("an older one: newer ones are set aside until the next is saved", () => {
    const folder = fresh([0, 3, 5, 8], { keep: 4 });
    expect(begin(folder, 3)).toBe(3);
    expect(rows(folder)).toBe(3);
    expect(readCheckpoint(folder, "last").step).toBe(3);
    expect(readdirSync(folder.checkpoints)).toEqual(["abandoned-5", "abandoned-8", "step-0000000"]);
    const log = openJsonl(folder.metrics);
    log.append(tinyRows(4, 4));
    saveCheckpoint(folder, tinySnapshot(4, log));
    log.close();
    expect(readdirSync(folder.checkpoints)).toEqual(["step-0000003"]);
    expect(begin(folder, "last")).toBe(4);
  });

  test("the best one", () => {
    const folder = fresh([0, 3, 5, 8], { best: 5 });
    expect(begin(folder, "best")).toBe(5);
    expect(rows(folder)).toBe(5);
    expect(readCheckpoint(folder, "last")).toMatchObject({ step: 5, path: folder.checkpoint });
    expect(hasBest(folder)).toBe(true);
    expect(readdirSync(folder.checkpoints)).toEqual(["abandoned-8", "step-0000005"]);
  });

  test("a damaged newest one is never kept in the place of a whole one", () => {
    const folder = fresh([3, 5]);
    flip(join(folder.checkpoint, "generator.safetensors"));
    expect(begin(folder, 3)).toBe(3);
    const log = openJsonl(folder.metrics);
    log.append(tinyRows(4, 8));
    saveCheckpoint(folder, tinySnapshot(8, log));
    log.close();
    expect(readdirSync(folder.checkpoints)).toEqual(["step-0000003"]);
    expect(readCheckpoint(folder, 3).step).toBe(3);
  });

  test("a process killed between the renames left only older ones, or PATH.old", () => {
    const folder = fresh([3, 5]);
    renameSync(folder.checkpoint, olderPath(folder, 5));
    mkdirSync(`${folder.checkpoint}.tmp-999999999`);
    expect(readCheckpoint(folder, "last").step).toBe(5);
    expect(begin(folder, "last")).toBe(5);
    expect(readdirSync(folder.path)).toEqual(TIDY);
    renameSync(folder.checkpoint, `${folder.checkpoint}.old`);
    expect([readCheckpoint(folder, 5).step, begin(folder, "last")]).toEqual([5, 5]);
    expect(readdirSync(folder.path)).toEqual(TIDY);
  });
});

describe("a process killed at any call", () => {
  const saved = (folder: RunFolder, step: number, done: number): void => {
    const log = openJsonl(folder.metrics);
    log.append(tinyRows(done + 1, step));
    saveCheckpoint(folder, tinySnapshot(step, log), 3);
    log.close();
  };

  test("of saving leaves the newest acknowledged checkpoint, and the run goes on", () => {
    const found: number[] = [];
    for (let call = 1, killed = true; killed; call += 1) {
      const folder = fresh([0, 3, 5], { keep: 3 });
      let acknowledged = false;
      killed = freezeAt(call, () => {
        saved(folder, 8, 5);
        acknowledged = true;
      });
      const { step } = readCheckpoint(folder, "last");
      expect(acknowledged ? [8] : [5, 8]).toContain(step);
      found.push(step);
      expect(begin(folder, "last")).toBe(step);
      saved(folder, 9, step);
      expect(readCheckpoint(folder, "last").step).toBe(9);
      expect(readCheckpoint(folder, step).step).toBe(step);
      expect(readdirSync(folder.path)).toEqual(TIDY);
      expect(readdirSync(folder.checkpoints).length).toBe(2);
    }
    expect(new Set(found)).toEqual(new Set([5, 8]));
    expect(found.length).toBeGreaterThan(30);
  });

  test("or refused any one call says so and keeps what was there, or has saved", async () => {
    const found: string[] = [];
    for (let call = 1, refused = true; refused; call += 1) {
      const folder = fresh([0, 3, 5], { keep: 3 });
      const log = openJsonl(folder.metrics);
      log.append(tinyRows(6, 8));
      let said = "";
      try {
        refused = refuseAt(call, () => saveCheckpoint(folder, tinySnapshot(8, log), 3));
      } catch (error) {
        said = String(error);
      }
      expect(readCheckpoint(folder, "last").step).toBe(said === "" ? 8 : 5);
      found.push(said.replace(/Can't write .*\/(checkpoint|metrics\.jsonl): /, "$1 "));
      // The disk is mended.
      saveCheckpoint(folder, tinySnapshot(8, log), 3);
      log.close();
      expect(readdirSync(folder.path)).toEqual(TIDY.slice(0, -1));
      // Three in all: of one whose state.json couldn't be read the step is unknown, and one before it stays instead.
      const older = olderCheckpoints(folder).map(({ step }) => readCheckpoint(folder, step).step);
      expect([
        [5, 3],
        [3, 0],
      ]).toContainEqual(older);
    }
    const words = (file: string): string => `OutputError: ${file} the disk reports an error.`;
    expect(new Set(found)).toEqual(new Set([words("checkpoint"), words("metrics.jsonl"), ""]));
    expect(found.filter((said) => said !== "").length).toBeGreaterThan(25);
  });

  test("of going back to an older checkpoint leaves the newest, or that one", () => {
    const found: number[] = [];
    for (const which of [3, "best"] as const) {
      for (let call = 1, killed = true; killed; call += 1) {
        const folder = fresh([0, 3, 5, 8], { keep: 4, best: 3 });
        killed = freezeAt(call, () => void begin(folder, which));
        const { step } = readCheckpoint(folder, "last");
        found.push(step);
        expect(begin(folder, "last")).toBe(step);
        expect(begin(folder, 3)).toBe(3);
        expect(rows(folder)).toBe(3);
      }
    }
    expect(new Set(found)).toEqual(new Set([8, 3]));
  });
});

describe("a disk that is full, a folder that is read-only or gone", () => {
  const snapshot = (step: number, ballast = 0) => {
    const log = {
      sync: () => undefined,
      prefix: () => ({ rows: 0, bytes: 0, sha256: "0".repeat(64) }),
    };
    const files = { ...tinyFiles(step), "ballast.bin": new Uint8Array(ballast) };
    return { ...tinySnapshot(step, log), files };
  };

  test.skipIf(!mounted)("every checkpoint there was stays", async () => {
    const folder = makeTinyRun(join(disk, "run"), [3, 5], { best: 3 });
    const before = contents(folder.path);
    for (const save of [saveCheckpoint, saveBest]) {
      expect(await messageOf(OutputError, () => save(folder, snapshot(8, 200_000)))).toMatch(
        /^Can't write .*\/(checkpoint|best): the disk is full\.$/,
      );
      expect(contents(folder.path)).toEqual(before);
    }
    execFileSync("mount", ["-o", "remount,ro", disk]);
    try {
      for (const save of [saveCheckpoint, saveBest]) {
        expect(await messageOf(OutputError, () => save(folder, snapshot(8)))).toMatch(
          /^Can't write .*: the file system is read-only\.$/,
        );
      }
      const resumable = readResumable(folder, tinyRecord, 3);
      expect(await messageOf(OutputError, () => resumable.begin())).toMatch(/is read-only\.$/);
    } finally {
      execFileSync("mount", ["-o", "remount,rw", disk]);
    }
    expect(contents(folder.path)).toEqual(before);
    expect(readCheckpoint(folder, "last").step).toBe(5);
  });

  test("a folder that is gone is named", async () => {
    const folder = fresh([3]);
    rmSync(folder.path, { recursive: true });
    expect(await messageOf(OutputError, () => saveCheckpoint(folder, snapshot(5)))).toBe(
      `Can't write ${folder.checkpoint}: the folder it should be in does not exist.`,
    );
  });
});
