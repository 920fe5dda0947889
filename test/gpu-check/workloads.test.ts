// The workloads of a step can be launched again, on other arrays, as the autotuner and the check of a GPU do.
import { expect, test } from "vitest";
import { recipeNamed } from "../../src/gan/recipes/list.ts";
import type { Use } from "../../src/kernels/autotune.ts";
import { stepWorkloads } from "../../src/gan/tune.ts";
import { VARIANTS } from "../../src/kernels/variant.ts";
import { createRng, uniform } from "../../src/kernels/random.ts";
import { Device } from "../../src/gpu/device.ts";
import { shaderText } from "../../src/gpu/node/adapter.ts";
import { testDevice } from "../support/device.ts";

const device = await testDevice();

test.each([
  ["a CPU", true],
  ["a GPU", false],
])(
  "as planned for %s, they take nothing but their inputs",
  async (_name, software) => {
    const own = new Device(device.gpu, { shaderText, software });
    const recipes = [recipeNamed("mlp"), recipeNamed("small")];
    const kernels = new Map<string, Use>(); // one workload of each: they take seconds to compile
    for (const recipe of recipes) {
      for (const use of (await stepWorkloads(own, recipe, 4)).values()) {
        kernels.set(use.workload.kernel, use);
      }
    }
    // Their dense layers are convolutions of one pixel, so no product is among them.
    const expected = Object.keys(VARIANTS).filter((kernel) => kernel !== "matmul");
    expect([...kernels.keys()].toSorted()).toEqual(expected.toSorted());
    const rng = createRng(own, 1);
    for (const [key, { workload }] of kernels) {
      const inputs = workload.inputs.map(({ shape }) => uniform(rng, shape, -1, 1));
      // Arrays of the recorded step have no buffers, so a launch that takes one of them throws.
      own.scope(() => {
        expect(workload.launch(...inputs).size, key).toBeGreaterThan(0);
      });
      for (const { storage } of inputs) own.free(storage);
    }
    await own.idle();
  },
  120_000,
);
