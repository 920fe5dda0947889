// Layouts of other programs, for tests: images there are (C, H, W).
import { expect } from "vitest";
import { noGrad, Tensor } from "../../src/autograd/tensor.ts";
import type { Device } from "../../src/gpu/device.ts";
import { createRng } from "../../src/kernels/random.ts";
import type { Network } from "../../src/nn/network.ts";

/** Returns the largest difference of two lists of numbers, which must be as long; NaN if one is in them. */
export function farthest(got: ArrayLike<number>, wanted: ArrayLike<number>): number {
  expect(got.length).toBe(wanted.length);
  let most = 0;
  for (let i = 0; i < got.length; i += 1) {
    const distance = Math.abs(got[i]! - wanted[i]!);
    if (!(distance <= most)) most = distance;
  }
  return most;
}

/** Returns (N, H, W, C) as (N, C, H, W), given the shape of an example; vectors stay as they are. */
export function channelsFirst(values: Float32Array, shape: readonly number[]): Float32Array {
  if (shape.length !== 3) return values;
  const [height, width, channels] = shape as readonly [number, number, number];
  const area = height * width;
  return values.map((_, i) => {
    const [n, rest] = [Math.floor(i / (area * channels)), i % (area * channels)];
    const [c, place] = [Math.floor(rest / area), rest % area];
    return values[(n * area + place) * channels + c]!;
  });
}

/** Returns the shape of an example there. */
export const shapeThere = (shape: readonly number[]): readonly number[] =>
  shape.length === 3 ? [shape[2]!, shape[0]!, shape[1]!] : shape;

/** Returns a network's outputs, as they are there, in one forward. */
export async function outputsOf(
  device: Device,
  network: Network,
  inputs: Float32Array<ArrayBuffer>,
  { training }: { readonly training: boolean } = { training: false },
): Promise<Float32Array> {
  const size = network.inputShape.reduce((product, extent) => product * extent, 1);
  const array = device.scope(() => {
    const shape = [inputs.length / size, ...network.inputShape];
    const x = new Tensor(device.upload(inputs, shape, "f32", "inputs"));
    const mode = training ? { training, rng: createRng(device, 1) } : { training };
    return noGrad(() => network.forward(x, mode)).array;
  });
  return channelsFirst(await array.read("f32"), network.outputShape);
}
