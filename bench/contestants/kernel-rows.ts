// The heavy kernels of a step, one row each, for a comparison kernel by kernel.
import { sizeOf, uniforms } from "./weights.ts";

/** Which of a convolution's three kernels, in Keras's layouts. A transposed one swaps the first two. */
export type KernelKind = "matmul" | "forward" | "data-gradient" | "filter-gradient";

/** One kernel at one shape: two operands and a result, as shapes. */
export interface KernelRow {
  readonly name: string;
  readonly kind: KernelKind;
  readonly strides: number;
  /** The convolution's input x (N, H, W, C), filter (H, W, C, O) and output y; or a, b and a · b. */
  readonly x: readonly number[];
  readonly filter: readonly number[];
  readonly y: readonly number[];
  readonly flop: number;
}

/** A contestant that runs one kernel; a new one is made for each row. */
export interface KernelContestant {
  /** Launches the kernel once; resolves when the GPU has done it. */
  readonly run: () => Promise<void>;
  /** The Euclidean norm of the last result. */
  readonly resultNorm: () => Promise<number>;
}

/** Returns the rows that are compared at a batch. */
export function kernelRows(batch: number): KernelRow[] {
  const product = (m: number, k: number, n: number): KernelRow => ({
    name: `matmul (${m}, ${k}) · (${k}, ${n})`,
    kind: "matmul",
    strides: 1,
    x: [m, k],
    filter: [k, n],
    y: [m, n],
    flop: 2 * m * k * n,
  });
  const convolution = (
    size: number,
    channels: number,
    filters: number,
    strides: number,
    transposed: boolean,
  ): KernelRow[] => {
    const small = size / strides;
    const [large, little] = [`${size}²×${channels}`, `${small}²×${filters}`];
    const title = transposed
      ? `convTranspose2d ${little} → ${large}`
      : `conv2d ${large} → ${little}`;
    const [out, back] = transposed ? ["data gradient", "forward"] : ["forward", "data gradient"];
    const row = (what: string, kind: KernelKind): KernelRow => ({
      name: `${title}, ${what}`,
      kind,
      strides,
      x: [batch, size, size, channels],
      filter: [5, 5, channels, filters],
      y: [batch, small, small, filters],
      flop: 2 * batch * small * small * 25 * channels * filters,
    });
    return [
      row(out!, "forward"),
      row(back!, "data-gradient"),
      row("filter gradient", "filter-gradient"),
    ];
  };
  return [
    product(512, 512, 512),
    product(batch, 100, 12_544),
    ...convolution(14, 64, 128, 2, false),
    ...convolution(7, 128, 256, 1, true),
    ...convolution(14, 64, 128, 2, true),
  ].filter(({ name }, i, all) => all.findIndex((other) => other.name === name) === i);
}

/** Returns a row's operands, the same for every contestant, uniform in [−1, 1]. */
export function operandsOf(
  row: KernelRow,
): Readonly<Record<"x" | "filter" | "y", Float32Array<ArrayBuffer>>> {
  const values = (shape: readonly number[], seed: number): Float32Array<ArrayBuffer> => {
    const next = uniforms(seed);
    return Float32Array.from({ length: sizeOf(shape) }, () => 2 * next() - 1);
  };
  return { x: values(row.x, 11), filter: values(row.filter, 12), y: values(row.y, 13) };
}
