// The product over axes. Its gradient divides by nothing: each element's gradient is the product of all others.
import { sizeOf, type GpuArray } from "../gpu/array.ts";
import { anyAxes, flag } from "./attributes.ts";
import { binary } from "./binary.ts";
import { permuted } from "./moves.ts";
import { defineOp, type Op } from "./op.ts";
import { normaliseAxes, reducing } from "./reduce-geometry.ts";
import { reduce, type ReduceAttributes } from "./reduce.ts";
import { scan } from "./scan.ts";

/**
 * dx[i] = dy · Π x[j] over j ≠ i: the product of the elements before i, times the product of those after it. With one
 * zero in a row, only that zero has a gradient: the product of the others. With two zeros, every gradient is 0.
 */
function gradient(dout: GpuArray, x: GpuArray, axes: readonly number[]): GpuArray {
  const inner = sizeOf(x.shape.slice((axes.at(-1) ?? -1) + 1));
  const count = axes.reduce((product, axis) => product * x.shape[axis]!, 1);
  const outer = x.size / (count * inner);
  const rows = x.view([outer, count, inner]);
  const before = scan("product", rows, 1, { exclusive: true });
  const behind = scan("product", rows, 1, { exclusive: true, reverse: true });
  const others = binary("mul", before, behind);
  return binary("mul", others, dout.view([outer, 1, inner])).view(x.shape);
}

/** The product over some axes. */
export const prod: Op<readonly [GpuArray], ReduceAttributes> = defineOp({
  name: "prod",
  attributes: { axes: anyAxes, keepDims: flag },
  forward([x], { axes, keepDims = false }: ReduceAttributes) {
    const over = normaliseAxes("prod", axes, x.shape.length);
    reducing("prod", x.shape, over, keepDims); // throws on shapes that the gradient couldn't walk
    return { out: reduce(x, "prod", over, keepDims), saved: { x, over } };
  },
  backward(dout, { x, over }) {
    if (x.size === 0) return [dout.device.empty(x.shape, "f32", "prod.gradient")];
    const together = over.every((axis, i) => i === 0 || axis === over[i - 1]! + 1);
    if (together) return [gradient(dout, x, over)];
    // Move the reduced axes after all others, and move the gradient back.
    const kept = x.shape.map((_, axis) => axis).filter((axis) => !over.includes(axis));
    const order = [...kept, ...over];
    const moved = permuted(x, order);
    const last = over.map((_, i) => kept.length + i);
    const back = order.map((_, axis) => order.indexOf(axis));
    return [permuted(gradient(dout, moved, last), back)];
  },
});
