// The checkpoints of a run: the last few are kept, and only a whole checkpoint of this run is read; otherwise the error
// names the newest one that is.
import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { openJsonl } from "../../src/checkpoint/jsonl.ts";
import { formatManifest, parseManifest, verifyFiles } from "../../src/checkpoint/sealed-folder.ts";
import { CheckpointError } from "../../src/gpu/errors.ts";
import { olderPath } from "../../src/runs/checkpoint-places.ts";
import { readCheckpoint, saveCheckpoint } from "../../src/runs/checkpoints.ts";
import { readResumable } from "../../src/runs/resume.ts";
import { readRunRecord, runFolder, type RunFolder } from "../../src/runs/run-folder.ts";
import { formatRecord, type RunRecord } from "../../src/runs/run-record.ts";
import { messageOf } from "../support/message-of.ts";
import { makeTinyRun, tinyFiles, tinyRecord, tinyRows, tinySnapshot } from "../support/tiny-run.ts";

const root = mkdtempSync(join(tmpdir(), "longhand-checkpoints-"));
afterAll(() => rmSync(root, { recursive: true }));

let runs = 0;
const freshPath = (): string => join(root, String(runs++));
const fresh = (...args: [readonly number[], object?]): RunFolder =>
  makeTinyRun(freshPath(), ...args);
const edit = (path: string, change: (text: string) => string): void =>
  writeFileSync(path, change(readFileSync(path, "utf8")));
const flip = (path: string): void => {
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(path, bytes);
};
const refusal = (folder: RunFolder, which: "last" | "best" | number = "last"): Promise<string> =>
  messageOf(CheckpointError, () => readCheckpoint(folder, which));
/** Everything in a folder, by path. */
const contents = (path: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((file) => [file.slice(path.length + 1), readFileSync(file).toString("latin1")]),
  );

describe("saving", () => {
  test("keeps the last two, or as many as are asked for", () => {
    const two = fresh([0, 3, 5, 8]);
    expect(readCheckpoint(two, "last").step).toBe(8);
    expect(readdirSync(two.checkpoints)).toEqual(["step-0000005"]);
    expect(readCheckpoint(two, 5).files.get("generator.safetensors")).toEqual(
      tinyFiles(5)["generator.safetensors"],
    );
    const one = fresh([0, 3, 5], { keep: 1 });
    expect(readCheckpoint(one, "last").step).toBe(5);
    expect(existsSync(one.checkpoints)).toBe(false);
    expect(readdirSync(fresh([0, 3, 5, 8], { keep: 4 }).checkpoints)).toEqual([
      "step-0000000",
      "step-0000003",
      "step-0000005",
    ]);
    expect(readdirSync(one.path).toSorted()).toEqual(["checkpoint", "metrics.jsonl", "run.json"]);
  });

  test("a second time at the same step takes the first one's place", () => {
    const folder = fresh([3, 5]);
    const before = contents(folder.path);
    const log = openJsonl(folder.metrics);
    saveCheckpoint(folder, tinySnapshot(5, log));
    log.close();
    expect(contents(folder.path)).toEqual(before);
  });

  test("the best one stays whatever comes after", () => {
    const folder = fresh([3, 5, 8, 9], { best: 3 });
    const best = readCheckpoint(folder, "best");
    expect([best.step, best.path]).toEqual([3, folder.best]);
    expect(readCheckpoint(folder, 9).path).toBe(folder.checkpoint);
  });

  test("what is written says what it is of", () => {
    const folder = fresh([3]);
    const { manifest, state } = readCheckpoint(folder, "last");
    expect(state).toEqual({ format: 2, step: 3, seed: 7 });
    expect(manifest).toMatchObject({ format: 1, recipe: "mlp", seed: 7, step: 3 });
    expect(manifest?.metrics.rows).toBe(3);
    expect(manifest?.files["generator.safetensors"]?.tensors).toEqual({
      "dense.bias": "F32 [2]",
      "dense.kernel": "F32 [1]",
    });
    expect(Object.keys(manifest?.files ?? {}).toSorted()).toEqual([
      "generator-adam.safetensors",
      "generator.safetensors",
      "run.json",
      "state.json",
    ]);
  });

  test("goes on without its run.json, if that has gone", () => {
    const folder = fresh([3]);
    rmSync(folder.record);
    const log = openJsonl(folder.metrics);
    log.append(tinyRows(4, 5));
    saveCheckpoint(folder, tinySnapshot(5, log));
    log.close();
    expect(readFileSync(join(folder.checkpoint, "run.json"), "utf8")).toBe(
      formatRecord(tinyRecord),
    );
    expect(() => readRunRecord(folder.path)).toThrow(
      `the checkpoint has a copy of it: cp ${folder.checkpoint}/run.json ${folder.record}`,
    );
    cpSync(join(folder.checkpoint, "run.json"), folder.record);
    expect(readCheckpoint(folder, "last").step).toBe(5);
  });
});

describe("a damaged checkpoint is refused, and the newest whole one is offered", () => {
  const files = ["generator.safetensors", "generator-adam.safetensors", "run.json", "state.json"];
  const ways: readonly [what: string, damage: (path: string) => void, says: RegExp][] = [
    ["a flipped bit", flip, /is damaged: its SHA-256 is [0-9a-f]{12}…, but the written file had/],
    ["cut", (path) => truncateSync(path, 20), /is damaged: it has 20 bytes, but \d+ were written/],
    ["empty", (path) => truncateSync(path, 0), /is damaged: it has 0 bytes, but \d+ were written/],
    ["missing", rmSync, /is missing; the checkpoint is incomplete/],
    ["a folder", (path) => (rmSync(path), mkdirSync(path)), /is missing; the checkpoint is inc/],
  ];
  for (const file of files) {
    test.each(ways)(`${file}: %s`, async (_, damage, says) => {
      const folder = fresh([3, 5]);
      const path = join(folder.checkpoint, file);
      damage(path);
      const before = contents(folder.path);
      const message = await refusal(folder);
      expect(message.startsWith(`${path}: `)).toBe(true);
      expect(message).toMatch(says);
      expect(message).toContain(
        `; the newest whole checkpoint is the one of step 3: --checkpoint 3 uses it, and npm run train -- --resume ${folder.path} --checkpoint 3 goes on from it`,
      );
      expect(contents(folder.path)).toEqual(before);
      expect(readCheckpoint(folder, 3).step).toBe(3);
    });
  }

  test("the manifest: damaged, cut, or missing", async () => {
    const folder = fresh([3, 5]);
    const path = join(folder.checkpoint, "manifest.json");
    const text = readFileSync(path);
    flip(path);
    expect(await refusal(folder)).toMatch(/manifest\.json: is damaged.*--checkpoint 3/);
    for (const length of [0, 1, 90, text.length - 1]) {
      writeFileSync(path, text.subarray(0, length));
      expect(await refusal(folder)).toMatch(/manifest\.json: is damaged.*--checkpoint 3/);
    }
    writeFileSync(path, Buffer.concat([text, Buffer.from("\n")]));
    expect(await refusal(folder)).toMatch(/manifest\.json: is damaged/);
    rmSync(path);
    expect(await refusal(folder)).toMatch(
      /checkpoint: has no manifest\.json; the checkpoint is incomplete.*--checkpoint 3/,
    );
  });

  test("the last one damaged too: the best one; that as well: none", async () => {
    const folder = fresh([3, 5], { best: 3 });
    flip(join(folder.checkpoint, "generator.safetensors"));
    flip(join(folder.checkpoints, "step-0000003", "state.json"));
    expect(await refusal(folder)).toContain("is the best one: --checkpoint best uses it, and");
    flip(join(folder.best, "run.json"));
    expect(await refusal(folder)).toMatch(
      /; no other checkpoint is whole and belongs to this run$/,
    );
    expect(await refusal(folder, "best")).toMatch(/best\/run\.json: is damaged/);
  });

  test("of another step than it is named for, or than its manifest says", async () => {
    const folder = fresh([3, 5]);
    renameSync(olderPath(folder, 3), olderPath(folder, 4));
    expect(await refusal(folder, 4)).toMatch(/step-0000004: is named for step 4, but holds step 3/);
    expect(await refusal(folder, 6)).toMatch(
      /has no checkpoint of step 6; it has 5, 4; the newest/,
    );
    const { manifest, files: bytes } = readCheckpoint(folder, "last");
    const source = (text: string) => ({
      path: "P",
      names: () => ["manifest.json", ...bytes.keys()],
      sizeOf: (name: string) => bytes.get(name)?.length ?? text.length,
      bytesOf: (name: string) => bytes.get(name) ?? Buffer.from(text),
    });
    for (const [field, value] of Object.entries({ step: 6, seed: 8 })) {
      const lie = formatManifest({ ...manifest!, [field]: value });
      expect(() => verifyFiles(source(lie))).toThrow(
        `P: its manifest has ${field} ${value}, but its state.json has ${field === "step" ? 5 : 7}; they belong`,
      );
    }
    const later = formatManifest(Object.assign({ ...manifest! }, { format: 2, longhand: "9.0.0" }));
    expect(() => verifyFiles(source(later))).toThrow(
      "P/manifest.json: has format 2, written by Longhand 9.0.0; this version reads format 1: use that version, or a newer one",
    );
    expect(() => parseManifest(Buffer.from("{}"), "m")).toThrow("m: is damaged");
    const outside = { ...manifest!, files: { "../run.json": manifest!.files["run.json"]! } };
    expect(() => verifyFiles(source(formatManifest(outside)))).toThrow(CheckpointError);
    const other = { bytes: 0, sha256: "0".repeat(64) };
    const shapes = { ...manifest!.files["generator.safetensors"]!, tensors: { a: "F32 [2]" } };
    for (const [name, entry, says] of [
      ["none.safetensors", other, "P/none.safetensors: is damaged"],
      ["generator.safetensors", shapes, "holds other tensors than the manifest says"],
    ] as const) {
      const lie = { ...manifest!, files: { ...manifest!.files, [name]: entry } };
      expect(() => verifyFiles(source(formatManifest(lie)))).toThrow(says);
    }
  });

  test("files that nobody wrote are left alone, and never read", () => {
    const folder = fresh([3]);
    writeFileSync(join(folder.checkpoint, ".DS_Store"), "x");
    execFileSync("mkfifo", [join(folder.checkpoint, "pipe.safetensors")]);
    expect([...readCheckpoint(folder, "last").files.keys()]).not.toContain(".DS_Store");
  });
});

describe("a checkpoint of another run is refused with what differs", () => {
  const others: readonly [what: string, change: Partial<RunRecord>, says: string][] = [
    ["seed", { seed: 8 }, "seed is 8 in the checkpoint, 7 in run.json"],
    ["recipe", { recipe: "small" }, 'recipe is "small" in the checkpoint, "mlp" in run.json'],
    [
      "a constant",
      { constants: { ...tinyRecord.constants, latent: 2 } },
      "constants.latent is 2 in the checkpoint, 1 in run.json",
    ],
    [
      "a constant's own",
      { constants: { ...tinyRecord.constants, generatorAdam: { learningRate: 2e-4 } } },
      "constants.generatorAdam.learningRate is 0.0002 in the checkpoint, 0.0001 in run.json",
    ],
    [
      "shapes",
      { constants: { ...tinyRecord.constants, generatorWidths: [1, 2, 1] } },
      "constants.generatorWidths is [1,2,1] in the checkpoint, [1,1,1] in run.json",
    ],
    ["batch", { batch: 8 }, "batch is 8 in the checkpoint, 4 in run.json"],
    [
      "activationType",
      { activationType: "f16" },
      'activationType is "f16" in the checkpoint, "f32" in run.json',
    ],
    ["adapter", { adapter: "a GPU" }, 'adapter is "a GPU" in the checkpoint, "none" in run.json'],
    [
      "data",
      { data: { ...tinyRecord.data, fingerprint: "0" } },
      'data.fingerprint is "0" in the checkpoint, "66416a86" in run.json',
    ],
    [
      "kernels",
      { choices: { "conv2d 1": "tiled" } },
      'choices.conv2d 1 is "tiled" in the checkpoint, missing in run.json',
    ],
    [
      "the untrained verdict",
      { untrained: { logit: Number.NaN, probability: 0 } },
      'untrained.logit is "NaN" in the checkpoint, "-Infinity" in run.json',
    ],
  ];
  test.each(others)("%s", async (_, change, says) => {
    const folder = fresh([3, 5]);
    const other = fresh([5], { record: { ...tinyRecord, ...change } });
    rmSync(folder.checkpoint, { recursive: true });
    cpSync(other.checkpoint, folder.checkpoint, { recursive: true });
    const before = contents(folder.path);
    const message = await refusal(folder);
    expect(message).toContain(`belongs to another run than ${folder.record}: ${says}`);
    expect(message).toContain("--checkpoint 3 goes on from it");
    expect(() => readResumable(folder, tinyRecord, "last")).toThrow(says);
    expect(contents(folder.path)).toEqual(before);
  });

  test("also where only the manifest says so; of another version it is told", async () => {
    const folder = fresh([3]);
    const { manifest } = readCheckpoint(folder, "last");
    const path = join(folder.checkpoint, "manifest.json");
    writeFileSync(path, formatManifest({ ...manifest!, recipe: "small" }));
    expect(await refusal(folder)).toContain(
      'recipe is "small" in the checkpoint, "mlp" in run.json',
    );
    writeFileSync(path, formatManifest({ ...manifest!, longhand: "0.0.9" }));
    expect(readCheckpoint(folder, "last").notes).toEqual([
      expect.stringMatching(
        /checkpoint was written by Longhand 0\.0\.9, and this is .*: bits may differ/,
      ),
    ]);
  });

  test("run.json changed: says where the copy is; written otherwise, but the same: nothing", async () => {
    const folder = fresh([3]);
    edit(folder.record, (text) => JSON.stringify(JSON.parse(text)));
    expect(readCheckpoint(folder, "last").step).toBe(3);
    edit(folder.record, (text) => text.replace('"choices"', '"choikes"'));
    expect(await refusal(folder)).toContain("choices is {} in the checkpoint, missing in run.json");
    edit(folder.record, (text) =>
      text.replace('"choikes"', '"choices"').replace('"batch":4', '"batch":5'),
    );
    expect(await refusal(folder)).toContain(
      `if run.json was changed: cp ${folder.checkpoint}/run.json ${folder.record}`,
    );
    edit(folder.record, (text) => text.slice(0, 50));
    await expect(messageOf(CheckpointError, () => readRunRecord(folder.path))).resolves.toMatch(
      /run\.json: is not JSON .*; the checkpoint has a copy of it: cp /,
    );
  });
});

describe("without a manifest, as older versions wrote it", () => {
  const old = new URL("../fixtures/run-without-manifest", import.meta.url).pathname;

  test("it loads, and that is said", () => {
    const folder = runFolder(old);
    const resumable = readResumable(folder, readRunRecord(old), "last");
    expect(resumable.checkpoint).toMatchObject({ step: 7, manifest: undefined });
    expect(resumable.records.length).toBe(7);
    expect(resumable.notes).toEqual([
      `${folder.checkpoint} has no manifest, because an older version wrote it: its bytes can't be checked for damage.`,
    ]);
  });

  test("of another seed, or incomplete, it is refused", async () => {
    const folder = runFolder(freshPath());
    cpSync(old, folder.path, { recursive: true });
    edit(join(folder.checkpoint, "state.json"), (text) => text.replace('"seed": 0', '"seed": 1'));
    expect(await refusal(folder)).toContain("seed is 1 in the checkpoint, 0 in run.json");
    edit(join(folder.checkpoint, "state.json"), (text) =>
      text.replace('"format": 1', '"format": 2'),
    );
    expect(await refusal(folder)).toContain("has no manifest.json; the checkpoint is incomplete");
    edit(join(folder.checkpoint, "state.json"), (text) =>
      text.replace('"format": 2', '"format": 3'),
    );
    expect(await refusal(folder)).toMatch(/state\.json: format: /);
    rmSync(join(folder.checkpoint, "state.json"));
    expect(await refusal(folder)).toMatch(/has no state\.json; the checkpoint is incomplete/);
    for (const name of readdirSync(folder.checkpoint)) rmSync(join(folder.checkpoint, name));
    expect(await refusal(folder)).toMatch(/checkpoint: is empty; it is not a checkpoint/);
  });
});
