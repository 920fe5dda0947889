// What is exported for PyTorch besides numbers: names, shapes, counts, files; and what `longhand export` refuses.
// recipes.test.ts and layers.test.ts run it.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { decodeSafetensors, readTensor } from "../../src/checkpoint/safetensors.ts";
import { exportCommand } from "../../src/cli/commands/export.ts";
import { scaled } from "../../src/gan/recipe.ts";
import { best } from "../../src/gan/recipes/best.ts";
import { dcgan } from "../../src/gan/recipes/dcgan.ts";
import { UsageError } from "../../src/gpu/errors.ts";
import { testDevice } from "../support/device.ts";
import { makeRun } from "../support/made-run.ts";
import { messageOf } from "../support/message-of.ts";
import { said } from "../support/said.ts";

const device = await testDevice();
const folder = mkdtempSync(join(tmpdir(), "longhand-torch-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (...names: string[]): string => join(folder, ...names);

describe("an export for PyTorch", () => {
  it("has PyTorch's names, shapes and count of batches", async () => {
    await makeRun(device, at("named"), scaled(dcgan, 0.06));
    await said(() => exportCommand(at("named"), { format: "torch" }));
    const path = at("named", "torch", "generator.safetensors");
    const file = decodeSafetensors(readFileSync(path), path);
    expect(file.metadata).toMatchObject({ format: "pt", recipe: "dcgan", step: "5" });
    const shapes = Object.fromEntries([...file.tensors].map(([name, { shape }]) => [name, shape]));
    expect(shapes).toMatchObject({
      "dense.weight": [735, 100],
      "batch_norm.running_var": [735],
      "conv_transpose2d.weight": [15, 8, 5, 5],
      "batch_norm_1.num_batches_tracked": [],
    });
    expect(readTensor(file, "batch_norm.num_batches_tracked", "I64")).toEqual(BigInt64Array.of(5n));
    expect(readFileSync(at("named", "torch", "model.py"), "utf8")).toContain(
      '("conv_transpose2d_1", nn.ConvTranspose2d(8, 4, (5, 5), stride=(2, 2), bias=False, padding=(1, 1)))',
    );
  });

  it("writes the judge, and all that training reads, and overwrites nothing unasked", async () => {
    const out = at("judge");
    const judge = await said(() =>
      exportCommand(undefined, { format: "torch", what: "judge", out }),
    );
    expect(judge.split("\n")).toEqual([join(out, "judge.safetensors"), join(out, "model.py")]);
    await makeRun(device, at("whole"), scaled(best, 0.04));
    const training = { format: "torch", what: "training" } as const;
    const files = (await said(() => exportCommand(at("whole"), training))).split("\n");
    expect(files.map((path) => path.slice(at("whole", "torch").length + 1))).toEqual([
      "generator.safetensors",
      "generator_average.safetensors",
      "discriminator.safetensors",
      "generator_adam.safetensors",
      "discriminator_adam.safetensors",
      "clusters.safetensors",
      "clusters_of_images.safetensors",
      "model.py",
    ]);
    const refused = await messageOf(UsageError, () => exportCommand(at("whole"), training));
    expect(refused).toMatch(/generator\.safetensors: already exists; overwrite it with --force/);
    const mixed = { format: "torch", uint8: true } as const;
    expect(await messageOf(UsageError, () => exportCommand(at("whole"), mixed))).toBe(
      "--uint8: belongs to --format onnx; leave it out",
    );
  });
});
