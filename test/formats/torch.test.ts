// What is exported for PyTorch besides numbers: names, shapes, counts, files; and what `longhand export` refuses.
// recipes.test.ts and layers.test.ts run it.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeSafetensors, readTensor } from "../../src/checkpoint/safetensors.ts";
import { exportCommand } from "../../src/cli/commands/export.ts";
import { parsePt } from "../../src/formats/torch/read-pt.ts";
import { scaled, type Recipe } from "../../src/gan/recipe.ts";
import { best } from "../../src/gan/recipes/best.ts";
import { dcgan } from "../../src/gan/recipes/dcgan.ts";
import { denseGan } from "../../src/gan/recipes/dense.ts";
import { mlp } from "../../src/gan/recipes/mlp.ts";
import { UsageError } from "../../src/gpu/errors.ts";
import { fitImports } from "../../src/runs/exchange/fit-imports.ts";
import { parseBytes } from "../../src/runs/exchange/import-files.ts";
import { testDevice } from "../support/device.ts";
import { hasTorch, withoutTorch } from "../support/in-torch.ts";
import { farthest } from "../support/layouts.ts";
import { makeRun } from "../support/made-run.ts";
import { messageOf } from "../support/message-of.ts";
import { pythonWith, runPython } from "../support/python.ts";
import { said } from "../support/said.ts";

const device = await testDevice();
const folder = mkdtempSync(join(tmpdir(), "longhand-torch-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (...names: string[]): string => join(folder, ...names);
const narrowBest = scaled(best, 0.04);

beforeAll(async () => {
  await makeRun(device, at("whole"), narrowBest);
});

// Takes one step of PyTorch's Adam from exported moments, with made-up gradients. Prints the parameters after it.
const ADAM = `
import sys, json, math, importlib.util, torch
folder = sys.argv[1]
spec = importlib.util.spec_from_file_location("model", folder + "/model.py")
model = importlib.util.module_from_spec(spec)
spec.loader.exec_module(model)
net = model.load(model.discriminator(), folder + "/discriminator.safetensors")

class State(dict):
    def load_state_dict(self, state, strict):
        self.update(state)

moments = model.load(State(), folder + "/discriminator_adam.safetensors")
adam = json.loads(sys.argv[2])
steps = moments["step"].item()
if adam["convention"] == "keras":
    adam["epsilon"] /= math.sqrt(1 - adam["beta2"] ** (steps + 1))
optimizer = torch.optim.Adam(net.parameters(), adam["learningRate"], (adam["beta1"], adam["beta2"]), adam["epsilon"])
for name, parameter in net.named_parameters():
    optimizer.state[parameter] = {
        "step": moments["step"].clone(),
        "exp_avg": moments[name + ".exp_avg"].clone(),
        "exp_avg_sq": moments[name + ".exp_avg_sq"].clone(),
    }
    parameter.grad = torch.cos(torch.arange(parameter.numel()).reshape(parameter.shape[::-1]) * 0.7).permute(*reversed(range(parameter.dim())))
optimizer.step()
print(json.dumps({name: parameter.permute(*reversed(range(parameter.dim()))).flatten().tolist() for name, parameter in net.named_parameters()}))
`;

const SAVE = `
import sys, importlib.util, torch
folder, network = sys.argv[1:]
spec = importlib.util.spec_from_file_location("model", folder + "/model.py")
model = importlib.util.module_from_spec(spec)
spec.loader.exec_module(model)
net = model.load(getattr(model, network)(), f"{folder}/{network}.safetensors")
torch.save(net.state_dict(), f"{folder}/{network}.pt")
`;

describe("an export for PyTorch", () => {
  it.skipIf(!hasTorch).each([mlp, denseGan])(
    `has Adam's moments, from which PyTorch's Adam goes on as here: $name${withoutTorch}`,
    async (listed: Recipe) => {
      // With a large ε, it matters where it is added.
      const large = { ...listed.discriminatorAdam, learningRate: 0.01, epsilon: 0.1 };
      const recipe: Recipe = { ...listed, discriminatorAdam: large };
      // Both networks here have dense layers alone, whose layout is PyTorch's in reverse.
      const path = at(`adam-${recipe.name}`);
      const gan = await makeRun(device, path, scaled(recipe, 0.01));
      await said(() => exportCommand(path, { format: "torch", what: "training" }));
      const { parameters } = gan.discriminator;
      for (const { gradient } of parameters) {
        gradient.write(Float32Array.from({ length: gradient.size }, (_, i) => Math.cos(i * 0.7)));
      }
      gan.discriminatorAdam.update();
      const constants = JSON.stringify(recipe.discriminatorAdam);
      const text = runPython(pythonWith("torch")!, ADAM, join(path, "torch"), constants);
      const there: Record<string, number[]> = JSON.parse(text);
      expect(Object.keys(there).length).toBe(parameters.length);
      for (const { name, tensor } of parameters) {
        const values = await tensor.read();
        expect(farthest(there[name.replace("kernel", "weight")]!, values)).toBeLessThan(1e-6);
      }
    },
  );

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
    const python = readFileSync(at("named", "torch", "model.py"), "utf8");
    expect(python.trimEnd().split("\n").length).toBeLessThan(45);
    expect(python).toContain(
      "conv_transpose2d_1=nn.ConvTranspose2d(8, 4, (5, 5), stride=(2, 2), bias=False, padding=(1, 1)),",
    );
  });

  it("writes the judge, and all that training reads, and overwrites nothing unasked", async () => {
    const out = at("judge");
    const judge = await said(() =>
      exportCommand(undefined, { format: "torch", what: "judge", out }),
    );
    expect(judge.split("\n")).toEqual([join(out, "judge.safetensors"), join(out, "model.py")]);
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
    expect(refused).toMatch(/^--out .*generator\.safetensors: exists already; name another place/);
    const mixed = { format: "torch", uint8: true } as const;
    expect(await messageOf(UsageError, () => exportCommand(at("whole"), mixed))).toBe(
      "--uint8: belongs to --format onnx; leave it out",
    );
  });

  it.skipIf(!hasTorch)(
    `is imported with the same bits once torch.save has written it${withoutTorch}`,
    async () => {
      await said(() => exportCommand(at("whole"), { format: "torch", out: at("pt") }));
      runPython(pythonWith("torch")!, SAVE, at("pt"), "generator");
      const path = at("pt", "generator.pt");
      const bytes = readFileSync(path);
      const { tensors } = decodeSafetensors(readFileSync(path.replace(".pt", ".safetensors")), "f");
      expect(new Map(parsePt(bytes, path).tensors)).toEqual(
        new Map([...tensors].toSorted(([a], [b]) => Number(a > b) - Number(a < b))),
      );
      const { networks } = fitImports(narrowBest, [await parseBytes(bytes, path)]);
      const dense = networks.get("generator")!.layers[0]!.arrays["kernel"]!;
      expect(dense.shape).toEqual([200, dense.data.length / 200]);
    },
  );
});
