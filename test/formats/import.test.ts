// Runs exported and imported again: the same bits, whatever the format; a run that samples and goes on training; and every
// mismatch named, with what was expected.
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  decodeSafetensors,
  encodeSafetensors,
  type NativeTensor,
} from "../../src/checkpoint/safetensors.ts";
import { exportCommand } from "../../src/cli/commands/export.ts";
import { importCommand } from "../../src/cli/commands/import.ts";
import { sampleCommand } from "../../src/cli/commands/sample.ts";
import { loadImages } from "../../src/data/files.ts";
import { ModelProtoSchema, type ModelProto } from "../../src/formats/onnx/onnx_pb.js";
import { CheckpointError, UsageError, type LonghandError } from "../../src/gpu/errors.ts";
import { trainRun } from "../../src/runs/training/train.ts";
import { terminal } from "../../src/terminal/ui.ts";
import { idxBytes } from "../support/idx-bytes.ts";
import { messageOf } from "../support/message-of.ts";
import { said } from "../support/said.ts";

const folder = mkdtempSync(join(tmpdir(), "longhand-import-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (...names: string[]): string => join(folder, ...names);

const IMAGES = 48;
const data = at("data");
const config = at("config.json");
const BATCH = 6;
const recipe = "small";

const imported = (paths: string[], out: string, more: object = {}): Promise<string> =>
  said(() => importCommand(paths, { recipe, out: at(out), data, ...more }));
const refused = (
  paths: string[],
  more: object = {},
  kind: typeof LonghandError = CheckpointError,
): Promise<string> =>
  messageOf(kind, () => importCommand(paths, { recipe, out: at("refused"), data, ...more }));
const checkpoint = (run: string, name: string): Buffer =>
  readFileSync(at(run, "checkpoint", `${name}.safetensors`));
const rowsOf = (path: string): readonly unknown[] =>
  readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line): unknown => JSON.parse(line));
const FILES = [
  "generator",
  "generator-average",
  "discriminator",
  "generator-adam",
  "discriminator-adam",
  "clusters",
  "clusters-of-images",
];

beforeAll(async () => {
  mkdirSync(data);
  const { images, labels } = await loadImages(undefined, "train");
  const shown = images.subarray(0, IMAGES * 784);
  writeFileSync(join(data, "train-images-idx3-ubyte"), idxBytes([IMAGES, 28, 28], shown));
  writeFileSync(
    join(data, "train-labels-idx1-ubyte"),
    idxBytes([IMAGES], labels!.subarray(0, IMAGES)),
  );
  writeFileSync(config, JSON.stringify({ recipe, clusters: 5, latent: 12 }));
  const flags = { recipe, width: 0.15, config, batch: BATCH, data, out: at("run") };
  await said(() => trainRun(terminal, { ...flags, steps: 3 }));
  await said(() => exportCommand(at("run"), { format: "torch", what: "training" }));
  await said(() => exportCommand(at("run"), { format: "onnx" }));
  await said(() => exportCommand(at("run"), { format: "onnx", what: "discriminator" }));
}, 300_000);

describe("exported and imported again", () => {
  it("a training from PyTorch's files has every bit, and goes on with the same bits", async () => {
    const words = await imported([at("run", "torch")], "again");
    expect(words).not.toMatch(/anew/);
    for (const name of FILES) {
      expect(checkpoint("again", name).equals(checkpoint("run", name)), name).toBe(true);
    }
    for (const run of ["run", "again"]) {
      await said(() => trainRun(terminal, { resume: at(run), steps: 6 }));
    }
    for (const name of FILES) {
      expect(checkpoint("again", name).equals(checkpoint("run", name)), name).toBe(true);
    }
    const rows = rowsOf(at("run", "metrics.jsonl"));
    expect(rowsOf(at("again", "metrics.jsonl"))).toEqual(rows.slice(3));
    renameSync(at("run", "torch"), at("torch"));
  });

  it("both networks from ONNX draw the same samples, bit for bit, and start Adam anew", async () => {
    const files = ["generator", "discriminator"].map((name) => at("run", `${name}.onnx`));
    const words = await imported(files, "from-onnx");
    expect(words.split("\n").slice(-4)).toEqual([
      "The generator and the moving average of its weights start equal.",
      "The state of the generator's optimizer isn't in the files: it starts anew.",
      "The state of the discriminator's optimizer isn't in the files: it starts anew.",
      at("from-onnx"),
    ]);
    const images = [at("first.png"), at("second.png")];
    await said(() => sampleCommand(at("run"), { checkpoint: 3, out: images[0]! }));
    await said(() => sampleCommand(at("from-onnx"), { out: images[1]! }));
    expect(readFileSync(images[1]!).equals(readFileSync(images[0]!))).toBe(true);
    await said(() => trainRun(terminal, { resume: at("from-onnx"), steps: 4 }));
    expect(rowsOf(at("from-onnx", "metrics.jsonl")).length).toBe(1);
  });

  it("a network alone is enough, and so are its weights without what they say of themselves", async () => {
    await said(() =>
      exportCommand(at("run"), { format: "torch", what: "generator", checkpoint: 3 }),
    );
    const { tensors } = decodeSafetensors(
      readFileSync(at("run", "torch", "generator.safetensors")),
      "f",
    );
    const bare = new Map(
      [...tensors].filter(
        (entry): entry is [string, NativeTensor] => !entry[0].endsWith("tracked"),
      ),
    );
    mkdirSync(at("bare"));
    writeFileSync(at("bare", "generator.safetensors"), encodeSafetensors(bare));
    const words = await imported([at("bare")], "alone", { width: 0.15, config, batch: BATCH });
    expect(words).toContain("The discriminator isn't in the files: it starts anew.");
    expect(checkpoint("alone", "generator")).toEqual(checkpoint("alone", "generator-average"));
  });
});

describe("what doesn't fit", () => {
  const spoil = (name: string, change: (tensors: Map<string, NativeTensor>) => void): string => {
    const bytes = readFileSync(at("bare", "generator.safetensors"));
    const tensors = new Map(decodeSafetensors(bytes, "f").tensors as Map<string, NativeTensor>);
    change(tensors);
    mkdirSync(at(name), { recursive: true });
    writeFileSync(at(name, "generator.safetensors"), encodeSafetensors(tensors));
    return at(name, "generator.safetensors");
  };
  const own = { width: 0.15, config };

  it("is listed by name, shape and type, all of it at once", async () => {
    const path = spoil("spoilt", (tensors) => {
      const weight = tensors.get("conv_transpose2d_1.weight")!;
      tensors.set("conv_transpose2d_1.weight", { ...weight, shape: weight.shape.toReversed() });
      tensors.delete("batch_norm.running_var");
      tensors.set("main.0.weight", { dtype: "U8", shape: [2], data: Uint8Array.of(1, 2) });
    });
    expect(await refused([path], own)).toBe(
      [
        `import: doesn't fit recipe small: ${path}: has no "batch_norm.running_var": expected F32 [245]`,
        '"conv_transpose2d_1.weight" is F32 [5, 5, 2, 5], expected F32 [5, 2, 5, 5]',
        '"main.0.weight" (U8 [2]) belongs to no layer',
      ].join("; "),
    );
  });

  it("is refused if a number isn't finite", async () => {
    const path = spoil("nan", (tensors) => {
      const bias = tensors.get("batch_norm.bias")!;
      tensors.set("batch_norm.bias", {
        dtype: "F32",
        shape: bias.shape,
        data: new Float32Array(bias.data.length).fill(NaN),
      });
    });
    expect(await refused([path], own)).toBe(
      `import: doesn't fit recipe small: ${path}: batch_norm.bias holds NaN`,
    );
    expect(existsSync(at("refused"))).toBe(false);
  });

  it("is a graph that computes something else, node by node", async () => {
    const change = (name: string, spoilt: (model: ModelProto) => void): string => {
      const read = model();
      spoilt(read);
      writeFileSync(at(name), toBinary(ModelProtoSchema, read));
      return at(name);
    };
    const model = () => fromBinary(ModelProtoSchema, readFileSync(at("run", "generator.onnx")));
    const padded = change("padded.onnx", ({ graph }) => {
      const node = graph!.node.find(({ name }) => name === "conv_transpose2d_1")!;
      node.attribute.find(({ name }) => name === "pads")!.ints = [2n, 2n, 1n, 1n];
    });
    expect(await refused([padded])).toMatch(
      /^import: doesn't fit recipe small: .*padded\.onnx: node \d+, ConvTranspose \(ConvTranspose2d 2, 5×5, stride 2, no bias\): "pads" is 2,2,1,1, expected 1,1,2,2$/,
    );
    await said(() =>
      exportCommand(at("run"), { format: "onnx", foldBatchNorm: true, out: at("folded.onnx") }),
    );
    expect(await refused([at("folded.onnx")])).toMatch(
      /expected BatchNormalization \(BatchNorm\), but it has "LeakyRelu": were batch norms folded\? export it without --fold-batch-norm$/,
    );
    const elsewhere = change("elsewhere.onnx", ({ graph }) => {
      graph!.initializer.find(({ name }) => name === "dense.weight")!.dataLocation = 1;
    });
    expect(await refused([elsewhere])).toMatch(
      /keeps its numbers in another file; save the model as one file$/,
    );
    const empty = at("empty.onnx");
    writeFileSync(empty, toBinary(ModelProtoSchema, create(ModelProtoSchema, {})));
    expect(await refused([empty])).toBe(`${empty}: holds no ONNX graph`);
  });

  it("is a path, a recipe or a mixture that can't be meant", async () => {
    expect(await refused([at("no.onnx")], {}, UsageError)).toMatch(
      /no\.onnx does not exist; name a file or a folder$/,
    );
    expect(await refused([at("run", "metrics.jsonl")], {}, UsageError)).toMatch(
      /must end in \.onnx, .* or \.json$/,
    );
    expect(await refused([data], {}, UsageError)).toMatch(
      /has no file that ends in \.onnx, .* or \.json$/,
    );
    expect(await refused([at("run", "generator.onnx")], { recipe: "huge" }, UsageError)).toMatch(
      /^recipe: there is no "huge"/,
    );
    expect(
      await refused([at("run", "generator.onnx"), at("run", "torch")], {}, UsageError),
    ).toMatch(/both hold a generator/);
    cpSync(at("run", "generator.onnx"), at("what.safetensors"));
    expect(await refused([at("what.safetensors")])).toMatch(/^.*what\.safetensors: /);
    cpSync(at("torch", "generator_adam.safetensors"), at("generator_adam.safetensors"));
    expect(await refused([at("generator_adam.safetensors")])).toBe(
      "import: none of the files holds a network; name a generator's or a discriminator's too",
    );
    const named = fromBinary(ModelProtoSchema, readFileSync(at("run", "generator.onnx")));
    named.metadataProps = [];
    writeFileSync(at("clusters.onnx"), toBinary(ModelProtoSchema, named));
    expect(await refused([at("clusters.onnx")])).toMatch(
      /clusters\.onnx: holds a network, as ONNX files do, but says that it holds clusters; /,
    );
    expect(await refused([at("run", "generator.onnx")], { recipe: "mlp" })).toMatch(
      /^import: doesn't fit recipe mlp: .*: node 1: expected Gemm/,
    );
    expect(await refused([at("run", "generator.onnx")], { out: at("again") }, UsageError)).toMatch(
      /already holds a run/,
    );
  });
});
