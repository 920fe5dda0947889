// topK: the largest elements along an axis, and their indices.
import { formatShape, type GpuArray } from "../gpu/array.ts";
import { AttributeError } from "../gpu/errors.ts";
import { anyWhole, axisOf, needed, whole } from "./attributes.ts";
import { defineOp, type Op } from "./op.ts";
import { rowsAlong } from "./softmax.ts";
import { fill } from "./strided-copy.ts";

/** The attributes of `topK`. */
export interface TopKAttributes {
  /** How many elements to find. */
  readonly k: number;
  /** The axis to search along; negative ones count from the end. Default −1. */
  readonly axis?: number;
}

const WIDTH = 32; // elements per list that is sorted by counting, before lists are merged

function checkedAxis(x: GpuArray, { k, axis = -1 }: TopKAttributes): number {
  const { shape } = x;
  const along = axisOf("topK", axis, shape.length);
  if (k > shape[along]!) {
    throw new AttributeError(
      `topK: k must be at most ${shape[along]}, the extent of axis ${along} of ${formatShape(shape)}; got ${k}`,
    );
  }
  return along;
}

/** The indices of the k largest elements along an axis, i32. No gradient. */
export const topPlaces: Op<readonly [GpuArray], TopKAttributes> = defineOp({
  name: "topK",
  attributes: { k: needed(whole(1)), axis: anyWhole },
  forward([x], attributes: TopKAttributes) {
    const { k } = attributes;
    const { device, shape } = x;
    const along = checkedAxis(x, attributes);
    const { rows, constants: row } = rowsAlong(shape, along);
    const list = (extent: number): GpuArray =>
      device.empty(shape.with(along, extent), "i32", "top_k");
    const bound = (width: number, runs: number) =>
      ({ ...row, K: k, WIDTH: width, RUNS: runs }) as const;
    let width = WIDTH;
    let runs = Math.ceil(row.LENGTH / width);
    let places = list(runs * Math.min(k, width));
    device.launch({
      shader: "top-k",
      entry: "rank_run",
      constants: bound(width, runs),
      bind: { inp: x, places },
      workgroups: device.linear(x.size),
      flop: WIDTH * x.size,
    });
    while (runs > 1) {
      const half = Math.ceil(runs / 2);
      const merged = list(half * Math.min(k, 2 * width));
      device.launch({
        shader: "top-k",
        entry: "merge",
        constants: bound(width, runs),
        bind: { inp: x, found: places, places: merged },
        workgroups: device.linear(rows * runs * Math.min(k, width)),
        flop: places.size * Math.ceil(Math.log2(Math.min(k, width) + 1)),
      });
      [width, runs, places] = [2 * width, half, merged];
    }
    return { out: places, saved: undefined };
  },
  backward: () => [undefined],
});

/** The elements at the indices that `topPlaces` found. */
export const takePlaces: Op<readonly [x: GpuArray, places: GpuArray], TopKAttributes> = defineOp({
  name: "topK",
  attributes: { k: needed(whole(1)), axis: anyWhole },
  takes: [["f32"], ["i32"]],
  forward([x, found], attributes: TopKAttributes) {
    const { device, shape } = x;
    const { constants: row } = rowsAlong(shape, checkedAxis(x, attributes));
    const constants = { ...row, K: attributes.k };
    const out = device.empty(found.shape, "f32", "top_k");
    device.launch({
      shader: "top-k",
      entry: "take",
      constants,
      bind: { inp: x, found, out },
      workgroups: device.linear(out.size),
    });
    return { out, saved: { found, shape, constants } };
  },
  backward(dout, { found, shape, constants }) {
    const { device } = dout;
    const out = device.empty(shape, "f32", "top_k.gradient");
    fill(out, 0);
    device.launch({
      shader: "top-k",
      entry: "scatter",
      constants,
      bind: { dout, found, out },
      workgroups: device.linear(dout.size),
    });
    return [out, undefined];
  },
});
