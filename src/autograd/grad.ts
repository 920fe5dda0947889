// Gradients as tensors: the public `grad` and `vectorJacobian`.
import { DTypeError } from "../gpu/errors.ts";
import { show } from "../gpu/foreign-text.ts";
import { gradArrays, vectorJacobianArrays } from "./backward.ts";
import { Tensor } from "./tensor.ts";

/** A list with one tensor per tensor of another list. */
export type TensorsLike<List extends readonly Tensor[]> = { readonly [I in keyof List]: Tensor };

/** Wraps arrays as tensors, one per tensor of a list. */
function tensorsLike<List extends readonly Tensor[]>(
  list: List,
  arrays: ReturnType<typeof gradArrays>,
): TensorsLike<List>;
function tensorsLike(
  _list: readonly Tensor[],
  arrays: ReturnType<typeof gradArrays>,
): readonly Tensor[] {
  return arrays.map((array) => new Tensor(array));
}

/**
 * Returns the gradients of a scalar with respect to some tensors, in their order: `const [dw, db] = grad(loss, [w,
 * b])`. Computes only what leads to those tensors. Calling it again returns the same bits. Second derivatives are not
 * supported.
 * Throws `ShapeError` unless `loss` has one element, `AttributeError` if a tensor doesn't lead to it.
 */
export function grad<const List extends readonly Tensor[]>(
  loss: Tensor,
  wrt: List,
): TensorsLike<List> {
  return tensorsLike(wrt, gradArrays(loss, wrt));
}

/**
 * Like `grad`, for an output of any shape and the gradient that flows into it. Throws `ShapeError` if their shapes
 * differ, `DTypeError` unless both are f32 tensors.
 */
export function vectorJacobian<const List extends readonly Tensor[]>(
  out: Tensor,
  dout: Tensor,
  wrt: List,
): TensorsLike<List> {
  if (!(dout instanceof Tensor)) {
    throw new DTypeError(
      `vectorJacobian: the gradient that flows in must be a Tensor; got ${show(dout)}: make it with tensor(device, values, shape)`,
    );
  }
  return tensorsLike(wrt, vectorJacobianArrays(out, dout.array, wrt));
}
