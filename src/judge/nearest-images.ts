// Finds the nearest of many images to each query, pixel by pixel, to show whether a generator copies. The device finds
// which one it is; the host computes how far away it is.
import { argmax, matmul, sub } from "../autograd/ops.ts";
import { noGrad, Tensor } from "../autograd/tensor.ts";
import type { Device } from "../gpu/device.ts";
import { ShapeError } from "../gpu/errors.ts";

/** The nearest image of each query. */
export interface NearestImages {
  readonly indices: Uint32Array;
  /** Euclidean distances over all pixels, where from black to white is 1. */
  readonly distances: Float64Array;
}

const ROWS = 6000; // images on the device at a time: 19 MB

/**
 * Compares each of `count` queries, floats in [−1, 1], with all images of `among`, bytes, which have as many pixels.
 * The nearest is found in float32, so either of two images may be named if their squared distances differ by less than
 * about 1e-4. Its distance is exact. The first of equally near images wins. `onProgress` is called with the number of
 * images done.
 *
 * Throws `ShapeError` if the images' sizes differ or there are none.
 */
export async function nearestImages(
  device: Device,
  queries: Float32Array,
  count: number,
  among: Uint8Array,
  pixels: number,
  onProgress?: (done: number, total: number) => void,
): Promise<NearestImages> {
  if (count < 1 || queries.length !== count * pixels || among.length < pixels) {
    throw new ShapeError(
      `nearestImages: each query and image must have ${pixels} values, with one image or more; got ${queries.length} values for ${count} queries, and ${among.length} bytes: give both the same height and width`,
    );
  }
  const total = Math.floor(among.length / pixels);
  const units = queries.map((value) => (value + 1) / 2);
  const rows = new Tensor(device.upload(units, [count, pixels], "f32", "queries"));
  const indices = new Uint32Array(count);
  const distances = new Float64Array(count).fill(Infinity);
  for (let first = 0; first < total; first += ROWS) {
    const end = Math.min(total, first + ROWS);
    const part = Float32Array.from(among.subarray(first * pixels, end * pixels), (v) => v / 255);
    const places = device.scope(() => nearestPlaces(device, rows, part, end - first, pixels));
    for (const [query, place] of (await device.read(places, "i32")).entries()) {
      const distance = distanceOf(units, query * pixels, part, place * pixels, pixels);
      if (distance >= distances[query]!) continue;
      distances[query] = distance;
      indices[query] = first + place;
    }
    onProgress?.(end, total);
  }
  return { indices, distances };
}

// |q − t|² is smallest where q·t − |t|²/2 is largest.
function nearestPlaces(
  device: Device,
  queries: Tensor,
  images: Float32Array<ArrayBuffer>,
  count: number,
  pixels: number,
) {
  const norms = Float32Array.from({ length: count }, (_, row) => {
    let sum = 0;
    for (let at = row * pixels; at < (row + 1) * pixels; at += 1) sum += images[at]! ** 2;
    return sum / 2;
  });
  const there = new Tensor(device.upload(images, [count, pixels], "f32", "images"));
  const halves = new Tensor(device.upload(norms, [1, count], "f32", "norms"));
  return noGrad(
    () => argmax(sub(matmul(queries, there, { transposeB: true }), halves), { axes: [1] }).array,
  );
}

function distanceOf(
  a: Float32Array,
  atA: number,
  b: Float32Array,
  atB: number,
  pixels: number,
): number {
  let sum = 0;
  for (let at = 0; at < pixels; at += 1) sum += (a[atA + at]! - b[atB + at]!) ** 2;
  return Math.sqrt(sum);
}
