// A run's evaluations checked against its checkpoint, and what happens to its best checkpoint.
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { openJsonl } from "../../src/checkpoint/jsonl.ts";
import { readEvaluations, type EvaluationRow } from "../../src/runs/evaluation/evaluating.ts";
import { CheckpointError } from "../../src/gpu/errors.ts";
import { readCheckpoint, saveBest, saveCheckpoint } from "../../src/runs/checkpoints.ts";
import type { RunFolder } from "../../src/runs/run-folder.ts";
import { messageOf } from "../support/message-of.ts";
import { makeTinyRun, tinyFiles, tinyRows, tinySnapshot } from "../support/tiny-run.ts";

const root = mkdtempSync(join(tmpdir(), "longhand-evaluations-"));
afterAll(() => rmSync(root, { recursive: true }));

const row = (step: number, frechetTrain = 1 / step): EvaluationRow => ({
  step,
  count: 100,
  judge: "f00d",
  frechetTrain,
  frechetTest: Number.NaN,
  kid: -0,
  precision: 0,
  recall: 0.5,
  density: Infinity,
  coverage: 1,
  classBalance: 0,
  score: 1,
  counts: [100, 0],
});

/** A run evaluated at steps 2, 4 and 6, its best at 4, that saved after 5 and 8. */
function fresh(name: string): RunFolder {
  const folder = makeTinyRun(join(root, name), []);
  const [log, evaluations] = [openJsonl(folder.metrics), openJsonl(folder.evaluations)];
  for (let step = 1; step <= 8; step += 1) {
    log.append(tinyRows(step, step));
    if (step % 2 === 0 && step < 8) evaluations.append([row(step)]);
    const snapshot = tinySnapshot(step, log);
    const files = { ...tinyFiles(step), "evaluation.json": JSON.stringify(row(step)) };
    if (step === 4) saveBest(folder, { ...snapshot, files });
    if (step === 5 || step === 8) saveCheckpoint(folder, snapshot);
  }
  log.close();
  evaluations.close();
  return folder;
}
const linesIn = (path: string): string[] => readFileSync(path, "utf8").split("\n").slice(0, -1);
const spoil = (folder: RunFolder, change: (lines: string[]) => string[]): void =>
  writeFileSync(folder.evaluations, `${change(linesIn(folder.evaluations)).join("\n")}\n`);
const OLD = { step: 8, manifest: undefined };

test("are read as they were written, and cut back to the checkpoint", () => {
  const folder = fresh("whole");
  const last = readEvaluations(folder, readCheckpoint(folder, "last"));
  expect([last.rows, last.notes]).toEqual([[row(2), row(4), row(6)], []]);
  expect(Object.is(last.rows[0]?.kid, -0)).toBe(true);
  const earlier = readEvaluations(folder, readCheckpoint(folder, 5));
  expect(earlier.rows).toEqual([row(2), row(4)]);
  expect(linesIn(folder.evaluations).length).toBe(3);
  earlier.begin(true);
  expect(linesIn(folder.evaluations).length).toBe(2);
});

const tails: readonly [what: string, tail: (path: string) => void][] = [
  ["a torn row", (path) => appendFileSync(path, '{"step":8,"cou')],
  ["words", (path) => appendFileSync(path, "x\ny\n")],
  ["200 MB of zeros", (path) => truncateSync(path, 2e8)],
];
test.each(tails)("%s at the end goes, and costs no memory", (what, tail) => {
  const folder = fresh(what);
  const whole = readFileSync(folder.evaluations, "utf8");
  for (const checkpoint of [OLD, readCheckpoint(folder, "last")]) {
    tail(folder.evaluations);
    const before = process.resourceUsage().maxRSS;
    const { rows, begin } = readEvaluations(folder, checkpoint);
    begin(true);
    expect(process.resourceUsage().maxRSS - before).toBeLessThan(16 * 1024);
    expect(rows.length).toBe(3);
    expect(readFileSync(folder.evaluations, "utf8")).toBe(whole);
  }
});

describe("are refused before anything is cut", () => {
  const damages: readonly [what: string, change: (lines: string[]) => string[], says: RegExp][] = [
    ["one torn", (lines) => lines.with(1, "{"), /: line 2 is torn or damaged, but evaluations up/],
    ["one twice", (lines) => lines.toSpliced(1, 0, lines[0]!), /: line 2 has step 2, but follows/],
    ["swapped", (lines) => lines.toReversed(), /: line 2 has step 4, but follows step 6/],
    [
      "no figure",
      (lines) => lines.with(0, '{"step":2}'),
      /: line 1 is not an evaluation \(count: /,
    ],
  ];
  test.each(damages)("%s", async (what, change, says) => {
    const folder = fresh(what);
    spoil(folder, change);
    const before = readFileSync(folder.evaluations);
    for (const checkpoint of [OLD, readCheckpoint(folder, "last")]) {
      const message = await messageOf(CheckpointError, () => readEvaluations(folder, checkpoint));
      expect(message).toMatch(says);
      expect(message).toMatch(/; repair it, or move the file away: the run then goes on without/);
    }
    expect(readFileSync(folder.evaluations).equals(before)).toBe(true);
  });

  test("a figure that was changed, or one that is missing, as the manifest knows", async () => {
    const folder = fresh("changed");
    const refusal = (): Promise<string> =>
      messageOf(CheckpointError, () => readEvaluations(folder, readCheckpoint(folder, "last")));
    spoil(folder, (lines) => lines.with(1, lines[1]!.replace("0.25", "0.24")));
    expect(await refusal()).toMatch(/is damaged: its rows up to step 8 aren't those that were/);
    spoil(folder, (lines) => lines.slice(0, 2));
    expect(await refusal()).toMatch(/is damaged: its rows up to step 8 aren't those that were/);
  });
});

test("moved away, the run goes on without them, and it is said", () => {
  const folder = fresh("away");
  rmSync(folder.evaluations);
  const { rows, notes, begin } = readEvaluations(folder, readCheckpoint(folder, "last"));
  begin(true);
  expect(rows).toEqual([]);
  expect(notes).toEqual([
    `${folder.evaluations} is missing: the run goes on without its earlier evaluations.`,
  ]);
});

test("the best one from beyond goes where bits differ; a damaged one never goes unsaid", () => {
  const folder = fresh("best");
  const back = { step: 3, manifest: undefined };
  readEvaluations(folder, back).begin(true);
  expect(existsSync(folder.best)).toBe(true);
  const weights = join(folder.best, "generator.safetensors");
  const whole = readFileSync(weights);
  writeFileSync(weights, whole.subarray(1));
  readEvaluations(folder, back).begin(false);
  expect(existsSync(folder.best)).toBe(true);
  writeFileSync(weights, whole);
  readEvaluations(folder, back).begin(false);
  expect(existsSync(folder.best)).toBe(false);
});
