// Checks gradients against finite differences of the function itself, which shows whether a backward is right.
import { formatShape } from "../gpu/array.ts";
import { GradientError, ShapeError } from "../gpu/errors.ts";
import { callback, checkArgument, checkAttributes, finite, whole } from "../kernels/attributes.ts";
import { uniforms } from "../kernels/host-draws.ts";
import { vectorJacobianArrays } from "./backward.ts";
import { noGrad, Tensor, tensorOf, variable } from "./tensor.ts";

/** How gradients are checked. */
export interface GradientCheckOptions {
  /** The largest error that passes, relative to the largest derivative of the input or to 1 (1e-2). */
  readonly tolerance?: number;
  /**
   * The first of two steps, relative to the largest value of an input or to 1 (2⁻⁶). Keep values further from kinks
   * than this.
   */
  readonly step?: number;
  /** The seed of the random directions and weights (1). */
  readonly seed?: number;
}

/** What a check found for one input. */
export interface GradientCheck {
  /** The largest error, relative to the largest derivative or to 1. */
  readonly error: number;
  /** The number of directions checked: one per element, or 4 random ones for an input of more than 64 elements. */
  readonly directions: number;
}

/** An input of more elements is checked along `DIRECTIONS` random directions instead of element by element. */
const ELEMENTWISE_LIMIT = 64;
const DIRECTIONS = 4;

/**
 * Checks the gradients of a function of tensors against central differences of its values. The differences are taken at
 * two steps and extrapolated. They are of a random weighting of the outputs, summed in float64. Values on the device
 * are float32, which leaves about five digits; a wrong formula is off by far more.
 *
 * Shapes: inputs (…), f32 tensors away from kinks → one `GradientCheck` per input.
 * Attributes: tolerance — the largest error that passes, relative to the largest derivative or to 1 (1e-2); step — the
 * first step, relative to the largest value or to 1 (2⁻⁶); seed — the seed of the random directions and weights (1).
 * Throws: `GradientError` if a gradient is off, with the input, the value found and the value expected;
 * `AttributeError` on an invalid option, and if an input doesn't lead to the output; `ShapeError` if the output's shape
 * depends on values.
 * Source: PyTorch's gradcheck, without float64 on the device; Richardson's extrapolation.
 */
export async function checkGradients(
  f: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  options: GradientCheckOptions = {},
): Promise<readonly GradientCheck[]> {
  checkArgument("checkGradients", "the function to check", f, callback);
  checkArgument("checkGradients", "the inputs", inputs, {
    expects: "a list of one tensor or more",
    accepts: (value) => Array.isArray(value) && value.length > 0,
  });
  Array.from(inputs, (input, index) => tensorOf("checkGradients", index, input)); // visits holes too
  checkAttributes<GradientCheckOptions>("checkGradients", options, {
    tolerance: finite(0),
    step: finite(0),
    seed: whole(0),
  });
  const { tolerance = 1e-2, step = 2 ** -6, seed = 1 } = options;
  const { device } = inputs[0]!.array;
  const random = uniforms(seed);
  const values = await Promise.all(inputs.map(async (input) => input.read("f32")));
  const tracked = inputs.map(({ array }) => variable(array));
  const out = f(...tracked);
  tensorOf("checkGradients", 0, out);
  const weights = Float32Array.from({ length: out.array.size }, () => 2 * random() - 1);
  const dout = device.upload(weights, out.shape, "f32", "weights");
  const gradients = vectorJacobianArrays(out, dout, tracked);

  const valueAt = async (index: number, at: Float32Array<ArrayBuffer>): Promise<number> => {
    const shape = inputs[index]!.shape;
    const other = new Tensor(device.upload(at, shape, "f32", "moved"));
    const result = noGrad(() => f(...inputs.with(index, other)));
    if (formatShape(result.shape) !== formatShape(out.shape)) {
      throw new ShapeError(
        `checkGradients: the output's shape must not depend on the inputs' values; got ${formatShape(result.shape)} after ${formatShape(out.shape)}`,
      );
    }
    const read = await result.read("f32");
    return read.reduce((sum, value, i) => sum + value * weights[i]!, 0);
  };

  const found: GradientCheck[] = [];
  for (const [index, value] of values.entries()) {
    const gradient = await gradients[index]!.read();
    const h = step * Math.max(1, greatest(value));
    const along = directionsOf(value.length, random);
    const pairs: { readonly expected: number; readonly got: number }[] = [];
    for (const direction of along) {
      const difference = async (by: number): Promise<number> => {
        const [up, down] = [moved(value, direction, by), moved(value, direction, -by)];
        // Divide by the step that float32 rounding leaves, not by the one that was asked for.
        const way = up.reduce((sum, each, i) => sum + (each - down[i]!) * direction[i]!, 0);
        const length = direction.reduce((sum, each) => sum + each * each, 0);
        return ((await valueAt(index, up)) - (await valueAt(index, down))) / (way / length);
      };
      const [coarse, fine] = [await difference(h), await difference(h / 2)];
      const got = gradient.reduce((sum, each, i) => sum + each * direction[i]!, 0);
      pairs.push({ expected: (4 * fine - coarse) / 3, got });
    }
    const scale = greatest(pairs.map(({ expected }) => expected));
    const errors = pairs.map(({ expected, got }) => Math.abs(expected - got) / Math.max(1, scale));
    const worst = errors.reduce((most, error, i) => (error <= errors[most]! ? most : i), 0);
    if (!(errors[worst]! <= tolerance)) {
      const where =
        value.length > ELEMENTWISE_LIMIT ? "along a random direction" : `at element ${worst}`;
      throw offBy(`${index} ${where}`, pairs[worst]!);
    }
    found.push({ error: errors[worst]!, directions: along.length });
  }
  return found;
}

function offBy(
  where: string,
  { expected, got }: { readonly expected: number; readonly got: number },
): GradientError {
  return new GradientError(
    `checkGradients: the gradient of input ${where} must be ${expected.toPrecision(5)} by finite differences; got ${got.toPrecision(5)}: correct backward, or move the input away from a kink`,
  );
}

const greatest = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 0);

function moved(
  value: Float32Array,
  direction: Float32Array,
  by: number,
): Float32Array<ArrayBuffer> {
  return Float32Array.from(value, (each, i) => each + by * direction[i]!);
}

function directionsOf(size: number, random: () => number): Float32Array[] {
  if (size > ELEMENTWISE_LIMIT) {
    return Array.from({ length: DIRECTIONS }, () =>
      Float32Array.from({ length: size }, () => 2 * random() - 1),
    );
  }
  return Array.from({ length: size }, (_, which) =>
    Float32Array.from({ length: size }, (__, i) => Number(i === which)),
  );
}
