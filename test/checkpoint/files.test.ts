// Files and logs that are written whole or not at all: refusals, and a disk that is really full.

import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { readFileBytes, writeFileAtomic } from "../../src/checkpoint/files.ts";
import { readFolder, writeFolderAtomic } from "../../src/checkpoint/folders.ts";
import { cutLog, linesOf, openJsonl, prefixOf, readJsonl } from "../../src/checkpoint/jsonl.ts";
import { CheckpointError, OutputError } from "../../src/gpu/errors.ts";
import { messageOf } from "../support/message-of.ts";
import { mountTinyDisk } from "../support/tiny-disk.ts";

const root = mkdtempSync(join(tmpdir(), "longhand-files-"));
afterAll(() => rmSync(root, { recursive: true }));

let folders = 0;
function emptyFolder(): string {
  const path = join(root, String(folders++));
  mkdirSync(path);
  return path;
}

// Linux has it, macOS doesn't.
const noFullDevice = !existsSync("/dev/full");

// A disk of 64 KiB, or undefined where we may not mount one.
function tinyDisk(): string | undefined {
  const path = join(root, "disk");
  return mountTinyDisk(path, 64) ? path : undefined;
}

function textOf(path: string): string {
  return readFileSync(path, "utf8");
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

describe("writeFileAtomic", () => {
  test("writes bytes and text, in place of what was there", () => {
    const dir = emptyFolder();
    const path = join(dir, "f");
    writeFileAtomic(path, "first ✓");
    expect(textOf(path)).toBe("first ✓");
    writeFileAtomic(path, new Uint8Array([1, 0, 255]).subarray(1));
    expect(Array.from(readFileBytes(path))).toEqual([0, 255]);
    expect(readdirSync(dir)).toEqual(["f"]);
  });

  test("who has the old file open goes on reading it", () => {
    const path = join(emptyFolder(), "f");
    writeFileAtomic(path, "old");
    const reader = openSync(path, "r");
    writeFileAtomic(path, "new");
    const bytes = Buffer.alloc(3);
    readSync(reader, bytes);
    closeSync(reader);
    expect([bytes.toString(), textOf(path)]).toEqual(["old", "new"]);
  });

  test("a symbolic link stays one", () => {
    const dir = emptyFolder();
    mkdirSync(join(dir, "elsewhere"));
    writeFileSync(join(dir, "elsewhere", "f"), "old");
    symlinkSync(join("elsewhere", "f"), join(dir, "link"));
    writeFileAtomic(join(dir, "link"), "new");
    expect(textOf(join(dir, "elsewhere", "f"))).toBe("new");
    expect(readdirSync(join(dir, "elsewhere"))).toEqual(["f"]);
  });

  test("a device is written to and stays one", () => {
    writeFileAtomic("/dev/null", "gone");
    expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
  });

  test.skipIf(noFullDevice)("a device that is full says so", async () => {
    expect(await messageOf(OutputError, () => writeFileAtomic("/dev/full", "x"))).toBe(
      "Can't write /dev/full: the disk is full.",
    );
  });

  test("refusals say why and leave nothing", async () => {
    const dir = emptyFolder();
    mkdirSync(join(dir, "folder"));
    writeFileSync(join(dir, "file"), "whole");
    const refused: readonly [path: string, reason: string][] = [
      ["missing/f", "the folder it should be in does not exist"],
      ["file/f", "part of the path is a file, not a folder"],
      ["folder", "it is a folder, not a file"],
      ["x".repeat(300), "the name is too long"],
    ];
    for (const [name, reason] of refused) {
      const path = join(dir, name);
      expect(await messageOf(OutputError, () => writeFileAtomic(path, "x"))).toBe(
        `Can't write ${path}: ${reason}.`,
      );
    }
    expect(readdirSync(dir)).toEqual(["file", "folder"]);
    expect(textOf(join(dir, "file"))).toBe("whole");
  });
});

describe("readFileBytes", () => {
  test("reads a file into a buffer of its own", () => {
    const path = join(emptyFolder(), "f");
    writeFileSync(path, "abc");
    const bytes = readFileBytes(path);
    expect([Array.from(bytes), bytes.buffer.byteLength]).toEqual([[97, 98, 99], 3]);
  });

  test("says why it can't", async () => {
    const dir = emptyFolder();
    expect(await messageOf(CheckpointError, () => readFileBytes(join(dir, "f")))).toBe(
      `Can't read ${join(dir, "f")}: no such file or folder.`,
    );
    expect(await messageOf(CheckpointError, () => readFileBytes(dir))).toBe(
      `Can't read ${dir}: it is a folder, not a file.`,
    );
  });
});

describe("a log of JSON lines", () => {
  test("grows, over several openings", () => {
    const path = join(emptyFolder(), "log.jsonl");
    const first = openJsonl(path);
    first.append([
      { step: 1, loss: 0.5 },
      { step: 2, note: "ä\n" },
    ]);
    first.append([]);
    expect(textOf(path)).toBe('{"step":1,"loss":0.5}\n{"step":2,"note":"ä\\n"}\n');
    first.sync();
    first.close();
    const second = openJsonl(path);
    second.append([{ step: 3 }]);
    second.close();
    expect(textOf(path).split("\n").length).toBe(4);
  });

  test("tells what it holds, also before it is closed", () => {
    const path = join(emptyFolder(), "log.jsonl");
    writeFileSync(path, '{"step":1}\n');
    const log = openJsonl(path);
    const first = log.prefix();
    expect(first).toEqual({ rows: 1, bytes: 11, sha256: hashOf('{"step":1}\n') });
    log.append([{ step: 2 }, { step: -0, loss: Number.NaN }]);
    const text = '{"step":1}\n{"step":2}\n{"step":-0,"loss":"NaN"}\n';
    expect(textOf(path)).toBe(text);
    expect(log.prefix()).toEqual({ rows: 3, bytes: text.length, sha256: hashOf(text) });
    log.close();
    expect(prefixOf(path)).toEqual({ rows: 3, bytes: text.length, sha256: hashOf(text) });
    expect(prefixOf(path, first.bytes)).toEqual(first);
  });

  test("is cut where a row ends; the text before isn't touched", () => {
    const dir = emptyFolder();
    const path = join(dir, "log.jsonl");
    writeFileSync(path, '{"step":1, "loss":1.50}\n{"step":2}\n{"step":3}\n');
    const [, second] = [...linesOf(path)];
    cutLog(path, second?.end ?? 0);
    expect(textOf(path)).toBe('{"step":1, "loss":1.50}\n{"step":2}\n');
    expect(readdirSync(dir)).toEqual(["log.jsonl"]);
    writeFileSync(path, '{"step":1}');
    const [only] = [...linesOf(path)];
    expect(only).toMatchObject({ row: { step: 1 }, end: 10, ended: false });
    cutLog(path, 10, true);
    expect(textOf(path)).toBe('{"step":1}\n');
  });

  const damaged: readonly [what: string, line: string][] = [
    ["torn", '{"step":3,"lo'],
    ["zeros, as a power cut leaves", "\0\0\0\0\0\0"],
    ["no object", "7"],
    ["null", "null"],
    ["a list", "[]"],
    ["words", "nonsense"],
    ["a key twice", '{"step":3,"step":4}'],
    ["a prototype", '{"step":3,"__proto__":{}}'],
    ["a number without end", '{"step":1e999}'],
    ["128 levels", `{"a":${"[".repeat(127)}${"]".repeat(127)}}`],
    ["a million levels", `{"a":${"[".repeat(1e6)}`],
    ["longer than any row", `{"a":"${"x".repeat(70_000)}"}`],
  ];
  test.each(damaged)("has no row in a line that is %s", (_, line) => {
    const path = join(emptyFolder(), "log.jsonl");
    writeFileSync(path, `{"step":1}\n${line}\n\n{"step":3}\n`);
    const lines = [...linesOf(path)];
    expect(lines.map(({ row, empty }) => [row, empty])).toEqual([
      [{ step: 1 }, false],
      [undefined, false],
      [undefined, true],
      [{ step: 3 }, false],
    ]);
    expect(lines.at(-1)?.end).toBe(statSync(path).size);
  });

  test("isn't UTF-8: no row either", () => {
    const path = join(emptyFolder(), "log.jsonl");
    writeFileSync(path, Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d, 0x0a]));
    expect([...linesOf(path)]).toMatchObject([{ row: undefined, end: 8 }]);
  });

  test("rows across the pieces that it is read in are whole", () => {
    const path = join(emptyFolder(), "log.jsonl");
    const rows = Array.from({ length: 3000 }, (_, step) => ({ step, note: "ä".repeat(step % 97) }));
    const log = openJsonl(path);
    log.append(rows);
    log.close();
    expect(readJsonl(path)).toEqual(rows);
  });

  test("refusals say why", async () => {
    const dir = emptyFolder();
    const missing = join(dir, "missing", "log.jsonl");
    expect(await messageOf(OutputError, () => openJsonl(missing))).toBe(
      `Can't write ${missing}: the folder it should be in does not exist.`,
    );
    expect(await messageOf(OutputError, () => openJsonl(dir))).toBe(
      `Can't write ${dir}: it is a folder, not a file.`,
    );
    expect(await messageOf(CheckpointError, () => readJsonl(missing))).toBe(
      `Can't read ${missing}: no such file or folder.`,
    );
  });

  test.skipIf(noFullDevice)("on a device that is full says so", async () => {
    const full = openJsonl("/dev/full");
    expect(await messageOf(OutputError, () => full.append([{}]))).toBe(
      "Can't write /dev/full: the disk is full.",
    );
    full.close();
  });
});

describe("a full disk", () => {
  const disk = tinyDisk();
  if (disk === undefined) {
    console.log(
      "skipped: a real full disk, since mounting a tmpfs takes root; /dev/full was tried",
    );
  }
  const path = join(disk ?? root, "f");

  test.skipIf(disk === undefined)("a file keeps what it had", async () => {
    writeFileAtomic(path, "x".repeat(20_000));
    expect(await messageOf(OutputError, () => writeFileAtomic(path, "y".repeat(60_000)))).toBe(
      `Can't write ${path}: the disk is full.`,
    );
    expect(textOf(path)).toBe("x".repeat(20_000));
    expect(readdirSync(disk ?? "")).toEqual(["f"]);
    rmSync(path);
  });

  test.skipIf(disk === undefined)("a folder keeps what it had", async () => {
    writeFolderAtomic(path, { a: "old", b: "x".repeat(20_000) });
    const write = () => writeFolderAtomic(path, { a: "new", b: "y".repeat(60_000) });
    expect(await messageOf(OutputError, write)).toBe(`Can't write ${path}: the disk is full.`);
    const files = [...readFolder(path)].map(([name, bytes]) => [name, bytes.length]);
    expect(files).toEqual([
      ["a", 3],
      ["b", 20_000],
    ]);
    expect(readdirSync(disk ?? "")).toEqual(["f"]);
    rmSync(path, { recursive: true });
  });

  test.skipIf(disk === undefined)("a log keeps whole rows, and can go on", async () => {
    const ballast = join(disk ?? "", "ballast");
    writeFileSync(ballast, "x".repeat(8192));
    const log = openJsonl(path);
    const rows = (first: number) =>
      Array.from({ length: 50 }, (_, i) => ({ step: first + i, note: "n".repeat(100) }));
    let steps = 0;
    const fill = () => {
      for (;;) {
        log.append(rows(steps));
        steps += 50;
      }
    };
    expect(await messageOf(OutputError, fill)).toBe(`Can't write ${path}: the disk is full.`);
    const lines = textOf(path).trimEnd().split("\n");
    expect(lines.map((line): unknown => JSON.parse(line).step)).toEqual([...Array(steps).keys()]);
    rmSync(ballast);
    log.append([{ step: steps }]);
    log.close();
    expect(readJsonl(path).length).toBe(steps + 1);
    expect(textOf(path).endsWith(`{"step":${steps}}\n`)).toBe(true);
  });
});
