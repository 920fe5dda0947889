// The figures that go with each part of a step in slow motion, computed on the host in float64.
import type { GpuArray } from "../gpu/array.ts";
import type { Gan } from "./gan.ts";
import { normOf } from "./latent.ts";
import { conditionCount, endsInSigmoid } from "./recipe.ts";
import type { Sight, StepPart } from "./steps/parts.ts";

/** What has to be read before a part runs: the weights that it updates. */
export type Before = Float32Array | undefined;

type Numbers = Record<string, number>;

/** Returns what `numbersOf` will compare the part's results with. */
export async function snapshot(gan: Gan, part: StepPart): Promise<Before> {
  const updated = weightsOf(gan, part);
  return updated && (await updated.read());
}

/** Returns the weights that a part changes. */
function weightsOf(
  { generator, discriminator, sampler }: Gan,
  part: StepPart,
): GpuArray | undefined {
  if (part === "generator-update") return generator.arena;
  if (part === "discriminator-update") return discriminator.arena;
  return part === "average" ? sampler.arena : undefined;
}

function meanOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i += 1) sum += values[i]!;
  return sum / values.length;
}

/** The mean and the standard deviation of some values. */
function momentsOf(values: ArrayLike<number>): Numbers {
  const mean = meanOf(values);
  let sum = 0;
  for (let i = 0; i < values.length; i += 1) sum += (values[i]! - mean) ** 2;
  return { mean, deviation: Math.sqrt(sum / values.length) };
}

/**
 * Returns the figures of a part that has just run:
 * - `noise`, `real`, `generate`: `count`, `mean` and `deviation` of the elements;
 * - `judge`: `dReal` and `dFake`, the discriminator's mean probabilities of being real;
 * - `losses`: `lossD`, `lossG`, `dReal`, `dFake`, as the step's record has them;
 * - `…-backward`: `norm`, that of the network's whole gradient;
 * - `…-update`, `average`: `norm` of the weights before, and `change`, the norm of their change divided by it;
 * - `penalty`: none;
 * - `count`: `step`, the number of steps done.
 */
export async function numbersOf(
  gan: Gan,
  part: StepPart,
  arrays: Partial<Readonly<Record<Sight, GpuArray>>>,
  before: Before,
): Promise<Numbers> {
  switch (part) {
    case "noise":
    case "real":
    case "generate": {
      const array = part === "generate" ? arrays.fake : arrays[part];
      if (!array) return {};
      return { count: array.shape[0]!, ...momentsOf(await array.read()) };
    }
    case "judge":
      return verdictsOf(gan, arrays);
    case "losses":
      return lossesOf(arrays);
    case "penalty":
      return {}; // it adds to the gradient that the next part computes
    case "discriminator-backward":
      return { norm: normOf(await gan.discriminator.gradients.read()) };
    case "generator-backward":
      return { norm: normOf(await gan.generator.gradients.read()) };
    case "discriminator-update":
    case "generator-update":
    case "average": {
      const after = await weightsOf(gan, part)!.read();
      const norm = normOf(before!);
      return { norm, change: normOf(after.map((value, i) => value - before![i]!)) / norm };
    }
    case "count": {
      const [, , step] = await gan.rng.state.read("u32");
      return { step: step! };
    }
  }
}

async function lossesOf(arrays: Partial<Record<Sight, GpuArray>>): Promise<Numbers> {
  if (arrays.scalars) {
    const [lossD, lossG, dReal, dFake] = await arrays.scalars.read();
    return { lossD: lossD!, lossG: lossG!, dReal: dReal!, dFake: dFake! };
  }
  const numbers: Numbers = {};
  if (arrays.lossD) numbers["lossD"] = (await arrays.lossD.read())[0]!;
  if (arrays.lossG) numbers["lossG"] = (await arrays.lossG.read())[0]!;
  return numbers;
}

/** Returns the mean probabilities of being real. If there are classes, each image is judged as one of its own class. */
async function verdictsOf(
  { recipe }: Gan,
  arrays: Partial<Record<Sight, GpuArray>>,
): Promise<Numbers> {
  const logits = !endsInSigmoid(recipe.loss) || recipe.loss === "sigmoid";
  const classes = conditionCount(recipe) || 1;
  const own = classes > 1 && arrays.labels ? await arrays.labels.read("i32") : undefined;
  const mean = async (array: GpuArray): Promise<number> => {
    const outputs = await array.read();
    const each = Array.from({ length: outputs.length / classes }, (_, i) => {
      const output = outputs[i * classes + (own?.[i] ?? 0)]!;
      return logits ? 1 / (1 + Math.exp(-output)) : output;
    });
    return meanOf(each);
  };
  return {
    ...(arrays.verdictsOnReal ? { dReal: await mean(arrays.verdictsOnReal) } : {}),
    ...(arrays.verdictsOnFake ? { dFake: await mean(arrays.verdictsOnFake) } : {}),
  };
}
