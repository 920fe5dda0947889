// Latent space under one's hand: turns keep the norm and undo one another, axes are orthonormal, and the principal
// directions are those of the generator's first layer. Verdicts on given images agree with those on generated ones.
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  hold,
  principalDirections,
  principalRows,
  randomDirections,
  turned,
  type Turn,
} from "../../src/gan/directions.ts";
import { createModels } from "../../src/gan/gan.ts";
import { drawImages, generatorInputs, verdict } from "../../src/gan/samples.ts";
import { normOf } from "../../src/gan/latent.ts";
import { conditional } from "../../src/gan/recipes/conditional.ts";
import { mlp } from "../../src/gan/recipes/mlp.ts";
import type { Recipe } from "../../src/gan/recipe.ts";
import { verdictsOn } from "../../src/gan/verdicts.ts";
import { AttributeError, ShapeError, UsageError } from "../../src/gpu/errors.ts";
import { testDevice } from "../support/device.ts";

const device = await testDevice();

const LATENT = 12;
const latent = Float32Array.from(randomDirections(LATENT, 5, 1)[0]!, (value) => 3 * value);
const held = hold(latent, randomDirections(LATENT, 6));
const dot = (a: Float64Array, b: Float64Array): number =>
  a.reduce((sum, value, i) => sum + value * b[i]!, 0);

const angle = fc.double({ min: -7, max: 7, noNaN: true });
const axis = fc.constantFrom(0, 1, 2);

/** The quaternion of a turn by an angle about an axis. */
function about(axisIndex: number, by: number): Turn {
  const q: [number, number, number, number] = [0, 0, 0, Math.cos(by / 2)];
  q[axisIndex] = Math.sin(by / 2);
  return q;
}

/** Hamilton's product: the turn `first`, then the turn `then`. */
function after(first: Turn, then: Turn): Turn {
  const [ax, ay, az, aw] = then as [number, number, number, number];
  const [bx, by, bz, bw] = first as [number, number, number, number];
  return [
    aw * bx + ax * bw + ay * bz - az * by,
    aw * by - ax * bz + ay * bw + az * bx,
    aw * bz + ax * by - ay * bx + az * bw,
    aw * bw - ax * bx - ay * by - az * bz,
  ];
}

describe("hold", () => {
  it("has four unit vectors at right angles, whatever the directions' lengths", () => {
    const long = randomDirections(LATENT, 6).map((direction) => direction.map((v) => 1e3 * v));
    for (const { centre, axes } of [held, hold(latent, long)]) {
      const all = [centre, ...axes];
      all.forEach((a, i) =>
        all.forEach((b, j) => expect(dot(a, b)).toBeCloseTo(i === j ? 1 : 0, 6)),
      );
    }
  });

  it("leaves out directions that bring nothing new", () => {
    const [first, second, third] = randomDirections(LATENT, 6);
    const again = hold(latent, [
      Float64Array.from(latent),
      first!,
      first!.map((value) => -2 * value),
      second!,
      third!,
    ]);
    expect(again.axes).toEqual(held.axes);
  });

  it("refuses latents without a direction, and too few directions", () => {
    expect(() => hold(new Float32Array(LATENT), randomDirections(LATENT, 6))).toThrow(
      AttributeError,
    );
    expect(() => hold(latent, randomDirections(LATENT, 6, 2))).toThrow(
      "takes three directions besides the latent itself; got 2",
    );
    expect(() => hold(latent, randomDirections(LATENT + 1, 6))).toThrow(ShapeError);
  });
});

describe("turned", () => {
  it("begins at the latent itself", () => {
    const start = turned(held, [0, 0, 0, 1]);
    start.forEach((value, i) => expect(value).toBeCloseTo(latent[i]!, 6));
  });

  it("keeps the norm under any turns, and undoes them", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(axis, angle), { maxLength: 8 }), (steps) => {
        let q: Turn = [0, 0, 0, 1];
        for (const [which, by] of steps) q = after(q, about(which, by));
        expect(normOf(turned(held, q))).toBeCloseTo(3, 5);
        for (const [which, by] of steps.toReversed()) q = after(q, about(which, -by));
        turned(held, q).forEach((value, i) => expect(value).toBeCloseTo(latent[i]!, 5));
      }),
    );
  });

  it("arrives at an axis by half a turn, at the opposite by a whole one, back by two", () => {
    for (const which of [0, 1, 2]) {
      const at = turned(held, about(which, Math.PI));
      at.forEach((value, i) => expect(value).toBeCloseTo(3 * held.axes[which]![i]!, 5));
      const opposite = turned(held, about(which, 2 * Math.PI));
      opposite.forEach((value, i) => expect(value).toBeCloseTo(-latent[i]!, 5));
      const back = turned(held, about(which, 4 * Math.PI));
      back.forEach((value, i) => expect(value).toBeCloseTo(latent[i]!, 5));
    }
  });

  it("stretches, ignores the quaternion's length, and refuses length 0", () => {
    expect(normOf(turned(held, about(1, 0.3), 0.5))).toBeCloseTo(1.5, 5);
    const [x, y, z, w] = about(1, 0.3) as [number, number, number, number];
    const longer = turned(held, [5 * x, 5 * y, 5 * z, 5 * w]);
    longer.forEach((value, i) => expect(value).toBeCloseTo(turned(held, about(1, 0.3))[i]!, 6));
    expect(() => turned(held, [0, 0, 0, 0])).toThrow("a quaternion of length 0 is no rotation");
  });
});

describe("principal directions", () => {
  it("are a matrix's, in order, with their shares", () => {
    // Rows 2 a, b, 0.5 c with orthonormal a, b, c: the principal directions are the axes.
    const values = Float32Array.of(0, 1, 0, 0, -2, 0, 0, 0, 0, 0, 0.5, 0);
    const found = principalRows(values, 3, 4);
    expect(found.map(({ direction }) => [...direction])).toEqual([
      [0, 1, 0],
      [1, 0, 0],
      [0, 0, 1],
    ]);
    [4, 1, 0.25].forEach((square, i) => expect(found[i]!.share).toBeCloseTo(square / 5.25, 12));
  });

  it("are eigenvectors of the first layer's products, without the rows of classes", async () => {
    const told: Recipe = { ...conditional, latent: 10, generatorWidths: [4, 3, 2] };
    const models = createModels(device, told, 3);
    const found = await principalDirections(models);
    const kernel = models.sampler.layers[0]!.parameters["kernel"]!.tensor;
    const values = await kernel.read("f32");
    const units = kernel.shape[1]!;
    expect(kernel.shape[0]).toBe(20);
    expect(found.length).toBe(10);
    for (const { direction, share } of found) {
      const outputs = Float64Array.from({ length: units }, (_, unit) =>
        direction.reduce((sum, value, i) => sum + value * values[i * units + unit]!, 0),
      );
      const again = direction.map((_, i) =>
        outputs.reduce((sum, value, unit) => sum + value * values[i * units + unit]!, 0),
      );
      const eigenvalue = dot(outputs, outputs);
      again.forEach((value, i) => expect(value / eigenvalue).toBeCloseTo(direction[i]!, 6));
      const whole = values.subarray(0, 10 * units).reduce((sum, value) => sum + value ** 2, 0);
      expect(share).toBeCloseTo(eigenvalue / whole, 6);
    }
    expect(found.map(({ share }) => share)).toEqual(
      found.map(({ share }) => share).toSorted((a, b) => b - a),
    );
    const first = found[0]!.direction;
    expect(Math.max(...first)).toBe(Math.max(...first.map(Math.abs)));
  });

  it("need a first layer that is dense", async () => {
    const odd: Recipe = { ...mlp, name: "odd", generator: () => mlp.generator(mlp).slice(1) };
    await expect(principalDirections(createModels(device, odd, 3))).rejects.toThrow(UsageError);
  });
});

describe("verdictsOn", () => {
  it("agrees with the verdict on a generated image, and has an output per class", async () => {
    for (const recipe of [conditional, mlp]) {
      const narrow = { ...recipe, generatorWidths: [8, 4, 3], discriminatorWidths: [4, 5, 6] };
      const models = createModels(device, narrow, 3);
      const inputs = await generatorInputs(models, 9, 2);
      // The verdict takes the generator itself, not its average; they are still equal.
      const images = await drawImages(models, inputs, 2);
      const { outputs, logits, probabilities } = await verdictsOn(models, images, 2);
      expect(outputs).toBe(recipe.classes ?? 1);
      expect(logits.length).toBe(2 * outputs);
      const alone = await verdict(models, 9);
      expect(logits[0]).toBeCloseTo(alone.logit, 5);
      expect(probabilities[0]).toBeCloseTo(alone.probability, 5);
    }
    const models = createModels(device, mlp, 3);
    await expect(verdictsOn(models, new Float32Array(10), 1)).rejects.toThrow(ShapeError);
  });
});
