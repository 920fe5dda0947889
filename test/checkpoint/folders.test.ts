// Folders that are replaced as a whole, by a process that is refused or killed at any call, while another one reads.

import { execFileSync, spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { readFolder, recoverFolder, writeFolderAtomic } from "../../src/checkpoint/folders.ts";
import { CheckpointError, OutputError } from "../../src/gpu/errors.ts";
import { messageOf } from "../support/message-of.ts";

const root = mkdtempSync(join(tmpdir(), "longhand-folders-"));
afterAll(() => rmSync(root, { recursive: true }));

let folders = 0;
function emptyFolder(): string {
  const path = join(root, String(folders++));
  mkdirSync(path);
  return path;
}

function contents(path: string): Record<string, string> {
  const entries = [...readFolder(path)].map(([name, bytes]) => [
    name,
    Buffer.from(bytes).toString(),
  ]);
  return Object.fromEntries(entries);
}

describe("writeFolderAtomic", () => {
  test("writes a folder, then another in its place", () => {
    const dir = emptyFolder();
    const path = join(dir, "last");
    writeFolderAtomic(path, { a: "1", b: new Uint8Array([50]) });
    expect(contents(path)).toEqual({ a: "1", b: "2" });
    writeFolderAtomic(path, { b: "3", c: "4" });
    expect(contents(path)).toEqual({ b: "3", c: "4" });
    expect(readdirSync(dir)).toEqual(["last"]);
  });

  test("refusals say why and leave the old folder", async () => {
    const dir = emptyFolder();
    const path = join(dir, "last");
    writeFolderAtomic(path, { a: "1" });
    const write = (to: string, name: string) => () => writeFolderAtomic(to, { [name]: "2" });
    expect(await messageOf(OutputError, write(path, "x".repeat(300)))).toBe(
      `Can't write ${path}: the name is too long.`,
    );
    expect(await messageOf(OutputError, write(join(path, "a"), "b"))).toBe(
      `Can't write ${join(path, "a")}: it is a file, not a folder.`,
    );
    expect(await messageOf(OutputError, write(join(dir, "missing", "last"), "b"))).toBe(
      `Can't write ${join(dir, "missing", "last")}: the folder it should be in does not exist.`,
    );
    expect(contents(path)).toEqual({ a: "1" });
    expect(readdirSync(dir)).toEqual(["last"]);
  });
});

describe("readFolder and recoverFolder", () => {
  test("a folder that is missing, or a file", async () => {
    const dir = emptyFolder();
    const path = join(dir, "last");
    expect(recoverFolder(path)).toBe(false);
    expect(recoverFolder(join(dir, "missing", "last"))).toBe(false);
    expect(await messageOf(CheckpointError, () => readFolder(path))).toBe(
      `Can't read ${path}: no such file or folder.`,
    );
    writeFileSync(path, "");
    expect(await messageOf(CheckpointError, () => readFolder(path))).toMatch(/^Can't read .*\.$/);
  });

  test("between the renames: PATH.old is read, and restored", () => {
    const dir = emptyFolder();
    const path = join(dir, "last");
    writeFolderAtomic(path, { a: "old" });
    // The number of a process that is no more, and of one that is.
    const gone = execFileSync(process.execPath, ["-p", "process.pid"], { encoding: "utf8" }).trim();
    mkdirSync(`${path}.tmp-${gone}`);
    mkdirSync(`${path}.tmp-${process.ppid}`);
    mkdirSync(`${path}.tmp-mine`);
    renameSync(path, `${path}.old`);

    expect(contents(path)).toEqual({ a: "old" });
    expect(existsSync(path)).toBe(false);
    expect(recoverFolder(path)).toBe(true);
    expect(contents(path)).toEqual({ a: "old" });
    expect(readdirSync(dir)).toEqual(["last", `last.tmp-${process.ppid}`, "last.tmp-mine"]);
    expect(recoverFolder(path)).toBe(false);
  });

  test("after the renames: the new folder counts, PATH.old goes", () => {
    const dir = emptyFolder();
    const path = join(dir, "last");
    writeFolderAtomic(path, { a: "new" });
    mkdirSync(`${path}.old`);
    expect(contents(path)).toEqual({ a: "new" });
    expect(recoverFolder(path)).toBe(false);
    expect(contents(path)).toEqual({ a: "new" });
    expect(readdirSync(dir)).toEqual(["last"]);
  });

  const script = fileURLToPath(new URL("../fixtures/fault-writing-folder.mjs", import.meta.url));
  const before = { "a.txt": "old a", "gone.txt": "old" };
  const after = { "a.txt": "new a".repeat(1000), "b.txt": "new b".repeat(1000) };

  test("a process killed at any call leaves the old folder or the new one, whole", async () => {
    const states = new Set<string>();

    // Resolves to whether the process lived to the end.
    async function dieAt(call: number): Promise<boolean> {
      const dir = emptyFolder();
      const path = join(dir, "last");
      writeFolderAtomic(path, before);
      const child = spawn(process.execPath, ["--import", "tsx", script, path, "die", `${call}`], {
        stdio: ["ignore", "ignore", "inherit"],
      });
      const [code, signal] = await new Promise<[number | null, string | null]>((resolve) => {
        child.on("exit", (...end) => resolve(end));
      });
      expect(code === 0 || signal === "SIGKILL").toBe(true);

      const asLeft = contents(path);
      expect([before, after]).toContainEqual(asLeft);
      recoverFolder(path);
      expect(contents(path)).toEqual(asLeft);
      expect(readdirSync(dir)).toEqual(["last"]);
      states.add(asLeft["b.txt"] === undefined ? "old" : "new");
      return code === 0;
    }

    let lived = false;
    let call = 1;
    for (; !lived; call += 2) {
      const ends = await Promise.all([dieAt(call), dieAt(call + 1)]);
      lived = ends.includes(true);
    }
    // Both outcomes, and as many calls as two files, a folder and two renames take.
    expect(states.size).toBe(2);
    expect(call).toBeGreaterThan(16);
  });

  test("a process refused any one call says so and keeps the old folder, or has the new one", () => {
    const path = join(emptyFolder(), "last");
    const output = execFileSync(process.execPath, ["--import", "tsx", script, path, "fail"], {
      encoding: "utf8",
    });
    const lines = output.trimEnd().split("\n");
    expect(lines.length).toBeGreaterThan(16);
    const outcomes = lines.map((line) => JSON.parse(line));
    for (const { error, ...left } of outcomes.filter((outcome) => outcome.error !== null)) {
      expect(error).toBe(`OutputError: Can't write ${path}: the disk reports an error.`);
      expect(left).toEqual({ files: before, listing: ["last"] });
    }
    // Refused only what comes after the new folder is in place.
    for (const { files, listing } of outcomes.filter((outcome) => outcome.error === null)) {
      expect(files).toEqual(after);
      expect([["last"], ["last", "last.old"]]).toContainEqual(listing);
    }
  });

  test("a reader never sees half of one writing and half of another", async () => {
    const path = join(emptyFolder(), "last");
    const source = new URL("../../src/checkpoint/folders.ts", import.meta.url).href;
    writeFolderAtomic(path, { a: "0", b: "0", c: "0" });
    const writer = spawn(
      process.execPath,
      [
        "--import",
        "tsx",
        "--input-type=module",
        "-e",
        `const { writeFolderAtomic } = await import(${JSON.stringify(source)});
         for (let i = 1; i <= 150; i++) {
           const text = String(i).repeat(5000);
           writeFolderAtomic(${JSON.stringify(path)}, { a: text, b: text, c: text });
         }`,
      ],
      { stdio: ["ignore", "ignore", "inherit"] },
    );
    const ended = new Promise<number | null>((resolve) => writer.on("exit", resolve));
    const seen = new Set<string | undefined>();
    while (writer.exitCode === null) {
      const { a, b, c } = contents(path);
      expect(b === a && c === a).toBe(true);
      seen.add(a);
      // The writer's end is only noticed between turns.
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await ended).toBe(0);
    expect(seen.size).toBeGreaterThan(2);
  });
});
