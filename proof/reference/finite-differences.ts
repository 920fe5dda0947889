// Gradients checked against central differences in float64: the check of the reference itself.
import { createRandom, dot, map, randomRef, type Ref, zip } from "./array.ts";

/** A larger input is checked along this many random directions instead of element by element. */
const ELEMENTWISE_LIMIT = 64;
const DIRECTIONS = 4;

/**
 * The largest error of the gradients of `Σ r·forward(…inputs)`, r random, against central
 * differences of step `h`, relative to the largest derivative of that input (at least 1).
 * `backward` gets dy = r and gives a gradient for each input. The inputs must lie further than
 * `h` from any kink.
 */
export function gradientError(
  forward: (...inputs: Ref[]) => Ref,
  backward: (dy: Ref, ...inputs: Ref[]) => readonly Ref[],
  inputs: readonly Ref[],
  h = 1e-5,
): number {
  const random = createRandom(1);
  const dy = randomRef(forward(...inputs).shape, random);
  const grads = backward(dy, ...inputs);
  let worst = 0;
  inputs.forEach((x, position) => {
    const grad = grads[position]!;
    if (grad.shape.join() !== x.shape.join()) {
      throw new RangeError(`The gradient of [${x.shape}] has the shape [${grad.shape}].`);
    }
    const at = (direction: Ref, step: number): number =>
      dot(
        dy,
        forward(
          ...inputs.with(
            position,
            zip(x, direction, (a, b) => a + step * b),
          ),
        ),
      );
    const pairs = directions(x, random).map((direction) => {
      const measured = (at(direction, h) - at(direction, -h)) / (2 * h);
      return [measured, dot(grad, direction)] as const;
    });
    const scale = pairs.reduce((most, [measured]) => Math.max(most, Math.abs(measured)), 1);
    for (const [measured, told] of pairs) {
      const error = Math.abs(measured - told) / scale;
      worst = error <= worst ? worst : error; // a NaN error is the worst
    }
  });
  return worst;
}

function directions(x: Ref, random: () => number): Ref[] {
  if (x.data.length > ELEMENTWISE_LIMIT) {
    return Array.from({ length: DIRECTIONS }, () => randomRef(x.shape, random));
  }
  return Array.from(x.data, (_, which) => {
    const unit = map(x, () => 0);
    unit.data[which] = 1;
    return unit;
  });
}
