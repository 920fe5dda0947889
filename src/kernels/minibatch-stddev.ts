// The standard deviation among examples of a group, as a channel of its own. It is made of other ops' launches, but is
// one op, so that the tape can take whole groups of it.
import { formatShape, sizeOf, type GpuArray } from "../gpu/array.ts";
import { AttributeError, ShapeError } from "../gpu/errors.ts";
import { extent, positive } from "./attributes.ts";
import { binary } from "./binary.ts";
import { defineOp, type Op } from "./op.ts";
import { reduce } from "./reduce.ts";
import { gathered, move, pathIn } from "./strided-copy.ts";
import { unary } from "./unary.ts";

/** The attributes of `minibatchStddev`. */
export interface MinibatchStddevAttributes {
  /** The largest size of a group. Groups have the largest size up to this that divides a batch. Default 4. */
  readonly groupSize?: number;
  /** Added to the variance. Default 1e-8. */
  readonly epsilon?: number;
  /** How many batches of equal size x holds, one after another. No group spans two. Default 1. */
  readonly batches?: number;
}

const OP = "minibatchStddev";

/** What the backward needs from a forward. */
interface Deviations {
  readonly shape: readonly number[];
  /** (groups, examples, features): x minus its group's mean. */
  readonly centred: GpuArray;
  /** (groups, features) */
  readonly deviation: GpuArray;
}

/** Returns the size of the groups. Throws `ShapeError` if x has no features, or doesn't hold so many batches. */
function sizeOfGroups(shape: readonly number[], largest: number, batches: number): number {
  const [examples = 0, ...features] = shape;
  if (features.length === 0 || sizeOf(features) === 0) {
    throw new ShapeError(
      `${OP}: input must have shape (N, …, C) with at least one feature; got ${formatShape(shape)}`,
    );
  }
  if (examples % batches !== 0) {
    throw new ShapeError(
      `${OP}: ${batches} batches of equal size must make up the ${examples} examples of ${formatShape(shape)}; give a multiple of ${batches}`,
    );
  }
  let size = Math.max(1, Math.min(largest, examples / batches));
  while ((examples / batches) % size !== 0) size -= 1;
  return size;
}

function forward(
  x: GpuArray,
  { groupSize = 4, epsilon = 1e-8, batches = 1 }: MinibatchStddevAttributes,
): { readonly out: GpuArray; readonly saved: Deviations } {
  const { device, shape } = x;
  const examples = sizeOfGroups(shape, groupSize, batches);
  const groups = shape[0]! / examples;
  const features = sizeOf(shape.slice(1));
  const grouped = x.view([groups, examples, features]);
  const centred = binary("sub", grouped, reduce(grouped, "mean", [1], true));
  const variance = reduce(binary("mul", centred, centred), "mean", [1], false);
  const added = device.upload(Float32Array.of(epsilon), [], "f32", `${OP}.epsilon`);
  const deviation = unary("sqrt", binary("add", variance, added));
  const statistic = reduce(deviation, "mean", [1], false);
  const channels = shape.at(-1)!;
  const out = device.empty([...shape.slice(0, -1), channels + 1], "f32", OP);
  move(OP, shape, [x, pathIn(shape)], [out, pathIn(out.shape)]);
  const cells = [groups, (examples * features) / channels]; // of the new channel
  const repeated = { shape: statistic.shape, start: 0, strides: [1, 0] };
  move(OP, cells, [statistic, repeated], [out, newChannel(cells, channels)]);
  return { out, saved: { shape, centred, deviation } };
}

/** The path through the channel that follows `channels` others, by groups. */
const newChannel = (cells: readonly number[], channels: number) =>
  pathIn([...cells, channels + 1], [0, 0, channels]);

/** dx = dy of its own channels + (Σ dy of the new one) · (x − mean) / (deviation · examples · features), by groups. */
function backward(dout: GpuArray, { shape, centred, deviation }: Deviations): GpuArray {
  const [groups, examples, features] = centred.shape as readonly [number, number, number];
  const channels = shape.at(-1)!;
  const direct = gathered(OP, dout, shape, pathIn(dout.shape));
  const cells = [groups, (examples * features) / channels];
  const path = newChannel(cells, channels);
  const flow = gathered(OP, dout, cells, { ...path, strides: path.strides.slice(0, 2) });
  const share = reduce(flow, "mean", [1], true, examples * features);
  const slopes = binary("div", share, deviation).view([groups, 1, features]);
  return binary("add", direct, binary("mul", centred, slopes).view(shape));
}

/** x with the mean standard deviation of its group as one more channel. */
export const minibatchStddev: Op<readonly [GpuArray], MinibatchStddevAttributes> = defineOp({
  name: OP,
  attributes: { groupSize: extent(1), epsilon: positive, batches: extent(1) },
  forward: ([x], attributes: MinibatchStddevAttributes) => forward(x, attributes),
  backward: (dout, saved) => [backward(dout, saved)],
  groupsRows: true,
  rows({ shape, centred, deviation }, out, first, count) {
    const examples = centred.shape[1]!;
    if (first % examples !== 0 || count % examples !== 0) {
      throw new AttributeError(
        `${OP}: rows ${first} to ${first + count - 1} cut through a group of ${examples}; take whole groups, or say how many batches the input holds`,
      );
    }
    const [from, groups] = [first / examples, count / examples];
    return {
      out: out.rows(first, count),
      saved: {
        shape: [count, ...shape.slice(1)],
        centred: centred.rows(from, groups),
        deviation: deviation.rows(from, groups),
      },
    };
  },
});
