// Running sums and products along an axis.
import type { GpuArray } from "../gpu/array.ts";
import { anyWhole, axisOf, flag } from "./attributes.ts";
import { defineOp, type Op } from "./op.ts";
import { rowsAlong } from "./softmax.ts";

/** From which end a scan starts, and whether each result includes its own element. */
export interface ScanDirection {
  /** Whether each result leaves out its own element, so that the first result is that of no elements. Default false. */
  readonly exclusive?: boolean;
  /** Whether to start at the end of the axis. Default false. */
  readonly reverse?: boolean;
}

/** The attributes of `cumsum`. */
export interface CumsumAttributes extends ScanDirection {
  /** The axis to sum along; negative ones count from the end. Default −1. */
  readonly axis?: number;
}

const SHORT = 64; // so few elements that one invocation walks them, which saves two launches before it
const MANY_ROWS = 4096; // rows that keep every lane busy by themselves, unless they are long
const LONG = 1024;

/** Returns how many elements of a row an invocation walks: all of them, or about the square root. */
function chunkOf(rows: number, length: number): number {
  const whole = length <= SHORT || (rows >= MANY_ROWS && length <= LONG);
  return whole ? Math.max(length, 1) : Math.ceil(Math.sqrt(length));
}

/** Returns the running sums or products of a raw array along an axis, counted from 0. */
export function scan(
  operation: "sum" | "product",
  inp: GpuArray,
  axis: number,
  { exclusive = false, reverse = false }: ScanDirection,
): GpuArray {
  const { device, shape } = inp;
  const { rows, constants: row } = rowsAlong(shape, axis);
  const chunk = chunkOf(rows, row.LENGTH);
  const runs = Math.max(1, Math.ceil(row.LENGTH / chunk));
  const shared = {
    shader: "scan",
    workgroups: device.linear(rows * runs),
    flop: inp.size,
  } as const;
  const constants = {
    ...row,
    OP: operation.toUpperCase(),
    CHUNK: chunk,
    RUNS: runs,
    REVERSE: reverse,
  };
  let before = inp; // not read if a row is one run
  if (runs > 1 && rows > 0) {
    const totals = device.empty([rows / row.INNER, runs, row.INNER], "f32", "scan.totals");
    device.launch({ ...shared, entry: "run_totals", constants, bind: { inp, totals } });
    before = scan(operation, totals, 1, { exclusive: true });
  }
  const out = device.empty(shape, "f32", "scan");
  device.launch({
    ...shared,
    entry: "scan",
    constants: { ...constants, EXCLUSIVE: exclusive },
    bind: { inp, before, out },
  });
  return out;
}

/** The running sums along an axis. */
export const cumsum: Op<readonly [GpuArray], CumsumAttributes> = defineOp({
  name: "cumsum",
  attributes: { axis: anyWhole, exclusive: flag, reverse: flag },
  forward([x], { axis = -1, ...direction }: CumsumAttributes) {
    const along = axisOf("cumsum", axis, x.shape.length);
    return { out: scan("sum", x, along, direction), saved: along };
  },
  // dx[i] = Σ dy[j] over the j whose sums include x[i]: the same walk from the other end.
  backward: (dout, along, { exclusive = false, reverse = false }) => [
    scan("sum", dout, along, { exclusive, reverse: !reverse }),
  ],
});
