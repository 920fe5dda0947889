// A run's log checked against its checkpoint, before anything is cut.
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { openJsonl } from "../../src/checkpoint/jsonl.ts";
import { CheckpointError } from "../../src/gpu/errors.ts";
import { readMetrics } from "../../src/runs/metrics-log.ts";
import { readCheckpoint, saveCheckpoint } from "../../src/runs/checkpoints.ts";
import { readResumable } from "../../src/runs/resume.ts";
import type { RunFolder } from "../../src/runs/run-folder.ts";
import { messageOf } from "../support/message-of.ts";
import { EPOCH, makeTinyRun, tinyRecord, tinyRows, tinySnapshot } from "../support/tiny-run.ts";

const root = mkdtempSync(join(tmpdir(), "longhand-metrics-"));
afterAll(() => rmSync(root, { recursive: true }));

let runs = 0;
const fresh = (steps: readonly number[]): RunFolder =>
  makeTinyRun(join(root, String(runs++)), steps);
const linesIn = (path: string): string[] => readFileSync(path, "utf8").split("\n").slice(0, -1);
const edit = (path: string, change: (lines: string[]) => string[]): void =>
  writeFileSync(path, `${change(linesIn(path)).join("\n")}\n`);
const refusal = (folder: RunFolder, which: "last" | number = "last"): Promise<string> =>
  messageOf(CheckpointError, () => readResumable(folder, tinyRecord, which));

const row = (step: number, change: object = {}): string =>
  JSON.stringify({ ...tinyRows(step, step)[0], ...change });

const damages: readonly [what: string, damage: (lines: string[]) => string[], says: RegExp][] = [
  ["a row missing", (rows) => rows.toSpliced(5, 1), /line 6 has step 7, but step 6 should follow/],
  ["a row twice", (rows) => rows.toSpliced(5, 0, rows[4]!), /line 6 has step 5, but step 6 should/],
  ["two rows swapped", (rows) => rows.with(5, rows[6]!).with(6, rows[5]!), /line 6 has step 7/],
  ["the last row missing", (rows) => rows.slice(0, -1), /ends at step 7 \(\d+ bytes\), but the/],
  ["the first row missing", (rows) => rows.slice(1), /line 1 has step 2, but step 1 should follow/],
  ["no row at all", () => [""], /ends at step 0/],
  ["a torn row", (rows) => rows.with(5, rows[5]!.slice(0, 20)), /line 6 is torn or damaged/],
  ["a row of zeros", (rows) => rows.with(5, "\0\0\0"), /line 6 is torn or damaged/],
  [
    "another epoch",
    (rows) => rows.with(5, row(6, { epoch: 3 })),
    /line 6 has epoch 3 for step 6, /,
  ],
  ["a step that is no number", (rows) => rows.with(5, row(6, { step: "6" })), /losses \(step: /],
  ["half a step", (rows) => rows.with(5, row(6, { step: 5.5 })), /losses \(step: /],
  ["words for a loss", (rows) => rows.with(5, row(6, { lossD: "low" })), /losses \(lossD: /],
  ["no loss", (rows) => rows.with(5, row(6, { lossG: undefined })), /losses \(lossG: /],
  ["a list for a loss", (rows) => rows.with(5, row(6, { dReal: [] })), /losses \(dReal: /],
  ["a 50 MB row", (rows) => rows.with(5, "x".repeat(5e7)), /line 6 is torn or damaged/],
];

describe("is refused before anything is cut, and what to do is said", () => {
  test.each(damages)("%s", async (_, damage, says) => {
    const folder = fresh([3, 8]);
    edit(folder.metrics, (lines) => damage(lines));
    const before = readFileSync(folder.metrics);
    const message = await refusal(folder);
    expect(message).toMatch(says);
    expect(message).toContain(folder.metrics);
    const holds = !/line 1 |step 0/.test(says.source);
    const back = `npm run train -- --resume ${folder.path} --checkpoint 3 goes on from an earlier step; or `;
    expect(message).toContain(
      `; ${holds ? back : ""}move metrics.jsonl away, and the run goes on without its earlier losses`,
    );
    expect(readFileSync(folder.metrics).equals(before)).toBe(true);
  });

  test("from before the damage the run goes on", () => {
    const folder = fresh([3, 8]);
    edit(folder.metrics, (lines) => lines.with(5, "torn"));
    const resumable = readResumable(folder, tinyRecord, 3);
    resumable.begin();
    expect(linesIn(folder.metrics)).toEqual(tinyRows(1, 3).map((each) => rowText(each)));
    expect(resumable.records).toEqual(tinyRows(1, 3));
  });

  // Without a manifest, as older versions left it, rows are all there is to go by.
  test.each(damages)("%s, of an older run", async (_, damage, says) => {
    const path = join(root, `older-${runs++}.jsonl`);
    writeFileSync(path, `${damage(tinyRows(1, 8).map(rowText)).join("\n")}\n`);
    const wanted = { step: 8, stepsPerEpoch: EPOCH, prefix: undefined };
    expect(await messageOf(CheckpointError, () => readMetrics(path, wanted))).toMatch(says);
  });

  test("a number that was changed", async () => {
    const folder = fresh([3, 8]);
    edit(folder.metrics, (lines) => lines.with(6, lines[6]!.replace("0.25", "0.26")));
    expect(await refusal(folder)).toMatch(
      /is damaged: its 8 rows up to step 8 aren't those that were written.*--checkpoint 3 goes on/,
    );
  });

  test("bytes beyond the last row that the checkpoint knows of are no damage", () => {
    for (const tail of ['{"step":9,"lo', "\0\0\0\0", row(9), `${row(9)}\n${row(10)}\n`, "x\ny\n"]) {
      const folder = fresh([3, 8]);
      appendFileSync(folder.metrics, tail);
      const resumable = readResumable(folder, tinyRecord, "last");
      resumable.begin();
      expect(resumable.records.length).toBe(8);
      expect(linesIn(folder.metrics).length).toBe(8);
      expect(readFileSync(folder.metrics, "utf8").endsWith("}\n")).toBe(true);
    }
  });

  test("of an older run a last row without its end of line is whole", () => {
    const path = join(root, "unended.jsonl");
    writeFileSync(path, `${row(1)}\n${row(2)}`);
    const log = readMetrics(path, { step: 2, stepsPerEpoch: EPOCH, prefix: undefined });
    log.cut();
    expect(log.records.length).toBe(2);
    expect(readFileSync(path, "utf8")).toBe(`${row(1)}\n${row(2)}\n`);
  });

  const rowText = (each: object): string => JSON.stringify(each).replace('"lossG":0', '"lossG":-0');
});

test("a log that was moved away: the run goes on without, now and later", () => {
  const folder = fresh([3, 8]);
  renameSync(folder.metrics, `${folder.metrics}.away`);
  const first = readResumable(folder, tinyRecord, "last");
  expect(first.records).toEqual([]);
  expect(first.notes).toEqual([
    `${folder.metrics} is missing: the run goes on without the losses of its steps up to 8.`,
  ]);
  first.begin();
  expect(existsSync(folder.metrics)).toBe(false);

  // Killed before its next checkpoint: once more from the same one.
  const log = openJsonl(folder.metrics);
  log.append(tinyRows(9, 10));
  const again = readResumable(folder, tinyRecord, "last");
  expect(again.notes).toEqual([
    `${folder.metrics} begins after step 8: the run goes on without the losses of its steps up to 8.`,
  ]);
  // Or saved: the checkpoint knows with which row the log begins.
  saveCheckpoint(folder, tinySnapshot(10, log));
  log.append(tinyRows(11, 11));
  log.close();
  const later = readResumable(folder, tinyRecord, "last");
  expect(later.records).toEqual(tinyRows(9, 10));
  expect(later.notes).toEqual([]);
  later.begin();
  expect(linesIn(folder.metrics).length).toBe(2);
  expect(readCheckpoint(folder, "last").manifest?.metrics.rows).toBe(2);
});

test("numbers that aren't finite, and null as older versions wrote them, are read", () => {
  const path = join(root, "numbers.jsonl");
  const values = [Number.NaN, Infinity, -Infinity, -0, 5e-324, Math.fround(1e-45), 1e21];
  const log = openJsonl(path);
  log.append(values.map((lossD, i) => ({ ...tinyRows(i + 1, i + 1)[0], lossD })));
  log.close();
  writeFileSync(path, `${row(8, { lossD: null })}\n`, { flag: "a" });
  const wanted = { step: 8, stepsPerEpoch: EPOCH, prefix: undefined };
  const read = readMetrics(path, wanted).records.map(({ lossD }) => lossD);
  expect(read).toEqual([...values, Number.NaN]);
  expect(Object.is(read[3], -0)).toBe(true);
});

test("a torn line of 200 MB costs neither memory nor time", () => {
  const folder = fresh([3, 8]);
  const file = openSync(folder.metrics, "a");
  truncateSync(folder.metrics, 2e8); // zeros, as a power cut leaves
  writeSync(file, "x");
  const older = join(root, "large.jsonl");
  writeFileSync(older, readFileSync(folder.metrics).subarray(0, 8 * 200));
  truncateSync(older, 2e8);
  const before = process.resourceUsage().maxRSS;
  const began = process.cpuUsage();
  readResumable(folder, tinyRecord, "last").begin();
  readMetrics(older, { step: 8, stepsPerEpoch: EPOCH, prefix: undefined }).cut();
  const { user, system } = process.cpuUsage(began);
  expect(user + system).toBeLessThan(1e6); // microseconds of the processor's time
  expect(process.resourceUsage().maxRSS - before).toBeLessThan(16 * 1024);
  expect(linesIn(folder.metrics).length).toBe(8);
  expect(linesIn(older).length).toBe(8);
});
