// Matrix products, plain and batched, with each operand optionally transposed.
import { formatShape, sizeOf, type GpuArray } from "../gpu/array.ts";
import { byFours } from "../gpu/binding.ts";
import { AttributeError, ShapeError } from "../gpu/errors.ts";
import { flag } from "./attributes.ts";
import { broadcastShape, RANK } from "./binary.ts";
import { shareTerms, type Extents } from "./matmul-split.ts";
import { sumTo } from "./reduce.ts";
import { defineOp, type Op } from "./op.ts";
import { collapse, stridesIn } from "./strides.ts";
import { productWork } from "./tile-work.ts";
import {
  chooseVariant,
  lanesTile,
  lanesTiles,
  onEmptyGpus,
  onSoftware,
  THIN,
  type Workload,
} from "./variant.ts";
import { isWorkgroup, onGpus, workgroupLaunch, workgroupTiles } from "./workgroup-tile.ts";

/** Which operands to read transposed, with their last two axes swapped. */
export interface MatmulAttributes {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

interface Operand {
  /** Extents of the axes before the last two. */
  readonly batch: readonly number[];
  readonly rows: number;
  readonly columns: number;
  /** The strides from row to row and from column to column, in elements. */
  readonly strides: readonly [number, number];
}

function operand({ shape }: GpuArray, transposed: boolean): Operand {
  const [rows, columns] = [shape.at(-2)!, shape.at(-1)!];
  const batch = shape.slice(0, -2);
  return transposed
    ? { batch, rows: columns, columns: rows, strides: [1, columns] }
    : { batch, rows, columns, strides: [columns, 1] };
}

/** Whether a shader may load an operand as vec4s along its contiguous axis. */
function loadsFours(
  array: GpuArray,
  { rows, columns, strides: [row, column] }: Operand,
  matrices: readonly number[],
): boolean {
  const multiples = [...matrices, ...(column === 1 ? [columns, row] : [rows, column])];
  return byFours(array) && multiples.every((stride) => stride % 4 === 0);
}

const operandKey = ({ shape }: GpuArray, transposed = false): string =>
  `${shape.join("x")}${transposed ? " transposed" : ""}`;

/**
 * Returns a · b on raw arrays: a is (…, M, K), b is (…, K, N), and the axes before the last two broadcast. With a
 * transpose flag, that operand's last two axes are swapped. Throws `ShapeError`.
 */
export function multiply(a: GpuArray, b: GpuArray, attributes: MatmulAttributes = {}): GpuArray {
  const left = operand(a, attributes.transposeA ?? false);
  const right = operand(b, attributes.transposeB ?? false);
  if (left.columns !== right.rows) {
    throw new ShapeError(
      `matmul: ${formatShape(a.shape)} and ${formatShape(b.shape)} multiply as (${left.rows}, ${left.columns}) · (${right.rows}, ${right.columns}): the inner sizes must be equal`,
    );
  }
  const batches = broadcastShape("matmul", left.batch, right.batch);
  const batch = sizeOf(batches);
  const [M, N, K] = [left.rows, right.columns, left.columns];
  const matrices = ({ batch: own, rows, columns }: Operand): number[] =>
    stridesIn(own, batches.length).map((stride) => stride * rows * columns);
  const walk = collapse(batches, [matrices(left), matrices(right)], RANK);
  if (!walk) {
    throw new ShapeError(
      `matmul: at most ${RANK} batch axes may remain after neighbouring ones are joined; got ${formatShape(a.shape)} and ${formatShape(b.shape)}`,
    );
  }
  const shape = [...batches, M, N];
  const [W_ROW, W_COLUMN] = right.strides;
  const aByFours = loadsFours(a, left, walk.strides[0]!);
  const fours = loadsFours(b, right, walk.strides[1]!);
  const constants: Extents = {
    BATCH: batch,
    M,
    N,
    K,
    BATCHES: walk.shape,
    A_BATCHES: walk.strides[0]!,
    W_BATCHES: walk.strides[1]!,
    A_ROW: left.strides[0],
    A_COLUMN: left.strides[1],
    W_ROW,
    W_COLUMN,
  };
  const long = K >= a.device.lanes;
  const small = M < 4 || N < 4 ? "direct" : long ? onSoftware(a.device, N, "tiled") : "tiled";
  const thin = Math.min(M, N) <= THIN && M * N * K > 0;
  const few = thin ? onEmptyGpus(a.device, batch * M * N, K, small) : small;
  const preferred = onGpus(a.device, M, N, batch, few);
  const tilesServe = batch <= a.device.maxWorkgroups;
  const workload: Workload = {
    kernel: "matmul",
    key: `matmul ${operandKey(a, attributes.transposeA)} by ${operandKey(b, attributes.transposeB)}`,
    inputs: [a, b],
    terms: K,
    launch: (x, y) => multiply(x, y, attributes),
  };
  const variant = chooseVariant(a.device, workload, preferred, tilesServe, fours, { split: thin });
  const tile = lanesTile(a.device, M, N);
  const work = {
    flop: 2 * batch * M * N * K,
    done: () => productWork(a.device, variant, batch, [M, N, K], tile),
  };
  if (variant === "split") return shareTerms(a, b, constants, work).view(shape);
  const out = a.device.empty(shape, "f32", "matmul");
  if (variant === "lanes") {
    const OUT_BY_FOUR = N % 4 === 0 && byFours(out);
    const [x, y] = a.device.linear(lanesTiles(tile, M, N), 1);
    a.device.launch({
      shader: "matmul-lanes",
      entry: "tiled",
      constants: {
        ...constants,
        ...tile,
        A_BY_FOUR: aByFours,
        OUT_BY_FOUR,
      },
      bind: { a, a4: a, w4: b, ...(OUT_BY_FOUR ? { out4: out } : { out }) },
      workgroups: [x, y, batch],
      ...work,
    });
  } else if (isWorkgroup(variant)) {
    const [x, y] = a.device.linear(workgroupTiles(variant, M, N), 1);
    a.device.launch({
      ...workgroupLaunch(a.device, {
        shader: "matmul-workgroup",
        variant: variant,
        constants: {
          ...constants,
          A_BY_FOUR: aByFours,
          W_BY_FOUR: fours,
        },
      }),
      bind: { a, a4: a, w: b, w4: b, out },
      workgroups: [x, y, batch],
      ...work,
    });
  } else if (variant === "direct") {
    a.device.launch({
      shader: "matmul",
      entry: "direct",
      constants,
      bind: { a, w: b, out },
      workgroups: a.device.linear(out.size),
      ...work,
    });
  } else {
    const [columns, rows] = a.device.linear(Math.ceil(M / 8) * Math.ceil(N / 8));
    a.device.launch({
      shader: "matmul",
      entry: "tiled",
      constants: { ...constants, W_BY_FOUR: fours && W_COLUMN === 1 },
      bind: { a, w: b, w4: b, out },
      workgroups: [columns, rows, batch],
      ...work,
    });
  }
  return out;
}

/** Returns a vector as a matrix: a row on the left, a column on the right. */
const asMatrix = (x: GpuArray, side: "left" | "right"): GpuArray =>
  x.shape.length > 1 ? x : x.view(side === "left" ? [1, x.size] : [x.size, 1]);

/** Throws if an operand is a scalar, or a vector is to be transposed. */
function check(a: GpuArray, b: GpuArray, attributes: MatmulAttributes): void {
  const vectors = [a, b].filter(({ shape }) => shape.length === 1);
  const { transposeA = false, transposeB = false } = attributes;
  if (a.shape.length === 0 || b.shape.length === 0) {
    throw new ShapeError(
      `matmul: takes vectors, matrices or batches of them; got ${formatShape(a.shape)} and ${formatShape(b.shape)}; use mul for scalars`,
    );
  }
  if ((transposeA && a.shape.length === 1) || (transposeB && b.shape.length === 1)) {
    throw new AttributeError(
      `matmul: a vector has nothing to transpose; got ${vectors.map(({ shape }) => formatShape(shape)).join(" and ")} with a transpose flag; leave the flag out`,
    );
  }
}

/** The matrix product over the last two axes; the axes before them broadcast, and vectors are a row or a column. */
export const matmul: Op<readonly [GpuArray, GpuArray], MatmulAttributes> = defineOp({
  name: "matmul",
  attributes: { transposeA: flag, transposeB: flag },
  forward([x, y], attributes: MatmulAttributes) {
    check(x, y, attributes);
    const [a, b] = [asMatrix(x, "left"), asMatrix(y, "right")];
    const product = multiply(a, b, attributes);
    const [rows, columns] = product.shape.slice(-2);
    const shape = [
      ...product.shape.slice(0, -2),
      ...(x.shape.length > 1 ? [rows!] : []),
      ...(y.shape.length > 1 ? [columns!] : []),
    ];
    return { out: product.view(shape), saved: { x, y, a, b, product: product.shape } };
  },
  backward(flowing, { x, y, a, b, product }, { transposeA = false, transposeB = false }, needs) {
    // d(A·B) = dout·Bᵀ and Aᵀ·dout. A transposed operand's gradient is transposed, and a broadcast operand's is summed
    // over the batch.
    const dout = flowing.view(product);
    const da = (): GpuArray =>
      transposeA
        ? multiply(b, dout, { transposeA: transposeB, transposeB: true })
        : multiply(dout, b, { transposeB: !transposeB });
    const db = (): GpuArray =>
      transposeB
        ? multiply(dout, a, { transposeA: true, transposeB: transposeA })
        : multiply(a, dout, { transposeA: !transposeA });
    return [
      needs[0] ? sumTo(da(), a.shape).view(x.shape) : undefined,
      needs[1] ? sumTo(db(), b.shape).view(y.shape) : undefined,
    ];
  },
});
