// Run folders as disks, crashes and people leave them: a run goes on from what was written, or is quickly refused with
// nothing in the folder changed.
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MANIFEST_FILE, type FileSource } from "../../src/checkpoint/manifest.ts";
import { verifyFiles } from "../../src/checkpoint/sealed-folder.ts";
import { readCheckpoint } from "../../src/runs/checkpoints.ts";
import { readResumable } from "../../src/runs/resume.ts";
import { readRunRecord, runFolder, type RunFolder } from "../../src/runs/run-folder.ts";
import { formatRecord, parseRecord } from "../../src/runs/run-record.ts";
import { LonghandError } from "../../src/gpu/errors.ts";
import { makeTinyRun, tinyFiles, tinyRecord, tinyRows } from "../support/tiny-run.ts";
import { below, pick, randomFrom, sameBytes, tally, type Fuzzed, type Random } from "./fuzzing.ts";
import { spoilt } from "./spoil.ts";

const STEP = 8;
const ADVICE = /--checkpoint|cp |move metrics/;

/** Makes a run with two checkpoints in a temporary folder, and hands it to `work`. */
async function withTinyRun<T>(work: (folder: RunFolder) => Promise<T>): Promise<T> {
  const root = mkdtempSync(join(tmpdir(), "longhand-fuzz-"));
  try {
    return await work(makeTinyRun(join(root, "run"), [3, STEP], { best: 3 }));
  } finally {
    rmSync(root, { recursive: true });
  }
}

/** What a run goes on from must be what was written, to the bit. */
function lieOf(folder: RunFolder): string | undefined {
  const record = readRunRecord(folder.path);
  const { checkpoint, records } = readResumable(folder, record, "last");
  if (formatRecord(record) !== formatRecord(tinyRecord)) return "run.json isn't what was written";
  const { step } = checkpoint;
  for (const [name, bytes] of Object.entries(tinyFiles(step))) {
    const read = checkpoint.files.get(name);
    if (!read || !sameBytes(read, bytes)) return `${name} is not what was written`;
  }
  const rows = records.length === 0 ? [] : tinyRows(1, step);
  return JSON.stringify(records) === JSON.stringify(rows) ? undefined : "rows aren't those written";
}

/**
 * Spoils one or two files of a run folder `count` times, and reads the run as `train --resume` does. What is accepted
 * must be what was written.
 */
export function fuzzRunFolders(count: number, seed: number): Promise<Fuzzed> {
  const random = randomFrom(seed);
  return withTinyRun((folder) => {
    const whole = new Map(filesOf(folder).map((path) => [path, readFileSync(path)]));
    const paths = [...whole.keys()];
    return tally(count, () => {
      const hit = [pick(random, paths), ...(random() < 0.2 ? [pick(random, paths)] : [])];
      for (const path of hit) {
        if (random() < 0.03) rmSync(path, { force: true });
        else writeFileSync(path, changed(whole.get(path)!, random));
      }
      const sizes = paths.map((path) => statSync(path, { throwIfNoEntry: false })?.size ?? 0);
      return {
        size: sizes.reduce((sum, size) => sum + size, 0),
        read: () => lieOf(folder),
        after: () => {
          for (const path of hit) writeFileSync(path, whole.get(path)!);
        },
      };
    });
  });
}

/** Spoils the text of a `run.json` `count` times and reads it. What is accepted must be written as it was read. */
export function fuzzRunRecords(count: number, seed: number): Promise<Fuzzed> {
  const random = randomFrom(seed);
  const text = Buffer.from(formatRecord(tinyRecord));
  return tally(count, () => {
    const bytes = changed(text, random);
    const read = (): string | undefined => {
      const record = parseRecord(bytes, "run.json");
      const again = formatRecord(parseRecord(Buffer.from(formatRecord(record)), "run.json"));
      return again === formatRecord(record) ? undefined : "isn't read as it is written";
    };
    return { size: bytes.length, read };
  });
}

const TOKENS = [
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  '"',
  "null",
  "1e999",
  "-0",
  '"NaN"',
  '"__proto__"',
  "\u0000",
  "\ufeff",
  "9007199254740993",
];

function changed(bytes: Uint8Array, random: Random): Uint8Array {
  const kind = random();
  if (kind < 0.7) return spoilt(bytes, random);
  const at = below(random, bytes.length + 1);
  const [head, tail] = [bytes.subarray(0, at), bytes.subarray(at)];
  if (kind < 0.9) return Buffer.concat([head, Buffer.from(pick(random, TOKENS)), tail]);
  if (kind < 0.99)
    return Buffer.concat([
      head,
      Buffer.from(pick(random, TOKENS).repeat(below(random, 300))),
      tail,
    ]);
  return Buffer.concat([
    bytes,
    Buffer.alloc(below(random, 200_000), pick(random, ["\n", "x", "\0", "[", "{}"])),
  ]);
}

function filesOf({ record, metrics, checkpoint }: RunFolder): readonly string[] {
  const names = [...Object.keys(tinyFiles(0)), "run.json", "state.json", MANIFEST_FILE];
  return [record, metrics, ...names.map((name) => join(checkpoint, name))];
}

/**
 * Flips every single bit of a small checkpoint's files, and cuts each file after every length: all must be refused.
 * In memory, by the code that reads folders.
 */
export function flipEveryBit(): Promise<Fuzzed> {
  return withTinyRun((folder) => {
    const { path } = readCheckpoint(folder, "last");
    const names = filesOf(folder)
      .filter((file) => file.startsWith(path))
      .map((file) => file.slice(path.length + 1));
    const files = new Map(
      names.map((name) => [name, new Uint8Array(readFileSync(join(path, name)))]),
    );
    const source: FileSource = {
      path,
      names: () => names,
      sizeOf: (name) => files.get(name)?.length,
      bytesOf: (name) => files.get(name)!,
    };
    verifyFiles(source); // as it is, it holds
    const size = [...files.values()].reduce((sum, { length }) => sum + length, 0);
    const cases = names.flatMap((name) => {
      const bytes = files.get(name)!;
      const flips = Array.from({ length: 8 * bytes.length }, (_, bit) => ({ name, bit, cut: -1 }));
      return [...flips, ...Array.from(bytes, (_, cut) => ({ name, bit: -1, cut }))];
    });
    return tally(cases.length, (index) => {
      const { name, bit, cut } = cases[index]!;
      const bytes = files.get(name)!;
      const spoiled = cut >= 0 ? bytes.slice(0, cut) : Uint8Array.from(bytes);
      if (bit >= 0) spoiled[bit >> 3]! ^= 1 << (bit & 7);
      files.set(name, spoiled);
      const read = (): string => {
        verifyFiles(source);
        return `${name} loads with ${cut >= 0 ? `${cut} bytes` : `bit ${bit} flipped`}`;
      };
      return { size, read, after: () => files.set(name, bytes) };
    });
  });
}

/**
 * Flips `count` random bits, one at a time, and cuts a tenth as often, in the files of a run's newest checkpoint and in
 * its `run.json` and `metrics.jsonl`, on the disk and as `train --resume` reads them; puts each back.
 */
export function flipBits(run: string, count: number, seed: number): Promise<Fuzzed> {
  const random = randomFrom(seed);
  const folder = runFolder(run);
  const { files } = readCheckpoint(folder, "last");
  const record = readRunRecord(run);
  const paths = [
    ...[...files.keys(), MANIFEST_FILE].map((name) => join(folder.checkpoint, name)),
    folder.record,
    folder.metrics,
  ];
  const sizes = paths.map((path) => statSync(path).size);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  return tally(count, () => {
    // A small file as often as a large one, every other time.
    let index = below(random, paths.length);
    if (random() < 0.5) {
      let at = below(random, total);
      index = sizes.findIndex((size) => (at -= size) < 0);
    }
    const path = paths[index]!;
    const whole = readFileSync(path);
    const at = below(random, whole.length);
    const cut = random() < 0.1;
    if (cut) truncateSync(path, at);
    else {
      const spoiled = Uint8Array.from(whole);
      spoiled[at]! ^= 1 << below(random, 8);
      writeFileSync(path, spoiled);
    }
    const read = (): string => {
      try {
        readRunRecord(run);
        readResumable(folder, record, "last");
      } catch (error) {
        if (!(error instanceof LonghandError) || ADVICE.test(error.message)) throw error;
        return `${path}: is refused without saying what to do: ${error.message}`;
      }
      return `${path} loads with ${cut ? `${at} bytes` : `a bit of byte ${at} flipped`}`;
    };
    return { size: total, read, after: () => writeFileSync(path, whole) };
  });
}
