// Both losses' gradients on one way back through the discriminator, compared with a way of their own for each.
import { describe, expect, it } from "vitest";
import { createGan, type Gan } from "../../src/gan/gan.ts";
import type { Recipe } from "../../src/gan/recipe.ts";
import { trainingStep, type StepOptions } from "../../src/gan/step.ts";
import { compile } from "../../src/gpu/program.ts";
import { scaleGradient } from "../../src/kernels/scale-gradient.ts";
import { ShapeError } from "../../src/gpu/errors.ts";
import { messageOf } from "../support/message-of.ts";
import { narrowDcgans, narrowRecipes, otherLosses, strokes } from "../support/narrow-recipes.ts";
import { testDevice } from "../support/device.ts";

const device = await testDevice();
const data = strokes(30);

const simultaneous = [narrowDcgans[0]!, ...narrowRecipes, ...otherLosses]
  .map(({ recipe }) => recipe)
  .filter(({ order }) => order === "simultaneous");
const [dcgan] = simultaneous;

/** Makes a GAN whose discriminator says about the same of every image, if a verdict is given. */
function makeGan(recipe: Recipe, verdict?: number): Gan {
  const gan = createGan(device, recipe, data, { seed: 5 });
  if (verdict === undefined) return gan;
  const [kernel, bias] = gan.discriminator.parameters.slice(-2).map(({ tensor }) => tensor.array);
  kernel!.write(Float32Array.from({ length: kernel!.size }, (_, i) => ((i % 7) - 3) * 1e-3));
  bias!.write(new Float32Array(bias!.size).fill(verdict));
  return gan;
}

/** The scalars of one step, and both gradients by parameter. */
async function gradientsOf(recipe: Recipe, options: StepOptions, verdict?: number) {
  const gan = makeGan(recipe, verdict);
  device.scope(() => void trainingStep(gan, recipe.batch, options));
  const read = async (player: "generator" | "discriminator") =>
    Promise.all(gan[player].parameters.map(({ gradient }) => gradient.read("f32")));
  const scalars = await gan.ring.rows(0, 1).read("f32");
  return { scalars, g: await read("generator"), d: await read("discriminator") };
}

/** Returns the largest difference, relative to the largest value. */
function error(actual: Float32Array, expected: Float32Array): number {
  const largest = expected.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  expect(largest).toBeGreaterThan(0);
  return Math.max(...actual.map((x, i) => Math.abs(x - expected[i]!))) / largest;
}

async function launches(recipe: Recipe, options: StepOptions): Promise<number> {
  const gan = makeGan(recipe);
  const { plan } = await compile(device, "step", () => trainingStep(gan, recipe.batch, options));
  return plan.dispatches.length;
}

const shares = ({ loss, penalty = 0, name }: Recipe): boolean =>
  ["sigmoid", "logits", "paired"].includes(loss) && penalty === 0 && name !== "comparing";

describe.each(
  simultaneous.map((recipe) => {
    const { name, loss, penalty } = recipe;
    return { recipe, of: [name, loss, penalty ? "with a penalty" : ""].join(" ") };
  }),
)("$of", ({ recipe }) => {
  it("gives the same losses, the same bits to D, and to G what differs by rounding", async () => {
    const together = await gradientsOf(recipe, {});
    const apart = await gradientsOf(recipe, { shareGradients: false });
    expect(together.scalars).toEqual(apart.scalars);
    expect(together.d).toEqual(apart.d);
    const bits = (gradients: readonly Float32Array[]): string => gradients.map(String).join();
    expect(bits(together.g) === bits(apart.g)).toBe(!shares(recipe));
    for (const [i, gradient] of together.g.entries()) {
      expect(error(gradient, apart.g[i]!)).toBeLessThan(1e-5);
    }
  });

  it("shares launches if D judges each image by itself, and no gradient vanishes", async () => {
    const [apart, together] = [
      await launches(recipe, { shareGradients: false }),
      await launches(recipe, {}),
    ];
    expect(together < apart).toBe(shares(recipe));
    expect(together).toBeLessThanOrEqual(apart);
  });
});

describe("a discriminator that is certain", () => {
  it.each([-80, -60, -41, -20, 5, 30])(
    "of the verdict %i, lets G learn as it does alone",
    async (verdict) => {
      const together = await gradientsOf(dcgan!, {}, verdict);
      const apart = await gradientsOf(dcgan!, { shareGradients: false }, verdict);
      for (const [i, gradient] of together.g.entries()) {
        expect(error(gradient, apart.g[i]!)).toBeLessThan(1e-5);
      }
      for (const [i, gradient] of together.d.entries()) {
        const most = verdict > -41 ? 0 : 1e-15; // of slopes that are held at 2⁻⁶⁰
        const worst = Math.max(...gradient.map((x, at) => Math.abs(x - apart.d[i]![at]!)));
        expect(worst).toBeLessThanOrEqual(most);
      }
    },
  );
});

it("scales gradients by row, and refuses other factors than one per row", async () => {
  const x = device.upload(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3], "f32", "x");
  const factors = device.upload(Float32Array.of(2, -3), [2], "f32", "factors");
  const { out, backward } = scaleGradient.apply([x, factors], {});
  expect(await out.read()).toEqual(await x.read());
  const [dx, dfactors] = backward(x, [true, true]);
  expect(await dx!.read()).toEqual(Float32Array.of(2, 4, 6, -12, -15, -18));
  expect(dfactors).toBeUndefined();
  expect(
    await messageOf(ShapeError, () => void scaleGradient.apply([x, device.empty([3])], {})),
  ).toBe("scaleGradient: takes one factor per row of (2, 3); got (3)");
});
