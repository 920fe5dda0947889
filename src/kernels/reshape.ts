// Reshape: another shape for the same elements. There is no kernel, because nothing is copied.
import { formatShape, sizeOf, type GpuArray } from "../gpu/array.ts";
import { AttributeError, ShapeError } from "../gpu/errors.ts";
import { needed, wholes } from "./attributes.ts";
import { defineOp, WORDS, type Op } from "./op.ts";

/** The new shape; one extent may be −1 and is then inferred. */
export interface ReshapeAttributes {
  readonly shape: readonly number[];
}

function resolve(from: readonly number[], to: readonly number[]): readonly number[] {
  const free = to.indexOf(-1);
  const known = sizeOf(to.filter((extent) => extent !== -1));
  const size = sizeOf(from);
  const shape = free < 0 ? to : to.with(free, known === 0 ? Number.NaN : size / known);
  if (shape.some((n) => !Number.isInteger(n) || n < 0) || sizeOf(shape) !== size) {
    throw new ShapeError(
      `reshape: ${formatShape(from)} has ${size} elements and can't become ${formatShape(to)}; at most one extent may be -1`,
    );
  }
  return shape;
}

/** The same elements in another shape. */
export const reshape: Op<readonly [GpuArray], ReshapeAttributes> = defineOp({
  name: "reshape",
  attributes: { shape: needed(wholes(-1)) },
  takes: [[...WORDS, "f16"]],
  forward: ([x], { shape }: ReshapeAttributes) => ({
    out: x.view(resolve(x.shape, shape)),
    saved: x.shape,
  }),
  backward: (dout, shape) => [dout.view(shape)],
  rows(shape, out, first, count) {
    if (shape[0] !== out.shape[0]) {
      throw new AttributeError(
        `reshape: ${formatShape(shape)} to ${formatShape(out.shape)} mixes rows; take rows before or after the reshape`,
      );
    }
    return { out: out.rows(first, count), saved: [count, ...shape.slice(1)] };
  },
});
