// Fully connected layers. A matrix product is a convolution of one-pixel images, so they use conv2d's kernels and
// epilogues.
import { formatShape, sizeOf, type GpuArray } from "../gpu/array.ts";
import { ShapeError } from "../gpu/errors.ts";
import { convolve, dataGradient } from "./conv2d.ts";
import { parameterGradients } from "./conv2d-weight-gradient.ts";
import type { Geometry } from "./conv2d-geometry.ts";
import {
  checkBias,
  withEpilogue,
  outputChecks,
  STORED,
  type OutputAttributes,
} from "./epilogue-attributes.ts";
import { defineOp, type Op } from "./op.ts";

/** Returns a product (rows, features) · (features, outputs) as a convolution's geometry. */
function onePixel(batch: number, channels: number, filters: number): Geometry {
  const once = [1, 1] as const;
  return {
    batch,
    height: 1,
    width: 1,
    channels,
    kernel: once,
    filters,
    outHeight: 1,
    outWidth: 1,
    strides: once,
    dilations: once,
    pad: [0, 0],
    groups: 1,
  };
}

/** x and kernel, and a bias if there is one. */
type Inputs = readonly [GpuArray, GpuArray, ...GpuArray[]];

/** dense: x (…, I), kernel (I, O), bias (O) to (…, O). */
export const dense: Op<Inputs, OutputAttributes> = defineOp({
  name: "dense",
  attributes: outputChecks,
  takes: STORED,
  takesEpilogueGradients: [0],
  forward([x, kernel, bias], attributes) {
    const features = x.shape.at(-1);
    if (features === undefined || kernel.shape.length !== 2 || features !== kernel.shape[0]) {
      throw new ShapeError(
        `dense: takes x (…, I) and a kernel (I, O); got ${formatShape(x.shape)} and ${formatShape(kernel.shape)}`,
      );
    }
    const outputs = kernel.shape[1]!;
    checkBias("dense", bias, outputs);
    const geometry = onePixel(sizeOf(x.shape.slice(0, -1)), features, outputs);
    const shape = [...x.shape.slice(0, -1), outputs];
    const made = withEpilogue("dense", attributes, sizeOf(shape), (epilogue, activationType) =>
      convolve(x, kernel, geometry, { bias, epilogue, activationType }).view(shape),
    );
    return { ...made, saved: { x, kernel, geometry } };
  },
  backward(dout, { x, kernel, geometry }, _attributes, needs, [epilogueGradient]) {
    const dx = needs[0] ? dataGradient(dout, kernel, geometry, { epilogueGradient }) : undefined;
    const [dkernel, dbias] = parameterGradients(x, dout, geometry, needs);
    return [dx?.view(x.shape), dkernel?.view(kernel.shape), dbias];
  },
  rows: ({ x, geometry, ...saved }, out, first, count) => ({
    out: out.rows(first, count),
    saved: {
      ...saved,
      x: x.rows(first, count),
      geometry: { ...geometry, batch: (geometry.batch / x.shape[0]!) * count },
    },
  }),
});
