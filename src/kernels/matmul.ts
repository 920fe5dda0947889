// Matrix products, plain and batched, with each operand optionally transposed.
import { formatShape, type GpuArray } from "../gpu/array.ts";
import { byFours } from "../gpu/binding.ts";
import { ShapeError } from "../gpu/errors.ts";
import { flag } from "./attributes.ts";
import { sumTo } from "./reduce.ts";
import { defineRule, type Rule } from "./rule.ts";
import { chooseVariant } from "./variant.ts";

/** Which operands to read transposed (their last two axes swapped). */
export interface MatmulAttributes {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

interface Operand {
  readonly batch: number;
  readonly rows: number;
  readonly columns: number;
  /** Strides between matrices, rows and columns, in elements. */
  readonly strides: readonly [number, number, number];
}

function operand(array: GpuArray, transposed: boolean): Operand {
  const [batch, rows, columns] =
    array.shape.length === 3
      ? [array.shape[0]!, array.shape[1]!, array.shape[2]!]
      : [1, array.shape[0]!, array.shape[1]!];
  const step = batch === 1 ? 0 : rows * columns;
  return transposed
    ? { batch, rows: columns, columns: rows, strides: [step, 1, columns] }
    : { batch, rows, columns, strides: [step, columns, 1] };
}

/**
 * a · b on raw arrays: a is (M, K) or (B, M, K), b is (K, N) or (B, K, N); a batch of 1 broadcasts.
 * Transpose flags read an operand's last two axes swapped.
 */
export function multiply(a: GpuArray, b: GpuArray, attributes: MatmulAttributes = {}): GpuArray {
  const ranks = [a.shape.length, b.shape.length];
  if (ranks.some((rank) => rank !== 2 && rank !== 3)) {
    throw new ShapeError(
      `matmul: takes matrices or batches of them, of rank 2 or 3; got ${formatShape(a.shape)} and ${formatShape(b.shape)}`,
    );
  }
  const left = operand(a, attributes.transposeA ?? false);
  const right = operand(b, attributes.transposeB ?? false);
  const batched = left.batch === right.batch || left.batch === 1 || right.batch === 1;
  if (left.columns !== right.rows || !batched) {
    throw new ShapeError(
      `matmul: ${formatShape([left.rows, left.columns])} · ${formatShape([right.rows, right.columns])} in batches of ${left.batch} and ${right.batch}: the inner sizes must be equal, and the batches equal or 1`,
    );
  }
  const batch = Math.max(left.batch, right.batch);
  const [M, N, K] = [left.rows, right.columns, left.columns];
  const out = a.device.empty(ranks.includes(3) ? [batch, M, N] : [M, N], "f32", "matmul");
  const [W_BATCH, W_ROW, W_COLUMN] = right.strides;
  const byFour =
    W_COLUMN === 1 && byFours(b) && [N, W_BATCH, W_ROW].every((stride) => stride % 4 === 0);
  const constants = {
    BATCH: batch,
    M,
    N,
    K,
    A_BATCH: left.strides[0],
    A_ROW: left.strides[1],
    A_COLUMN: left.strides[2],
    W_BATCH,
    W_ROW,
    W_COLUMN,
  };
  const flop = 2 * batch * M * N * K;
  const preferred = M < 4 || N < 4 ? "direct" : "tiled";
  const tilesServe = batch <= a.device.maxWorkgroups;
  if (chooseVariant(a.device, "matmul", preferred, tilesServe) === "direct") {
    a.device.launch({
      shader: "matmul",
      entry: "direct",
      constants,
      bind: { a, w: b, out },
      workgroups: a.device.linear(out.size),
      flop,
    });
  } else {
    const [columns, rows] = a.device.linear(Math.ceil(M / 8) * Math.ceil(N / 8));
    a.device.launch({
      shader: "matmul",
      entry: "tiled",
      constants: { ...constants, W_BY_FOUR: byFour },
      bind: { a, w: b, w4: b, out },
      workgroups: [columns, rows, batch],
      flop,
    });
  }
  return out;
}

/** The product of two matrices, or of batches of them; one matrix serves a whole batch. */
export const matmul: Rule<readonly [GpuArray, GpuArray], MatmulAttributes> = defineRule({
  name: "matmul",
  attributes: { transposeA: flag, transposeB: flag },
  forward([a, b], attributes) {
    return { out: multiply(a, b, attributes), saved: { a, b } };
  },
  backward(dout, { a, b }, { transposeA = false, transposeB = false }, needs) {
    // d(A·B) = dout·Bᵀ and Aᵀ·dout; a transposed operand gets the transpose of its gradient, and a
    // broadcast one the sum over the batch.
    const da = (): GpuArray =>
      transposeA
        ? multiply(b, dout, { transposeA: transposeB, transposeB: true })
        : multiply(dout, b, { transposeB: !transposeB });
    const db = (): GpuArray =>
      transposeB
        ? multiply(dout, a, { transposeA: true, transposeB: transposeA })
        : multiply(a, dout, { transposeA: !transposeA });
    return [
      needs[0] ? sumTo(da(), a.shape) : undefined,
      needs[1] ? sumTo(db(), b.shape) : undefined,
    ];
  },
});
