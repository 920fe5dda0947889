// Matrix products with broadcast batches, and the bias of a layer, with their gradients.
import { type Ref, zeros } from "./array.ts";
import { sum } from "./reduce.ts";
import { add, binary } from "./binary.ts";
import { broadcastShape, broadcastTo, sumTo, transpose } from "./shape-ops.ts";

/** Whether an operand's last two axes are swapped before the product. */
export interface MatmulFlags {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

/**
 * a · b over the last two axes: (…, M, K) by (…, K, N) is (…, M, N), with `transposeA` a is
 * (…, K, M), with `transposeB` b is (…, N, K). The leading axes broadcast as NumPy's.
 */
export function matmul(a: Ref, b: Ref, flags: MatmulFlags = {}): Ref {
  const left = flags.transposeA ? swapLast(a) : a;
  const right = flags.transposeB ? swapLast(b) : b;
  const [m, k] = [left.shape.at(-2)!, left.shape.at(-1)!];
  const [k2, n] = [right.shape.at(-2)!, right.shape.at(-1)!];
  if (k !== k2) throw new RangeError(`[${left.shape}] · [${right.shape}]: ${k} isn't ${k2}.`);

  const batch = broadcastShape(left.shape.slice(0, -2), right.shape.slice(0, -2));
  const { data: l } = broadcastTo(left, [...batch, m, k]);
  const { data: r } = broadcastTo(right, [...batch, k, n]);
  const y = zeros([...batch, m, n]);
  const rows = y.data.length / n;
  for (let row = 0; row < rows; row++) {
    const matrix = Math.floor(row / m);
    for (let i = 0; i < k; i++) {
      const scale = l[row * k + i]!;
      for (let col = 0; col < n; col++) {
        y.data[row * n + col]! += scale * r[(matrix * k + i) * n + col]!;
      }
    }
  }
  return y;
}

/** The gradients of `matmul`, each summed back to its operand's shape. */
export function matmulGrad(dy: Ref, a: Ref, b: Ref, flags: MatmulFlags = {}): { da: Ref; db: Ref } {
  const left = flags.transposeA ? swapLast(a) : a;
  const right = flags.transposeB ? swapLast(b) : b;
  const dLeft = matmul(dy, right, { transposeB: true }); // dy · rightᵀ
  const dRight = matmul(left, dy, { transposeA: true }); // leftᵀ · dy
  return {
    da: sumTo(flags.transposeA ? swapLast(dLeft) : dLeft, a.shape),
    db: sumTo(flags.transposeB ? swapLast(dRight) : dRight, b.shape),
  };
}

function swapLast(x: Ref): Ref {
  const rank = x.shape.length;
  const axes = x.shape.map((_, axis) => axis);
  return transpose(x, [...axes.slice(0, -2), rank - 1, rank - 2]);
}

/** Adds a bias (C) to the channels of x (…, C). */
export function addBias(x: Ref, bias: Ref): Ref {
  return binary(add, x, bias);
}

/** The gradient of `addBias` by the bias: dy (…, C) summed over all axes but the last. */
export function biasGrad(dy: Ref): Ref {
  return sum(
    dy,
    dy.shape.slice(0, -1).map((_, axis) => axis),
  );
}
