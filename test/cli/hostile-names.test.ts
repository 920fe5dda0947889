// Hostile names of folders, files, runs, recipes, adapters and keys, passed to each command: it ends in one printable
// line of Longhand's, and prints no other kind.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { decodeSafetensors, readTensor } from "../../src/checkpoint/safetensors.ts";
import { classifyCommand } from "../../src/cli/commands/classify.ts";
import { doctor } from "../../src/cli/words/doctor.ts";
import { compareRecipes } from "../../src/runs/comparing/compare.ts";
import { evaluateRun } from "../../src/runs/evaluation/evaluate.ts";
import { interpolateCommand } from "../../src/cli/commands/interpolate.ts";
import { judgeCommand } from "../../src/cli/commands/judge.ts";
import { projectCommand } from "../../src/cli/commands/project.ts";
import { recipesCommand } from "../../src/cli/commands/recipes.ts";
import { gifCommand } from "../../src/cli/commands/gif.ts";
import { sampleCommand } from "../../src/cli/commands/sample.ts";
import { showCommand } from "../../src/cli/commands/show.ts";
import { trainRun } from "../../src/runs/training/train.ts";
import { terminal } from "../../src/terminal/ui.ts";
import { tuneCommand } from "../../src/cli/commands/tune.ts";
import { serveWeb } from "../../web/server.ts";
import { CheckpointError, LonghandError } from "../../src/gpu/errors.ts";
import { messageOf } from "../support/message-of.ts";
import { idxBytes } from "../support/idx-bytes.ts";
import { longhand } from "../support/longhand.ts";
import { HOSTILE, isOneLine } from "../support/one-line.ts";

const folder = mkdtempSync(join(tmpdir(), "longhand-names-"));
const data = join(folder, "data");
const run = join(folder, "run");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a file system takes as a name. */
const NAMES = HOSTILE.map((text) => text.replaceAll("/", "-").replaceAll("\0", "").slice(0, 60));

beforeAll(async () => {
  mkdirSync(data);
  const images = Uint8Array.from({ length: 8 * 784 }, (_, i) => i % 256);
  writeFileSync(join(data, "train-images-idx3-ubyte"), idxBytes([8, 28, 28], images));
  const small = ["--recipe", "mlp", "--width", "0.05", "--batch", "4", "--steps", "1"];
  const args = ["train", ...small, "--data", data, "--out", run, "--adapter", "null"];
  const { code, err } = await longhand(...args);
  if (code !== 0) throw new Error(err);
}, 120_000);

const printed: string[] = [];
vi.spyOn(console, "log").mockImplementation((text: string) => void printed.push(text));
/** Lines of another kind than print's, since last asked. */
const odd = (): string[] => printed.splice(0).filter((text) => text !== "" && !isOneLine(text));

const adapter = "null";
/** Each command with a name where one goes. */
const COMMANDS: readonly [string, (name: string) => unknown][] = [
  ["train --recipe", (recipe) => trainRun(terminal, { recipe, adapter })],
  ["train --config", (config) => trainRun(terminal, { config, adapter })],
  [
    "train --data",
    (name) => trainRun(terminal, { recipe: "mlp", data: join(folder, name), adapter }),
  ],
  ["train --resume", (name) => trainRun(terminal, { resume: join(folder, name), adapter })],
  ["train --resume --recipe", (recipe) => trainRun(terminal, { resume: run, recipe, adapter })],
  ["train --resume --out", (out) => trainRun(terminal, { resume: run, out, adapter })],
  [
    "train --out of a file",
    (name) => trainRun(terminal, { recipe: "mlp", data, out: fileOf(name), adapter }),
  ],
  [
    "train --out of a run",
    (name) => trainRun(terminal, { recipe: "mlp", data, out: runOf(name), adapter }),
  ],
  [
    "train --adapter",
    (name) =>
      trainRun(terminal, {
        recipe: "mlp",
        batch: 4,
        data,
        out: join(folder, "new"),
        adapter: name,
      }),
  ],
  ["recipes --recipe", (recipe) => recipesCommand({ recipe, time: false })],
  [
    "recipes --json",
    (name) => recipesCommand({ recipe: "mlp", time: false, json: join(folder, name, "f.json") }),
  ],
  ["tune --recipe", (recipe) => tuneCommand({ recipe, adapter })],
  ["sample", (name) => sampleCommand(join(folder, name), { adapter })],
  ["sample --out", (name) => sampleCommand(run, { out: name, adapter })],
  ["interpolate", (name) => interpolateCommand(join(folder, name), { adapter })],
  ["interpolate --out", (name) => interpolateCommand(run, { out: name, adapter })],
  ["project", (name) => projectCommand(join(folder, name), "mnist:0", { adapter })],
  ["project an image", (name) => projectCommand(run, join(folder, name), { adapter })],
  ["project mnist:", (name) => projectCommand(run, `mnist:${name}`, { adapter })],
  ["show", (name) => showCommand(join(folder, name), {})],
  ["gif", (name) => gifCommand(join(folder, name))],
  [
    "judge --data",
    (name) => judgeCommand({ data: join(folder, name), out: join(folder, "judge"), adapter }),
  ],
  ["classify", (name) => classifyCommand([join(folder, name)], { adapter })],
  [
    "classify --labels",
    (name) =>
      classifyCommand([join(data, "train-images-idx3-ubyte")], {
        labels: join(folder, name),
        adapter,
      }),
  ],
  ["evaluate", (name) => evaluateRun(terminal, join(folder, name), { adapter })],
  ["evaluate --data", (name) => evaluateRun(terminal, run, { data: join(folder, name), adapter })],
  ["compare", (name) => compareRecipes(terminal, [join(folder, name)], { adapter })],
  [
    "compare --data",
    (name) =>
      compareRecipes(terminal, ["mlp"], {
        data: join(folder, name),
        out: join(folder, "never"),
        adapter,
      }),
  ],
  ["compare --out", (name) => compareRecipes(terminal, ["mlp"], { out: fileOf(name), adapter })],
  ["web --data", (name) => serveWeb({ data: join(folder, name) })],
  ["doctor --adapter", (name) => doctor({ adapter: name, write: () => undefined })],
];

const fileOf = (name: string): string => {
  const path = join(folder, `file ${name}`);
  writeFileSync(path, "");
  return path;
};
const runOf = (name: string): string => {
  const path = join(folder, `run ${name}`);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, "run.json"), "{}");
  return path;
};

describe("a command with such a name", () => {
  it.each(COMMANDS)(
    "%s",
    async (what, call) => {
      // Those that ask for adapters start a process each time.
      const names = what.endsWith("--adapter") ? NAMES.slice(0, 2) : NAMES;
      for (const name of names) {
        const said = await messageOf(LonghandError, () => call(name));
        expect(said.length).toBeLessThan(4001);
      }
      expect(odd()).toEqual([]);
    },
    120_000,
  );
});

/** A file with four bytes of data under a header. */
function safetensors(header: string): Uint8Array {
  const bytes = new TextEncoder().encode(header);
  const length = new BigUint64Array([BigInt(bytes.length)]);
  return Buffer.concat([new Uint8Array(length.buffer), bytes, new Uint8Array(4)]);
}

describe("a run", () => {
  const record = (): string => readFileSync(join(run, "run.json"), "utf8");
  const withRecord = async (text: string, call: () => unknown): Promise<string> => {
    const kept = record();
    writeFileSync(join(run, "run.json"), text);
    try {
      return await messageOf(LonghandError, call);
    } finally {
      writeFileSync(join(run, "run.json"), kept);
    }
  };

  it.each(HOSTILE)("whose record has the key, recipe, data folder and adapter %j", async (text) => {
    const kept: { constants: object; data: object } = JSON.parse(record());
    const changed = [
      { ...kept, recipe: text },
      { ...kept, constants: { ...kept.constants, [text]: 1 } },
      { ...kept, constants: { ...kept.constants, loss: text } },
      { ...kept, data: { ...kept.data, folder: join(folder, text) } },
      { ...kept, activationType: text },
      { ...kept, [text]: 1, batch: text },
    ];
    for (const each of changed) {
      const call = (): unknown => trainRun(terminal, { resume: run, steps: 2, adapter });
      expect(await withRecord(JSON.stringify(each), call)).not.toBe("");
    }
  });

  it.each(HOSTILE)("whose weights are called %j", async (text) => {
    const fine = { dtype: "F32", shape: [1], data_offsets: [0, 4] };
    const headers = [
      { [text]: { ...fine, dtype: text } },
      { [text]: { ...fine, shape: text } },
      { [text]: { ...fine, data_offsets: [0, 8] } },
      { __metadata__: { [text]: 1 }, a: fine },
    ].map((header) => JSON.stringify(header));
    for (const header of [...headers, text, `{"a":${text}}`]) {
      const read = (): unknown => decodeSafetensors(safetensors(header), text);
      expect(await messageOf(CheckpointError, read)).not.toBe("");
    }
    const sound = decodeSafetensors(safetensors(JSON.stringify({ a: fine })), text);
    const missing = (): unknown => readTensor(sound, text, "F32", [1]);
    expect(await messageOf(CheckpointError, missing)).not.toBe("");
  });

  it("is told on a terminal, by process, in one line", async () => {
    const name = "\u001b[31mred\nline \u202e";
    const calls = [
      ["train", "--config", `${name}.json`],
      ["sample", name],
      ["train", "--batch", name],
      ["train", `--${name}`],
    ];
    for (const args of calls) {
      const { code, out, err } = await longhand(...args);
      expect(code).toBeGreaterThan(0);
      expect(out).toBe("");
      const lines = err.trimEnd().split("\n");
      expect(lines.filter((line) => !isOneLine(line))).toEqual([]);
      expect(lines.length).toBeLessThanOrEqual(2); // the second one is commander's, about --help
    }
  }, 120_000);
});

it("no test here left a run behind", () => {
  expect(readdirSync(folder)).not.toContain("new");
});
