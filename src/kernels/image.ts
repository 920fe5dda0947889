// Images (N, H, W, C), as pooling and resizing take them.
import { formatShape } from "../gpu/array.ts";
import { ShapeError } from "../gpu/errors.ts";

/** Throws `ShapeError` unless a shape is (N, H, W, C) with at least one pixel. */
export function checkImages(op: string, shape: readonly number[]): void {
  if (shape.length !== 4) {
    throw new ShapeError(`${op}: takes images (N, H, W, C); got ${formatShape(shape)}`);
  }
  if (shape[1] === 0 || shape[2] === 0) {
    throw new ShapeError(
      `${op}: takes images of at least one pixel (N, H, W, C); got ${formatShape(shape)}`,
    );
  }
}
