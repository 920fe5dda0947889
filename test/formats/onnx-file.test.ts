// What an exported ONNX file says: accepted by onnx.checker, its inputs and outputs explained, its metadata complete; and
// what `longhand export` refuses.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exportCommand } from "../../src/cli/commands/export.ts";
import { ModelProtoSchema, file_onnx, type ModelProto } from "../../src/formats/onnx/onnx_pb.js";
import { scaled } from "../../src/gan/recipe.ts";
import { recipes } from "../../src/gan/recipes/list.ts";
import { CheckpointError, UsageError } from "../../src/gpu/errors.ts";
import { testDevice } from "../support/device.ts";
import { makeRun } from "../support/made-run.ts";
import { messageOf } from "../support/message-of.ts";
import { pythonWith, runPython } from "../support/python.ts";
import { said } from "../support/said.ts";

const device = await testDevice();
const folder = mkdtempSync(join(tmpdir(), "longhand-onnx-file-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (...names: string[]): string => join(folder, ...names);
const model = (...names: string[]): ModelProto =>
  fromBinary(ModelProtoSchema, readFileSync(at(...names)));

const CHECK = `
import sys, onnx
for path in sys.argv[1:]:
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    print(model.ir_version, model.opset_import[0].version)
`;
const python = pythonWith("onnx");

beforeAll(async () => {
  for (const recipe of recipes) await makeRun(device, at(recipe.name), scaled(recipe, 0.04));
}, 300_000);

describe("an exported file", () => {
  it.skipIf(python === undefined)(
    `passes onnx.checker with its shapes inferred, for every recipe${python ? "" : " (skipped: no Python here has onnx; Debian's python3-onnx does)"}`,
    async () => {
      const paths: string[] = [];
      for (const { name } of recipes) {
        for (const what of ["generator", "discriminator"] as const) {
          for (const uint8 of [false, true]) {
            const out = at(name, `${what}-${uint8}.onnx`);
            const flags = { what, uint8, foldBatchNorm: uint8, out };
            await said(() => exportCommand(at(name), { format: "onnx", ...flags }));
            paths.push(out);
          }
        }
      }
      const out = at("judge.onnx");
      await said(() => exportCommand(undefined, { format: "onnx", what: "judge", out }));
      const lines = runPython(python!, CHECK, ...paths, out)
        .trim()
        .split("\n");
      expect(lines).toEqual(Array.from({ length: 4 * recipes.length + 1 }, () => "8 17"));
    },
  );

  it("explains its inputs, its outputs and its layers", async () => {
    await said(() => exportCommand(at("best"), { format: "onnx", out: at("best.onnx") }));
    const { graph, docString, metadataProps, producerName } = model("best.onnx");
    expect([producerName, graph!.name]).toEqual(["longhand", "generator"]);
    expect(docString).toBe(
      "A generator that Longhand trained (recipe best, step 5): draws an image from noise.",
    );
    const docs = [...graph!.input, ...graph!.output].map(({ name, docString: doc }) => [name, doc]);
    expect(docs).toEqual([
      [
        "latent",
        "The noise that each image is drawn from: 100 independent numbers from the normal distribution of mean 0 and variance 1.",
      ],
      [
        "cluster",
        "The cluster that each image is to be of: draw each with the chance of its share, which the metadata's cluster_shares lists in order, from 0 to 99.",
      ],
      [
        "images",
        "The images that the generator draws, (batch, channels, height, width), from −1, black, to 1, white.",
      ],
    ]);
    const metadata = Object.fromEntries(metadataProps.map(({ key, value }) => [key, value]));
    expect(metadata).toMatchObject({ recipe: "best", network: "generator-average", step: "5" });
    const shares: number[] = JSON.parse(metadata["cluster_shares"]!);
    expect(shares.length).toBe(100);
    expect(shares.reduce((sum, share) => sum + share)).toBeCloseTo(1, 6);
    const words = graph!.node.map(({ name, docString: doc }) => `${name}: ${doc}`);
    expect(words).toContain("conv_transpose2d_1: ConvTranspose2d 3, 5×5, stride 2, no bias");
  });

  it("pads as Keras does, without auto_pad", () => {
    const strided = model("best.onnx").graph!.node.find(
      ({ name }) => name === "conv_transpose2d_1",
    );
    const attributes = Object.fromEntries(
      strided!.attribute.map(({ name, ints }) => [name, ints.map(Number)]),
    );
    expect(attributes).toMatchObject({ strides: [2, 2], pads: [1, 1, 2, 2], kernel_shape: [5, 5] });
    expect(Object.keys(attributes)).not.toContain("auto_pad");
  });

  it("has no batch norm if each was folded, and says which it left", async () => {
    const fold = { format: "onnx", foldBatchNorm: true } as const;
    for (const name of ["dcgan", "dense", "upsample"]) {
      const out = at(`${name}-folded.onnx`);
      const words = await said(() => exportCommand(at(name), { ...fold, out }));
      const left = model(`${name}-folded.onnx`).graph!.node.filter(
        ({ opType }) => opType === "BatchNormalization",
      );
      expect(left.length).toBe(name === "upsample" ? 1 : 0);
      expect(words).toMatch(
        name === "upsample"
          ? /^Folded: no batch norm; not batch_norm, which no linear layer adjoins\.$/m
          : /^Folded: batch_norm, batch_norm_1, batch_norm_2\.$/m,
      );
    }
  });
});

describe("the schema", () => {
  it("is what onnx.proto says, name by name and number by number", () => {
    const text = readFileSync(
      join(import.meta.dirname, "../../src/formats/onnx/onnx.proto"),
      "utf8",
    );
    const written = [...text.matchAll(/^ +(?:optional|repeated) [\w.]+ (\w+) = (\d+)/gm)].map(
      ([, name, number]) => `${name} ${number}`,
    );
    const messages = [
      ...file_onnx.messages,
      ...file_onnx.messages.flatMap((each) => each.nestedMessages),
    ];
    const built = messages.flatMap(({ fields }) =>
      fields.map(({ name, number }) => `${name} ${number}`),
    );
    expect(built.toSorted()).toEqual(written.toSorted());
    expect(built.length).toBeGreaterThan(40);
  });
});

describe("longhand export", () => {
  const refused = (run: string | undefined, flags: object): Promise<string> =>
    messageOf(UsageError, () => exportCommand(run, { format: "onnx", ...flags }));

  it("refuses what can't be meant", async () => {
    expect(await refused(undefined, {})).toBe(
      "export: --what generator needs a run folder; name one",
    );
    expect(await refused(at("dcgan"), { what: "judge" })).toMatch(
      /^export: --what judge takes no run/,
    );
    expect(await refused(at("dcgan"), { out: at("x.bin") })).toMatch(/must end in \.onnx$/);
    expect(await refused(at("dcgan"), { out: at("no", "x.onnx") })).toMatch(
      /its folder does not exist/,
    );
  });

  it("overwrites nothing without --force", async () => {
    const out = at("kept.onnx");
    writeFileSync(out, "precious");
    expect(await refused(at("dcgan"), { out })).toMatch(
      /^--out .*kept\.onnx: exists already; name another place, or add --force to replace it$/,
    );
    expect(readFileSync(out, "utf8")).toBe("precious");
    await said(() => exportCommand(at("dcgan"), { format: "onnx", out, force: true }));
    expect(model("kept.onnx").graph!.name).toBe("generator");
  });

  it("refuses a damaged run", async () => {
    const path = at("mlp", "checkpoint", "generator.safetensors");
    const bytes = readFileSync(path);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(path, bytes);
    const out = at("damaged.onnx");
    expect(
      await messageOf(CheckpointError, () => exportCommand(at("mlp"), { format: "onnx", out })),
    ).toMatch(/generator\.safetensors/);
  });
});
