// Resizes images from the host, on the device.
import { resize } from "../autograd/ops.ts";
import { noGrad, Tensor } from "../autograd/tensor.ts";
import type { Device } from "../gpu/device.ts";
import type { ResizeEdges } from "../kernels/resize.ts";

/**
 * Resizes images (count, height, width) in [−1, 1]: bilinear, half-pixel, as steps and judges do. `edges` is the
 * recipe's, for when images become larger.
 */
export async function resizeImages(
  device: Device,
  images: Float32Array,
  { count, height, width }: { count: number; height: number; width: number },
  size: readonly [number, number],
  edges: ResizeEdges = "clamp",
): Promise<Float32Array> {
  if (height === size[0] && width === size[1]) return images;
  const resized = device.scope(() => {
    const x = device.upload(images.slice(), [count, height, width, 1], "f32", "images");
    return noGrad(() => resize(new Tensor(x), { size, mode: "bilinear", edges })).array;
  });
  return resized.read();
}
