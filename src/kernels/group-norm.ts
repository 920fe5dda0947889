// Layer, group and instance normalisation: one pair of shaders over (N, P, G, Q); they differ in what a group is.
import { formatShape, sizeOf, type GpuArray } from "../gpu/array.ts";
import { AttributeError, ShapeError } from "../gpu/errors.ts";
import { show } from "../gpu/foreign-text.ts";
import { anyAxes, extent, finite, needed } from "./attributes.ts";
import { defineOp, type Gradients, type Needs, type Op } from "./op.ts";
import { type Axes, normaliseAxes } from "./reduce-geometry.ts";
import { reduce } from "./reduce.ts";

/** The attribute of `instanceNorm`. */
export interface InstanceNormAttributes {
  /** Added to the variance. Default 1e-3, as in Keras. */
  readonly epsilon?: number;
}

/** The attributes of `layerNorm`. */
export interface LayerNormAttributes extends InstanceNormAttributes {
  /** The last axes of x, one or more: statistics are taken over them, and γ and β have their shape. Default [−1]. */
  readonly axes?: Axes;
}

/** The attributes of `groupNorm`. */
export interface GroupNormAttributes extends InstanceNormAttributes {
  /** How many groups the channels are divided into. */
  readonly groups: number;
}

type Inputs = readonly [x: GpuArray, gamma: GpuArray, beta: GpuArray];

/** x as (N, P, G, Q). */
interface Layout {
  readonly examples: number;
  readonly positions: number;
  readonly groups: number;
  readonly width: number;
}

/** What the backward needs from a forward. */
interface Normalised extends Layout {
  readonly x: GpuArray;
  readonly gamma: GpuArray;
  /** (2, N · G): the mean minus the group's first element, and 1 / sqrt(variance + ε). */
  readonly stats: GpuArray;
}

const SHORT = 64; // so few elements that one invocation walks them twice, which saves a launch before it
const CHAIN = 512; // the longest chain of sums, whose rounding grows with its length

/** Returns how many parts each of `outputs` sums of `count` elements is cut into: enough to keep all lanes busy. */
function partsOf(device: GpuArray["device"], count: number, outputs: number): number {
  if (count <= SHORT) return 1;
  const wanted = Math.ceil((device.software ? 512 : 65_536) / Math.max(outputs, 1));
  return Math.min(Math.ceil(Math.sqrt(count)), Math.max(wanted, Math.ceil(count / CHAIN)));
}

function walk({ device }: GpuArray, { examples, positions, groups, width }: Layout) {
  const cells = examples * groups;
  const splits = partsOf(device, positions * width, cells);
  return {
    cells,
    splits,
    constants: {
      CELLS: cells,
      GROUPS: groups,
      COUNT: positions * width,
      WIDTH: width,
      CHANNELS: groups * width,
      SPLITS: splits,
    },
    workgroups: device.linear(cells * splits),
  } as const;
}

function normalise(
  [x, gamma, beta]: Inputs,
  layout: Layout,
  epsilon: number,
): { readonly out: GpuArray; readonly saved: Normalised } {
  const { device } = x;
  const { cells, splits, constants, workgroups } = walk(x, layout);
  const out = device.empty(x.shape, "f32", "group_norm");
  const stats = device.empty([2, cells], "f32", "group_norm.stats");
  const shared = { shader: "group-norm", workgroups } as const;
  let partials = x; // not read if nothing is split
  if (splits > 1) {
    partials = device.empty([splits, 2, cells], "f32", "group_norm.partials");
    const bind = { inp: x, partial: partials };
    device.launch({ ...shared, entry: "split_moments", constants, bind, flop: 5 * x.size });
  }
  device.launch({
    ...shared,
    entry: "normalise",
    constants: { ...constants, EPSILON: epsilon },
    bind: { inp: x, partials, gamma, beta, stats, out },
    flop: (splits === 1 ? 9 : 4) * x.size,
  });
  return { out, saved: { ...layout, x, gamma, stats } };
}

function gradients(dout: GpuArray, saved: Normalised, needs: Needs): Gradients {
  const affine = needs[1] || needs[2] ? affineGradients(dout, saved) : undefined;
  const row = (at: number): GpuArray | undefined =>
    needs[1 + at] ? affine?.rows(at, 1).view(saved.gamma.shape) : undefined;
  return [needs[0] ? inputGradient(dout, saved) : undefined, row(0), row(1)];
}

function inputGradient(dout: GpuArray, saved: Normalised): GpuArray {
  const { x, gamma, stats } = saved;
  const { device } = x;
  const { cells, splits, constants, workgroups } = walk(x, saved);
  const dinp = device.empty(x.shape, "f32", "group_norm.dx");
  const shared = { shader: "group-norm-backward", constants, workgroups } as const;
  const bind = { inp: x, dout, stats, gamma };
  let partials = x; // not read if nothing is split
  if (splits > 1) {
    partials = device.empty([splits, 2, cells], "f32", "group_norm.partials");
    const sums = { ...bind, partial: partials };
    device.launch({ ...shared, entry: "split_sums", bind: sums, flop: 7 * x.size });
  }
  const whole = { ...bind, partials, dinp };
  const flop = (splits === 1 ? 14 : 7) * x.size;
  device.launch({ ...shared, entry: "input", bind: whole, flop });
  return dinp;
}

/** Returns dγ and dβ as (2, C). */
function affineGradients(dout: GpuArray, saved: Normalised): GpuArray {
  const { x, stats, examples, positions, groups, width } = saved;
  const { device } = x;
  const channels = groups * width;
  const rows = examples * positions;
  const chunk = Math.max(1, Math.ceil(rows / partsOf(device, rows, channels)));
  const runs = Math.max(1, Math.ceil(rows / chunk));
  const sums = device.empty([runs, 2, channels], "f32", "group_norm.affine");
  device.launch({
    shader: "group-norm-backward",
    entry: "affine",
    constants: {
      ...walk(x, saved).constants,
      ROWS: rows,
      POSITIONS: positions,
      RUNS: runs,
      CHUNK: chunk,
    },
    bind: { inp: x, dout, stats, sums },
    workgroups: device.linear(runs * channels),
    flop: 5 * x.size,
  });
  return runs === 1 ? sums.view([2, channels]) : reduce(sums, "sum", [0], false);
}

/** Throws `ShapeError` unless γ and β have the shape `wanted`, and groups have elements. */
function check(
  op: string,
  [x, gamma, beta]: Inputs,
  wanted: readonly number[],
  positions: number,
): void {
  const fits = ({ shape }: GpuArray): boolean => formatShape(shape) === formatShape(wanted);
  if (!fits(gamma) || !fits(beta)) {
    throw new ShapeError(
      `${op}: gamma and beta must have shape ${formatShape(wanted)} for input ${formatShape(x.shape)}; got ${formatShape(gamma.shape)} and ${formatShape(beta.shape)}`,
    );
  }
  if (positions * sizeOf(wanted) === 0) {
    throw new ShapeError(
      `${op}: input must have elements to normalise in each group; got ${formatShape(x.shape)}`,
    );
  }
}

/** Returns the shape of layer norm's γ and β for x. Throws `AttributeError` unless the axes are the last ones. */
export function layerNormShape(
  op: string,
  shape: readonly number[],
  axes: Axes,
): readonly number[] {
  const over = normaliseAxes(op, axes, shape.length);
  const first = shape.length - over.length;
  if (over.length > 0 && over[0] === first) return shape.slice(first);
  throw new AttributeError(
    `${op}: axes must be one or more of the last axes of ${formatShape(shape)}; got ${show(axes)}; transpose the input first`,
  );
}

/** Throws `AttributeError` unless `groups` divides the channels of a shape, which are its last axis. */
export function checkGroups(op: string, shape: readonly number[], groups: number): void {
  const channels = shape.at(-1) ?? 0;
  if (channels % groups === 0) return;
  throw new AttributeError(
    `${op}: groups must divide the ${channels} channels of ${formatShape(shape)}; got ${groups}`,
  );
}

/** Returns the examples, positions and channels of x (N, …, C). Throws `ShapeError` on fewer than two axes. */
function channelled(op: string, { shape }: GpuArray): readonly [number, number, number] {
  if (shape.length < 2) {
    throw new ShapeError(`${op}: input must have shape (N, …, C); got ${formatShape(shape)}`);
  }
  return [shape[0]!, sizeOf(shape.slice(1, -1)), shape.at(-1)!];
}

/** Layer normalisation: x (…, D…), γ and β (D…). */
export const layerNorm: Op<Inputs, LayerNormAttributes> = defineOp({
  name: "layerNorm",
  attributes: { axes: anyAxes, epsilon: finite(0) },
  forward(inputs, { axes = [-1], epsilon = 1e-3 }: LayerNormAttributes) {
    const { shape } = inputs[0];
    const wanted = layerNormShape("layerNorm", shape, axes);
    check("layerNorm", inputs, wanted, 1);
    const examples = sizeOf(shape.slice(0, shape.length - wanted.length));
    const layout = { examples, positions: 1, groups: 1, width: sizeOf(wanted) };
    return normalise(inputs, layout, epsilon);
  },
  backward: (dout, saved, _attributes, needs) => gradients(dout, saved, needs),
});

/** Group normalisation: x (N, …, C), γ and β (C). */
export const groupNorm: Op<Inputs, GroupNormAttributes> = defineOp({
  name: "groupNorm",
  attributes: { groups: needed(extent(1)), epsilon: finite(0) },
  forward(inputs, { groups, epsilon = 1e-3 }: GroupNormAttributes) {
    const [examples, positions, channels] = channelled("groupNorm", inputs[0]);
    checkGroups("groupNorm", inputs[0].shape, groups);
    check("groupNorm", inputs, [channels], positions);
    return normalise(inputs, { examples, positions, groups, width: channels / groups }, epsilon);
  },
  backward: (dout, saved, _attributes, needs) => gradients(dout, saved, needs),
});

/** Instance normalisation: x (N, …, C), γ and β (C). */
export const instanceNorm: Op<Inputs, InstanceNormAttributes> = defineOp({
  name: "instanceNorm",
  attributes: { epsilon: finite(0) },
  forward(inputs, { epsilon = 1e-3 }: InstanceNormAttributes) {
    const [examples, positions, channels] = channelled("instanceNorm", inputs[0]);
    check("instanceNorm", inputs, [channels], positions);
    return normalise(inputs, { examples, positions, groups: channels, width: 1 }, epsilon);
  },
  backward: (dout, saved, _attributes, needs) => gradients(dout, saved, needs),
});
