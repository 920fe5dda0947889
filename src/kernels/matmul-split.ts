// Matrix products of few rows or columns and long sums, whose terms the lanes of a workgroup share: for GPUs, which one
// invocation per output would leave empty.
import type { GpuArray } from "../gpu/array.ts";
import { reduce } from "./reduce.ts";
import { THIN } from "./variant.ts";
import { ENOUGH_WORKGROUPS } from "./workgroup-tile.ts";

/** A product's extents and the strides of both operands, as the shaders of matmul take them. */
export type Extents = Readonly<
  Record<"BATCH" | "M" | "N" | "K" | "A_ROW" | "A_COLUMN" | "W_ROW" | "W_COLUMN", number> &
    Record<"BATCHES" | "A_BATCHES" | "W_BATCHES", readonly number[]>
>;

/** Returns the extents of the transposed product, wᵀ · aᵀ. */
const turned = (extents: Extents): Extents => ({
  ...extents,
  M: extents.N,
  N: extents.M,
  A_BATCHES: extents.W_BATCHES,
  W_BATCHES: extents.A_BATCHES,
  A_ROW: extents.W_COLUMN,
  A_COLUMN: extents.W_ROW,
  W_ROW: extents.A_COLUMN,
  W_COLUMN: extents.A_ROW,
});

/** How many rows a workgroup of `split` takes if neighbouring lanes read neighbouring rows: 64 bytes. */
const NEIGHBOURS = 16;

/** Returns a product with at most four columns, or rows, as sums that the lanes of a workgroup share. */
export function shareTerms(
  a: GpuArray,
  w: GpuArray,
  extents: Extents,
  work: { readonly flop: number; readonly done: () => number },
): GpuArray {
  const swapped = extents.N > THIN;
  const use = swapped ? turned(extents) : extents;
  const { BATCH, M, N, K } = use;
  const spread = use.A_COLUMN === 1 ? 1 : NEIGHBOURS;
  const blocks = Math.ceil(M / spread);
  // Sixteen terms per lane, or cutting the sum would take longer than it saves.
  const most = Math.ceil(K / (16 * (256 / spread)));
  const splits = Math.min(64, most, Math.ceil(ENOUGH_WORKGROUPS / Math.max(1, blocks * BATCH)));
  const chunk = Math.ceil(K / splits);
  const runs = Math.ceil(K / chunk);
  const out = a.device.empty([runs, BATCH * M * N], "f32", "matmul");
  const [x, y] = a.device.linear(blocks * runs, 1);
  a.device.launch({
    shader: "matmul",
    entry: "split",
    constants: {
      ...use,
      SPREAD: spread,
      SPLITS: runs,
      CHUNK: chunk,
      OUT_ROW: swapped ? 1 : N,
      OUT_COLUMN: swapped ? M : 1,
    },
    bind: swapped ? { a: w, w: a, out } : { a, w, out },
    workgroups: [x, y, BATCH],
    ...work,
  });
  return runs === 1 ? out : reduce(out, "sum", [0], false);
}
