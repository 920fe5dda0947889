// Runs in memory, as a page keeps them: the same files as on a disk, read with the same care, and never lost.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { zipSync } from "fflate";
import { withWebHashes } from "../../src/checkpoint/hashing.ts";
import { CheckpointError, OutputError } from "../../src/gpu/errors.ts";
import { longhandVersion } from "../../src/runs/checkout.ts";
import {
  readRun,
  runFiles,
  type KeptRun,
  type RunFiles,
  type RunSnapshot,
} from "../../src/runs/kept/run-files.ts";
import { createRunStore, StorageFullError, type RunStore } from "../../src/runs/kept/run-store.ts";
import { runInFolder, unzipRun, zipRun } from "../../src/runs/kept/run-zip.ts";
import { readResumable } from "../../src/runs/resume.ts";
import { readRunRecord, runFolder, type RunFolder } from "../../src/runs/run-folder.ts";
import { formatRecord } from "../../src/runs/run-record.ts";
import { formatRows } from "../../src/checkpoint/jsonl-lines.ts";
import { diskTree } from "../support/disk-tree.ts";
import { messageOf } from "../support/message-of.ts";
import { makeTinyRun, tinyFiles, tinyRecord, tinyRows } from "../support/tiny-run.ts";

const root = mkdtempSync(join(tmpdir(), "longhand-kept-"));
afterAll(() => rmSync(root, { recursive: true }));

let made = 0;
const freshPath = (): string => join(root, String(made++));
const LONGHAND = longhandVersion();

/** Everything in a folder, by its path there. */
function filesIn(path: string): Map<string, Uint8Array> {
  const files = readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  return new Map(files.map((file) => [relative(path, file), new Uint8Array(readFileSync(file))]));
}

function writeFiles(path: string, files: RunFiles): RunFolder {
  for (const [name, bytes] of files) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), bytes);
  }
  return runFolder(path);
}

const tinySnapshot = (step: number, change: Partial<RunSnapshot> = {}): RunSnapshot => ({
  arrays: tinyFiles(step),
  step,
  record: tinyRecord,
  recordBytes: new TextEncoder().encode(formatRecord(tinyRecord)),
  log: formatRows(tinyRows(1, step)),
  longhand: LONGHAND,
  ...change,
});
const sealedRun = (step: number): Promise<Map<string, Uint8Array>> =>
  withWebHashes(runFiles(tinySnapshot(step)));
const readBack = (files: RunFiles): Promise<KeptRun> =>
  withWebHashes(readRun(files, "run", LONGHAND));
const refusal = (files: RunFiles): Promise<string> =>
  messageOf(CheckpointError, () => readBack(files));
const flipped = (bytes: Uint8Array): Uint8Array =>
  bytes.with(bytes.length >> 1, bytes[bytes.length >> 1]! ^ 1);

describe("a run folder in memory", () => {
  test("has the bytes that the command line writes", async () => {
    const written = filesIn(makeTinyRun(freshPath(), [8]).path);
    expect(await sealedRun(8)).toEqual(written);
  });

  test("goes on in Node", async () => {
    const folder = writeFiles(freshPath(), await sealedRun(8));
    const { checkpoint, records, notes } = readResumable(
      folder,
      readRunRecord(folder.path),
      "last",
    );
    expect([checkpoint.step, records, notes]).toEqual([8, tinyRows(1, 8), []]);
  });

  test("is read from Node's, without rows after the checkpoint", async () => {
    const files = filesIn(makeTinyRun(freshPath(), [3, 8], { best: 3 }).path);
    const log = formatRows(tinyRows(1, 11));
    files.set("metrics.jsonl", log.subarray(0, log.length - 9));
    files.set("samples/epoch-0001.png", Uint8Array.of(1));
    const run = await readBack(files);
    expect([run.step, run.records, run.notes, run.path]).toEqual([
      8,
      tinyRows(1, 8),
      [],
      "run/checkpoint",
    ]);
    expect(run.log).toEqual(formatRows(tinyRows(1, 8)));
    expect(run.checkpoint.files.get("generator.safetensors")).toEqual(
      tinyFiles(8)["generator.safetensors"],
    );
    expect([...run.rest.keys()].some((path) => path.startsWith("best/"))).toBe(true);
    expect(run.rest.get("samples/epoch-0001.png")).toEqual(Uint8Array.of(1));
  });

  test("falls back to an older checkpoint if the newest is damaged, and says so", async () => {
    const files = filesIn(makeTinyRun(freshPath(), [3, 5, 8], { keep: 3 }).path);
    const name = "checkpoint/generator.safetensors";
    files.set(name, flipped(files.get(name)!));
    const run = await readBack(files);
    expect([run.step, run.log]).toEqual([5, formatRows(tinyRows(1, 5))]);
    expect(run.notes[0]).toMatch(
      /^run\/checkpoint\/generator\.safetensors: is damaged: its SHA-256 is .{12}…, /,
    );
    expect(run.notes[1]).toBe("The run goes on from the checkpoint before, of step 5.");
  });

  test("is refused in words with any file damaged, cut or missing", async () => {
    const files = await sealedRun(8);
    for (const [name, bytes] of files) {
      if (name === "run.json") continue;
      const damaged = await refusal(new Map([...files, [name, flipped(bytes)]]));
      expect(damaged).toMatch(
        /^run\/[\w./-]+: .*(damaged|torn|is not|another run|has (step|epoch))/,
      );
      await refusal(new Map([...files, [name, bytes.subarray(0, -1)]]));
      if (name === "metrics.jsonl") continue; // without it, a run goes on
      const without = new Map(files);
      without.delete(name);
      expect(await refusal(without)).toMatch(/is missing|has no manifest\.json/);
    }
  });

  test("goes on without a log that was moved away", async () => {
    const files = await sealedRun(8);
    files.delete("metrics.jsonl");
    const run = await readBack(files);
    expect([run.step, run.records, run.log.length, run.notes]).toEqual([
      8,
      [],
      0,
      ["run/metrics.jsonl is missing: the run goes on without the losses of its steps up to 8."],
    ]);
  });

  test("is refused if it is no run, has no checkpoint, or another run's", async () => {
    const files = await sealedRun(8);
    expect(await refusal(new Map())).toBe("run: has no run.json, so it is not a run");
    const bare = new Map([["run.json", files.get("run.json")!]]);
    expect(await refusal(bare)).toBe("run: has no checkpoint yet, so it can't go on");
    const other = new TextEncoder().encode(formatRecord({ ...tinyRecord, seed: 8 }));
    expect(await refusal(new Map([...files, ["run.json", other]]))).toMatch(
      /belongs to another run than run\/run\.json: seed is 7 in the checkpoint, 8 in run\.json/,
    );
  });

  test("keeps Node's evaluations up to the checkpoint", async () => {
    const row = new TextEncoder().encode('{"step":5}\n');
    const files = await withWebHashes(runFiles(tinySnapshot(8, { evaluations: row })));
    const more = Uint8Array.from([...row, ...row]);
    const run = await readBack(new Map([...files, ["evaluations.jsonl", more]]));
    expect(run.evaluations).toEqual(row);
    expect(run.checkpoint.manifest?.evaluations?.rows).toBe(1);
  });
});

describe("a run as a .zip", () => {
  test("comes back as it was, also from inside a folder", async () => {
    const files = await sealedRun(8);
    const zipped = zipRun(files, "small-1");
    expect(unzipRun(zipped, "small-1.zip")).toEqual(files);
    expect(zipRun(files, "small-1")).toEqual(zipped);
    const deeper = zipSync({ a: { b: Object.fromEntries(files), "notes.txt": Uint8Array.of(1) } });
    expect(unzipRun(deeper, "deeper.zip")).toEqual(files);
  });

  test("or as dropped files; only the run's own are read", async () => {
    const files = await sealedRun(8);
    const dropped = [...files].map(([path, bytes]) => ({
      path: `mine/${path}`,
      size: bytes.length,
      bytes: async () => bytes,
    }));
    const secret = {
      path: "mine/secret.txt",
      size: 1,
      bytes: () => Promise.reject(new Error("read")),
    };
    expect(await runInFolder([...dropped, secret], "mine")).toEqual(files);
  });

  test("is refused in words if it is something else", async () => {
    const said = (bytes: Uint8Array): Promise<string> =>
      messageOf(CheckpointError, () => unzipRun(bytes, "x.zip"));
    expect(await said(Uint8Array.of(1, 2, 3, 4, 5))).toBe("x.zip: is not a .zip file");
    expect(await said(zipSync({ "a.txt": Uint8Array.of(1) }))).toMatch(
      /^x\.zip: holds no run\.json/,
    );
    const one = Object.fromEntries(await sealedRun(3));
    expect(await said(zipSync({ a: one, b: one }))).toMatch(/^x\.zip: holds several runs/);
    const zipped = zipRun(await sealedRun(3), "run");
    expect(await said(zipped.subarray(0, zipped.length >> 1))).toMatch(
      /^x\.zip: is a damaged \.zip/,
    );
  });
});

describe("the store", () => {
  let time = 1000;
  const storeAt = (path: string, onCall?: () => void): RunStore =>
    createRunStore(diskTree(path, onCall), LONGHAND, () => (time += 1));

  test("keeps runs, the last saved first, and two checkpoints of each", async () => {
    const path = freshPath();
    const store = storeAt(path);
    expect(await store.list()).toEqual([]);
    let slot: string | undefined;
    for (const step of [0, 3, 5, 8]) slot = await store.save("a", await sealedRun(step), slot);
    await store.save("b", await sealedRun(3));
    expect((await store.list()).map(({ id, step }) => [id, step])).toEqual([
      ["b", 3],
      ["a", 8],
    ]);
    expect(readdirSync(join(path, "a", "slots"))).toHaveLength(2);
    await store.keep("a", "samples/epoch-0001.png", Uint8Array.of(7));
    const run = await store.open("a");
    expect([run.step, run.records, run.notes, run.slot]).toEqual([8, tinyRows(1, 8), [], slot]);
    const files = await store.files("a");
    expect(files).toEqual(
      new Map([...(await sealedRun(8)), ["samples/epoch-0001.png", Uint8Array.of(7)]]),
    );
    await store.remove("a");
    expect((await store.list()).map(({ id }) => id)).toEqual(["b"]);
    expect(await messageOf(CheckpointError, () => store.open("a"))).toBe(
      "a: isn't kept in this browser any more",
    );
  });

  test("goes back to the checkpoint before if the newest is damaged, and then keeps that one", async () => {
    const path = freshPath();
    const store = storeAt(path);
    const first = await store.save("a", await sealedRun(3));
    const second = await store.save("a", await sealedRun(5), first);
    const file = join(path, "a", "slots", second, "checkpoint", "generator.safetensors");
    writeFileSync(file, flipped(new Uint8Array(readFileSync(file))));
    const run = await store.open("a");
    expect([run.step, run.slot]).toEqual([3, first]);
    expect(run.notes.join(" ")).toMatch(
      /^a\/checkpoint\/generator.* is damaged: .* The run goes on from the checkpoint before, of step 3\.$/,
    );
    const third = await store.save("a", await sealedRun(4), run.slot);
    expect(readdirSync(join(path, "a", "slots"))).toEqual([first, third]);
    for (const slot of [first, third]) rmSync(join(path, "a", "slots", slot, "run.json"));
    expect(await messageOf(CheckpointError, () => store.open("a"))).toMatch(
      /^a: can't go on: .*No older checkpoint is whole/,
    );
  });

  test("killed before any change, it has the last checkpoint or the one before", async () => {
    const found = new Set<number>();
    let killed = true;
    let calls = 0;
    for (let call = 1; killed; call += 1) {
      const path = freshPath();
      let left = Infinity;
      const store = storeAt(path, () => {
        left -= 1;
        if (left < 0) throw new Error("killed");
      });
      let slot: string | undefined;
      for (const step of [3, 5]) slot = await store.save("a", await sealedRun(step), slot);
      left = call - 1;
      killed = await store.save("a", await sealedRun(8), slot).then(
        () => left < 0,
        () => true,
      );
      const after = storeAt(path);
      const run = await after.open("a");
      found.add(run.step);
      expect(killed ? [5, 8] : [8]).toContain(run.step);
      expect((await after.list())[0]?.step).toBe(run.step);
      await after.save("a", await sealedRun(9), run.slot);
      expect((await after.open("a")).notes).toEqual([]);
      expect(readdirSync(join(path, "a", "slots"))).toHaveLength(2);
      calls = call;
    }
    expect([...found]).toEqual([5, 8]);
    expect(calls).toBeGreaterThan(6);
  });

  test("refused for want of room, it says so, makes room once, and keeps what was there", async () => {
    const path = freshPath();
    let room = Infinity;
    const store = storeAt(path, () => {
      room -= 1;
      if (room < 0) throw new StorageFullError("the browser's storage is full");
    });
    const first = await store.save("a", await sealedRun(3));
    room = 2;
    expect(
      await messageOf(StorageFullError, async () => store.save("a", await sealedRun(5), first)),
    ).toMatch(/is full/);
    room = Infinity;
    expect(new StorageFullError("x")).toBeInstanceOf(OutputError);
    expect([(await store.open("a")).step, (await store.list())[0]?.step]).toEqual([3, 3]);
    const second = await store.save("a", await sealedRun(5), first);
    expect((await store.open("a")).step).toBe(5);

    // There is room for two slots; the first one makes way for the third.
    const slots = join(path, "a", "slots");
    const tree = diskTree(path);
    const write = async (file: string, bytes: Uint8Array): Promise<void> => {
      await tree.write(file, bytes);
      if (readdirSync(slots).length > 2) throw new StorageFullError("the storage is full");
    };
    const narrow = createRunStore({ ...tree, write }, LONGHAND, () => (time += 1));
    expect(readdirSync(slots)).toEqual([first, second]);
    const third = await narrow.save("a", await sealedRun(8), second);
    expect(readdirSync(slots)).toEqual([second, third]);
    expect((await store.open("a")).step).toBe(8);
  });
});
