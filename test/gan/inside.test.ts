// What inspection shows of a GAN: activations, gradient norms, and the launches of a step with their variants.
import { describe, expect, it } from "vitest";
import { noGrad, Tensor } from "../../src/autograd/tensor.ts";
import { createGan, type Gan } from "../../src/gan/gan.ts";
import { compileActivations, layersOf } from "../../src/gan/inside/activations.ts";
import { compileGradientNorms } from "../../src/gan/inside/gradient-norms.ts";
import { inspectStep } from "../../src/gan/inside/launches.ts";
import { compileSteps } from "../../src/gan/train-steps.ts";
import { timeVariant, variantsOf } from "../../src/kernels/timed-variant.ts";
import { testDevice } from "../support/device.ts";
import { narrowDcgans, narrowRecipes, strokes } from "../support/narrow-recipes.ts";

const device = await testDevice();
const data = strokes(30);
const recipe = narrowDcgans[0]!.recipe;
const fresh = (): Gan => createGan(device, recipe, data, { seed: 5 });
const normOf = (values: Float32Array): number =>
  Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));

describe("activations", () => {
  it.each(["generator", "discriminator"] as const)("of the %s end in its output", async (which) => {
    const network = fresh()[which];
    const { inputs, program, outputs, peaks } = await compileActivations(network, 2);
    inputs.write(Float32Array.from({ length: inputs.size }, (_, i) => Math.sin(i)));
    await program.run();
    const facts = layersOf(network);
    expect(outputs.map(({ shape }) => shape)).toEqual(
      facts.map(({ outputShape }) => [2, ...outputShape]),
    );
    const whole = device.scope(() =>
      noGrad(() => network.forward(new Tensor(inputs), { training: false })),
    );
    const [expected, found] = [await whole.array.read(), await outputs.at(-1)!.read()];
    expect(Math.max(...found.map((value, i) => Math.abs(value - expected[i]!)))).toBeLessThan(1e-5);
    const largest = await peaks.read();
    for (const [at, output] of outputs.entries()) {
      const values = await output.read();
      expect(largest[at]).toBe(Math.max(...values.map(Math.abs)));
      expect(largest[at]).toBeGreaterThan(0);
    }
  });

  it("change nothing that a step reads", async () => {
    const [watched, alone] = [fresh(), fresh()];
    const looks = await compileActivations(watched.generator, 1);
    const norms = await compileGradientNorms(watched.discriminator);
    const inspected = await inspectStep(watched);
    for (const gan of [watched, alone]) {
      const { full } = await compileSteps(gan);
      for (let step = 0; step < 3; step += 1) {
        await full.run();
        if (gan === alone) continue;
        await looks.program.run();
        await norms.read();
      }
    }
    expect(inspected.launches.length).toBeGreaterThan(20);
    expect(await watched.ring.read()).toEqual(await alone.ring.read());
    expect(await watched.generator.arena.read()).toEqual(await alone.generator.arena.read());
  });
});

it("gradient norms are those of the gradients", async () => {
  const gan = fresh();
  const { names, read } = await compileGradientNorms(gan.generator);
  expect(await read()).toEqual(names.map(() => 0));
  const { full } = await compileSteps(gan);
  await full.run();
  const norms = await read();
  for (const [at, { name, gradient }] of gan.generator.parameters.entries()) {
    expect(names[at]).toBe(name);
    const expected = normOf(await gradient.read());
    expect(Math.abs(norms[at]! - expected)).toBeLessThan(1e-5 * expected + 1e-9);
  }
});

describe("the launches of a step", () => {
  it("are those of the compiled step, with the WGSL of each", async () => {
    const gan = fresh();
    const { full } = await compileSteps(gan);
    const { launches, request } = await inspectStep(gan);
    expect(launches.map(({ label }) => label)).toEqual(
      full.plan.dispatches.map(({ label }) => label),
    );
    for (const { index, entry } of launches) {
      expect(device.pipelines.code(request(index))).toContain(`fn ${entry}(`);
    }
  });

  it.each(
    [narrowDcgans[0]!, ...narrowRecipes].map(({ recipe: each }) => ({
      each,
      name: each.name,
      order: each.order,
    })),
  )("belong to layers: $name, $order", async ({ each }) => {
    const gan = createGan(device, each, data, { seed: 5 });
    const { launches } = await inspectStep(gan);
    const learned = [gan.generator, gan.discriminator].flatMap((network) =>
      layersOf(network).filter(({ parameters }) => parameters > 0),
    );
    for (const { name } of learned) {
      const own = launches.filter(({ layer }) => layer === name);
      // Forward and backward, in the parts of both.
      expect(new Set(own.map(({ part }) => part)).size, name).toBeGreaterThan(1);
    }
  });

  it("have variants, which can be timed", async () => {
    const { launches, workload } = await inspectStep(fresh());
    const heavy = launches.filter(({ shader }) => /^(?:conv2d|matmul)/.test(shader));
    expect(heavy.length).toBeGreaterThan(6);
    for (const { index, shader, label } of heavy) {
      const found = workload(index);
      expect(found, label).toBeDefined();
      expect(shader.startsWith(found!.kernel)).toBe(true);
      const variants = variantsOf(device, found!);
      expect(variants[0]!.standard).toBe(true);
      for (const { request } of variants) {
        expect(device.pipelines.code(request)).toContain("@compute");
      }
    }
    const first = workload(heavy[0]!.index)!;
    const variants = variantsOf(device, first);
    expect(variants.length).toBeGreaterThan(1);
    const timed = await timeVariant(device, first, variants[1]!.variant);
    expect(timed.seconds).toBeGreaterThan(0);
    expect(timed.flop).toBeGreaterThan(0);
    await expect(timeVariant(device, first, "subgroup")).rejects.toThrow("choose another variant");
  });
});
