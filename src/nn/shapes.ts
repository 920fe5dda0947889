// Layers without parameters that change an example's shape and none of its values.
import { upsample as upsampleOp } from "../autograd/compositions.ts";
import { reshape as reshapeOp } from "../autograd/ops.ts";
import { checkShape, formatShape, sizeOf } from "../gpu/array.ts";
import { ShapeError } from "../gpu/errors.ts";
import { checkArgument, extent } from "../kernels/attributes.ts";
import type { Layer } from "./layer.ts";

const none = (): Readonly<Record<never, never>> => ({});

/** Enlarges images to `scale` times their height and width by repeating each pixel. */
export function upsample(scale: number): Layer {
  checkArgument("Upsample", "scale", scale, extent(1));
  return {
    kind: "Upsample",
    detail: `×${scale}`,
    outputShape(input) {
      const [height = 0, width = 0, channels = 0] = input;
      if (input.length !== 3) {
        throw new ShapeError(`Upsample: takes images (H, W, C); got ${formatShape(input)}`);
      }
      return [height * scale, width * scale, channels];
    },
    parameters: none,
    buffers: none,
    forward: (x) => upsampleOp(x, { scale }),
    form: { op: "upsample", scale },
  };
}

/** Gives each example another shape. */
export function reshape(shape: readonly number[]): Layer {
  checkShape("Reshape", shape);
  return {
    kind: "Reshape",
    detail: shape.join("×"),
    outputShape(input) {
      if (sizeOf(input) !== sizeOf(shape)) {
        throw new ShapeError(
          `Reshape: ${formatShape(shape)} takes ${sizeOf(shape)} elements; got ${sizeOf(input)} of ${formatShape(input)}`,
        );
      }
      return shape;
    },
    parameters: none,
    buffers: none,
    takesF16: "views",
    forward: (x) => reshapeOp(x, { shape: [x.shape[0]!, ...shape] }),
    form: { op: "reshape" },
  };
}

/** Turns each example into one vector. */
export function flatten(): Layer {
  return {
    kind: "Flatten",
    detail: "",
    outputShape: (input) => [sizeOf(input)],
    parameters: none,
    buffers: none,
    takesF16: "views",
    forward: (x) => reshapeOp(x, { shape: [x.shape[0]!, sizeOf(x.shape.slice(1))] }),
    form: { op: "reshape" },
  };
}
