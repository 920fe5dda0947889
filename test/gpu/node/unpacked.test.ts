// Folders of unpacked files: verified each time, and repaired file by file, despite other processes and leftovers.
import { spawn, spawnSync, type ChildProcess, type StdioOptions } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import { isUnpacked, unpackOnce, type WriteUnpacked } from "../../../src/gpu/node/unpacked.ts";

const base = mkdtempSync(join(tmpdir(), "longhand-unpacked-"));
afterAll(() => rmSync(base, { recursive: true, force: true }));

const LIBRARY = Uint8Array.from({ length: 5000 }, (_, i) => (i * 37) >>> 2);
const FILES = ["lib.so", "driver.json"];
const fill = (write: WriteUnpacked): void => {
  write("lib.so", LIBRARY);
  write("driver.json", Buffer.from('{"library_path": "./lib.so"}'));
};
const never = (): never => {
  throw new Error("it is whole already");
};

let roots = 0;
/** A cache with an unpacked folder in it. */
function unpacked(): { root: string; folder: string; at: (name: string) => string } {
  const root = join(base, String(roots++));
  const folder = join(root, "swiftshader-1");
  expect(unpackOnce(folder, FILES, fill)).toBe(undefined);
  return { root, folder, at: (name) => join(folder, name) };
}

function flip(path: string, at: number, bit: number): void {
  const bytes = readFileSync(path);
  bytes[at]! ^= 1 << bit;
  writeFileSync(path, bytes);
}

const fifo = (path: string): void => void spawnSync("mkfifo", [path]);

test("is filled once, by a process that finds nothing", () => {
  const { root, folder } = unpacked();
  expect(readdirSync(root)).toEqual(["swiftshader-1"]);
  expect(readdirSync(folder).toSorted()).toEqual(["driver.json", "lib.so", "manifest.json"]);
  expect(unpackOnce(folder, FILES, never)).toBe(undefined);
});

type Place = ReturnType<typeof unpacked>;
const damages: [what: string, damage: (place: Place) => void, says: RegExp][] = [
  ["a cut file", ({ at }) => truncateSync(at("lib.so"), 4096), /lib\.so doesn't have the size/],
  ["an empty file", ({ at }) => truncateSync(at("lib.so"), 0), /lib\.so doesn't have the size/],
  ["a longer file", ({ at }) => truncateSync(at("lib.so"), 6000), /lib\.so doesn't have the size/],
  ["a flipped first bit", ({ at }) => flip(at("lib.so"), 0, 0), /lib\.so doesn't have the bytes/],
  ["a flipped last bit", ({ at }) => flip(at("lib.so"), 4999, 7), /lib\.so doesn't have the bytes/],
  [
    "a flipped bit of a text",
    ({ at }) => flip(at("driver.json"), 9, 3),
    /driver\.json doesn't have the/,
  ],
  ["a missing file", ({ at }) => rmSync(at("driver.json")), /driver\.json doesn't have the size/],
  [
    "a folder in a file's place",
    ({ at }) => inPlace(at("lib.so"), mkdirSync),
    /doesn't have the size/,
  ],
  ["a full one", ({ at }) => inPlace(at("lib.so"), fullFolder), /doesn't have the size/],
  ["a pipe in a file's place", ({ at }) => inPlace(at("lib.so"), fifo), /doesn't have the size/],
  [
    "a link that leads nowhere",
    ({ at }) => inPlace(at("lib.so"), deadLink),
    /doesn't have the size/,
  ],
  ["no list", ({ at }) => rmSync(at("manifest.json")), /has no manifest\.json/],
  ["an empty list", ({ at }) => truncateSync(at("manifest.json"), 0), /manifest\.json is damaged/],
  [
    "a list of nothing",
    ({ at }) => writeFileSync(at("manifest.json"), '{"format":1,"files":{}}'),
    /no lib\.so/,
  ],
  ["a list that is null", ({ at }) => writeFileSync(at("manifest.json"), "null"), /is damaged/],
  [
    "a folder in the list's place",
    ({ at }) => inPlace(at("manifest.json"), mkdirSync),
    /is damaged/,
  ],
  [
    "a file in the folder's place",
    ({ folder }) => inPlace(folder, (p) => writeFileSync(p, "")),
    /no manifest/,
  ],
  ["a dead link in the folder's place", ({ folder }) => inPlace(folder, deadLink), /no manifest/],
  ["an empty folder", ({ folder }) => inPlace(folder, mkdirSync), /no manifest/],
];

function inPlace(path: string, make: (path: string) => unknown): void {
  rmSync(path, { recursive: true });
  make(path);
}
function fullFolder(path: string): void {
  mkdirSync(path);
  writeFileSync(join(path, "something"), "else");
}
function deadLink(path: string): void {
  symlinkSync("nowhere", path);
}

test.each(damages)("%s is noticed, said and mended", (_, damage, says) => {
  const place = unpacked();
  damage(place);
  expect(isUnpacked(place.folder, FILES)).toBe(false);
  expect(unpackOnce(place.folder, FILES, fill)).toMatch(says);
  expect(isUnpacked(place.folder, FILES)).toBe(true);
  expect(readFileSync(place.at("lib.so")).equals(LIBRARY)).toBe(true);
  expect(readdirSync(place.root)).toEqual(["swiftshader-1"]);
  expect(unpackOnce(place.folder, FILES, never)).toBe(undefined);
});

test("bits of the list and of the text may flip: what is used is as it was unpacked", () => {
  const place = unpacked();
  let noticed = 0;
  for (const name of ["manifest.json", "driver.json"]) {
    const path = place.at(name);
    const whole = readFileSync(path);
    for (let bit = 0; bit < whole.length * 8; bit += 7) {
      flip(path, bit >> 3, bit & 7);
      const used = isUnpacked(place.folder, FILES);
      noticed += used ? 0 : 1;
      const means = used ? JSON.parse(readFileSync(path, "utf8")) : undefined; // blanks may be others
      if (used && !isDeepStrictEqual(means, JSON.parse(String(whole)))) {
        throw new Error(`bit ${bit} of ${name}`);
      }
      writeFileSync(path, whole);
    }
  }
  expect(noticed).toBeGreaterThan(200);
});

test("a file is replaced, never written over: who has it mapped keeps it", () => {
  const { folder, at } = unpacked();
  truncateSync(at("lib.so"), 100);
  const held = openSync(at("lib.so"), "r");
  const before = statSync(at("lib.so")).ino;
  unpackOnce(folder, FILES, fill);
  expect(readFileSync(held).length).toBe(100);
  expect(statSync(at("lib.so")).ino).not.toBe(before);
  closeSync(held);
});

test("what can't be filled leaves all as it was", () => {
  const { root, folder, at } = unpacked();
  truncateSync(at("lib.so"), 100);
  const full = (write: WriteUnpacked): void => {
    write("lib.so", LIBRARY);
    throw new Error("no space left");
  };
  expect(() => unpackOnce(folder, FILES, full)).toThrow("no space left");
  expect(() => unpackOnce(folder, FILES, (write) => write("driver.json", LIBRARY))).toThrow(
    /there is no lib\.so to unpack/,
  );
  expect(statSync(at("lib.so")).size).toBe(100);
  expect(readdirSync(root)).toEqual(["swiftshader-1"]);
});

describe("leftovers", () => {
  const gone = String(spawnSync("true").pid);
  const here = hostname().replaceAll(/[^A-Za-z0-9.]/g, "_");
  const hours = (ago: number): Date => new Date(Date.now() - ago * 3_600_000);
  test.each([
    ["of a process that is gone", `.unpacking-${here}-${gone}-abcdef`, 0, false],
    ["of one that is at work", `.unpacking-${here}-${process.ppid}-abcdef`, 3, true],
    ["of another machine, new", `.unpacking-another-${gone}-abcdef`, 0.5, true],
    ["of another machine, old", `.unpacking-another-${gone}-abcdef`, 2, false],
    ["of an earlier version, old", ".unpacking-abcdef", 2, false],
    ["of nobody we know", "something", 9, true],
  ])("%s", (_, name, ago, stays) => {
    const { root, folder } = unpacked();
    fullFolder(join(root, name));
    utimesSync(join(root, name), hours(ago), hours(ago));
    unpackOnce(folder, FILES, never);
    expect(existsSync(join(root, name))).toBe(stays);
  });
});

interface Child {
  readonly child: ChildProcess;
  readonly ended: Promise<NodeJS.Signals | null>;
}

/** A process of its own whose module may use `unpackOnce` and the rest of these. */
function inProcess(body: string, talks = false): Child {
  const code = `
    import { isUnpacked, unpackOnce } from ${JSON.stringify(new URL("../../../src/gpu/node/unpacked.ts", import.meta.url).href)};
    const LIBRARY = Uint8Array.from({ length: 5000 }, (_, i) => (i * 37) >>> 2);
    const FILES = ${JSON.stringify(FILES)};
    const fill = ${fill.toString()};
    ${body}`;
  const flags = ["--import", "tsx", "--input-type=module", "--eval", code];
  const stdio: StdioOptions = ["ignore", "ignore", "inherit", ...(talks ? (["ipc"] as const) : [])];
  const child = spawn(process.execPath, flags, { stdio });
  const ended = new Promise<NodeJS.Signals | null>((resolve) => {
    child.on("close", (_, signal) => resolve(signal));
  });
  return { child, ended };
}

test.each([0, 1, 2])(
  "a process that is killed after %i files costs nothing, and nothing stays",
  async (after) => {
    for (const damaged of [false, true]) {
      const { root, folder, at } = unpacked();
      if (damaged) flip(at("lib.so"), 77, 1);
      else rmSync(folder, { recursive: true });
      const { ended } = inProcess(`
      let left = ${after};
      const kill = () => { if (left-- === 0) process.kill(process.pid, "SIGKILL"); };
      unpackOnce(${JSON.stringify(folder)}, FILES, (write) => {
        kill();
        fill((...file) => { write(...file); kill(); });
      });`);
      expect(await ended).toBe("SIGKILL");
      expect(readdirSync(root).some((name) => name.startsWith(".unpacking-"))).toBe(true);
      expect(unpackOnce(folder, FILES, fill) !== undefined).toBe(damaged);
      expect(readFileSync(at("lib.so")).equals(LIBRARY)).toBe(true);
      expect(readdirSync(root)).toEqual(["swiftshader-1"]);
    }
  },
);

test("several processes at once mend it, and none ever finds it less than whole afterwards", async () => {
  const { root, folder, at } = unpacked();
  const path = JSON.stringify(folder);
  const body = `
    process.on("message", () => {
      const mended = unpackOnce(${path}, FILES, fill) !== undefined;
      const whole = Array.from({ length: 50 }, () => isUnpacked(${path}, FILES));
      process.send({ mended, whole: whole.every(Boolean) });
    });
    process.send("ready");`;
  const children = [1, 2, 3].map(() => inProcess(body, true));
  const answers = (): Promise<unknown[]> =>
    Promise.all(children.map(({ child }) => once(child, "message").then(([message]) => message)));
  await answers();
  const seen: unknown[] = [];
  for (let round = 0; round < 20; round += 1) {
    truncateSync(at("lib.so"), 64);
    const told = answers();
    for (const { child } of children) child.send("go");
    seen.push(...(await told));
  }
  for (const { child } of children) child.kill();
  await Promise.all(children.map(({ ended }) => ended));
  expect(seen).not.toContainEqual({ mended: expect.any(Boolean), whole: false });
  const mended = seen.filter((one) => isDeepStrictEqual(one, { mended: true, whole: true }));
  expect(mended.length).toBeGreaterThan(20); // at once, or the test shows nothing
  expect(readdirSync(root)).toEqual(["swiftshader-1"]);
});
