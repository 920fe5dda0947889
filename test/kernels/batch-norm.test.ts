// Which variance the recipes' batch norms store: for images that of their source's Keras, for vectors the population's
// as in every Keras; PyTorch's recipe has none.
import { expect, test } from "vitest";
import { noGrad, Tensor } from "../../src/autograd/tensor.ts";
import { scaled, type Recipe } from "../../src/gan/recipe.ts";
import { recipeNamed } from "../../src/gan/recipes/list.ts";
import type { RunningVariance } from "../../src/kernels/batch-norm.ts";
import { createRng, normal } from "../../src/kernels/random.ts";
import { sequential } from "../../src/nn/network.ts";
import { withConstants } from "../../src/runs/constants.ts";
import { testDevice } from "../support/device.ts";

const device = await testDevice();
const BATCH = 2;

interface Remembered {
  /** Of a layer of images, the rows that a channel has in the batch. */
  readonly rows: number;
  readonly ofImages: boolean;
  /** What of the running variance a forward of the batch brought in. */
  readonly brought: readonly number[];
}

/** What each batch norm of a narrow generator remembers after one forward in training. */
async function remembered(recipe: Recipe): Promise<Remembered[]> {
  const { latent, classes = 0 } = recipe;
  const narrow = scaled(recipe, 0.03);
  const random = createRng(device, 5);
  const input = [latent + classes];
  const network = sequential(device, "g", input, recipe.generator(narrow), random);
  const z = new Tensor(normal(createRng(device, 6), [BATCH, ...input]));
  device.scope(() => void noGrad(() => network.forward(z, { training: true, rng: random })));
  const momentum = Number(new Map(Object.entries(recipe)).get("momentum") ?? 0.99);
  const norms = network.layers.filter(({ buffers }) => buffers["running"]);
  return Promise.all(
    norms.map(async ({ buffers, outputShape }) => {
      const values = await buffers["running"]!.read();
      return {
        rows: BATCH * outputShape.slice(0, -1).reduce((a, b) => a * b, 1),
        ofImages: outputShape.length === 3,
        brought: Array.from(values.subarray(values.length / 2), (v) => v - momentum),
      };
    }),
  );
}

test.each<[string, RunningVariance, string]>([
  ["dcgan", "population", "Keras 3, of TensorFlow 2.16 and newer"],
  ["dcgan32", "sample", "TensorFlow 2.0 to 2.15"],
])("%s remembers of images the %s's variance, as %s", async (name, of) => {
  const recipe = recipeNamed(name);
  const population = withConstants(recipe, { runningVariance: "population" }, "test");
  const found = [await remembered(recipe), await remembered(population)];
  expect(found[0]!.map(({ ofImages }) => ofImages)).toEqual([false, true, true]);
  found[0]!.forEach(({ rows, ofImages, brought }, i) => {
    const factor = of === "sample" && ofImages ? rows / (rows - 1) : 1;
    const [most, wanted] = [brought, found[1]![i]!.brought].map((all) => Math.max(...all));
    expect(most! / wanted!).toBeCloseTo(factor, 4);
  });
});

test("small, best and conditional have the dcgan's generator, and follow the same Keras", () => {
  const { generator } = recipeNamed("dcgan");
  for (const name of ["small", "best", "conditional"]) {
    expect(recipeNamed(name)).toMatchObject({ generator, runningVariance: "population" });
  }
});

test("the others have batch norm of vectors alone, or none", () => {
  const ranks = ({ generator, latent, ...rest }: Recipe): number[] => {
    let shape: readonly number[] = [latent];
    return generator({ latent, ...rest }).flatMap(({ kind, outputShape }) => {
      shape = outputShape(shape);
      return kind === "BatchNorm" ? [shape.length] : [];
    });
  };
  expect(ranks(recipeNamed("dcgan"))).toEqual([1, 3, 3]);
  expect(ranks(recipeNamed("dense"))).toEqual([1, 1, 1]);
  expect(ranks(recipeNamed("upsample"))).toEqual([1]);
  expect(ranks(recipeNamed("mlp"))).toEqual([]);
  for (const name of ["dense", "upsample", "mlp"]) {
    expect(recipeNamed(name)).not.toHaveProperty("runningVariance");
  }
});
