// Arrays of the float64 reference: a shape and its row-major values, strided walks over them,
// and seeded inputs. The GPU kernels are tested against this folder, so nothing in it imports
// the engine, and it prefers the plain loop to the clever one.

/** A dense array in row-major order. A scalar has the shape `[]` and one value. */
export interface Ref {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** The number of elements of a shape; 1 for `[]`. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, n) => size * n, 1);
}

/** Wraps values in a shape. Throws when their count isn't the shape's. */
export function refOf(shape: readonly number[], values: ArrayLike<number>): Ref {
  if (values.length !== sizeOf(shape)) {
    throw new RangeError(`Shape [${shape}] holds ${sizeOf(shape)} values, got ${values.length}.`);
  }
  return { shape: [...shape], data: Float64Array.from(values) };
}

/** An array of zeros. */
export function zeros(shape: readonly number[]): Ref {
  return { shape: [...shape], data: new Float64Array(sizeOf(shape)) };
}

/** An array with one value throughout. */
export function full(shape: readonly number[], value: number): Ref {
  const x = zeros(shape);
  x.data.fill(value);
  return x;
}

/** A scalar, of shape `[]`. */
export function scalar(value: number): Ref {
  return full([], value);
}

/** What a device read back, widened to float64 without loss. */
export function fromF32(shape: readonly number[], values: Float32Array): Ref {
  return refOf(shape, values);
}

/** The values rounded to float32, ready to upload. */
export function toF32(x: Ref): Float32Array<ArrayBuffer> {
  return Float32Array.from(x.data);
}

/** The values as float32 would hold them, still in float64. */
export function roundToF32(x: Ref): Ref {
  return map(x, Math.fround);
}

/** The same values in another shape of the same size. Shares the data. */
export function reshape(x: Ref, shape: readonly number[]): Ref {
  if (sizeOf(shape) !== x.data.length) {
    throw new RangeError(`[${x.shape}] can't be reshaped to [${shape}]: the sizes differ.`);
  }
  return { shape: [...shape], data: x.data };
}

/** Row-major strides of a shape, in elements. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides: number[] = [];
  let stride = 1;
  for (const n of shape.toReversed()) {
    strides.unshift(stride);
    stride *= n;
  }
  return strides;
}

/**
 * Where each element of a strided walk lies: for every multi-index of `shape` in row-major
 * order, `start + Σ index·stride`. A stride of 0 repeats (broadcasting) or collects (reducing).
 */
export function positions(
  shape: readonly number[],
  strides: readonly number[],
  start = 0,
): Int32Array {
  let at = Int32Array.of(start);
  shape.forEach((n, axis) => {
    const next = new Int32Array(at.length * n);
    for (let i = 0; i < at.length; i++) {
      for (let j = 0; j < n; j++) next[i * n + j] = at[i]! + j * strides[axis]!;
    }
    at = next;
  });
  return at;
}

/** Reads `x` at the given flat positions, into an array of the given shape. */
export function gather(x: Ref, at: Int32Array, shape: readonly number[]): Ref {
  const y = zeros(shape);
  for (let i = 0; i < at.length; i++) y.data[i] = x.data[at[i]!]!;
  return y;
}

/** Adds each element of `x` to a zero array of the given shape, at its flat position. */
export function scatterAdd(x: Ref, at: Int32Array, shape: readonly number[]): Ref {
  const y = zeros(shape);
  for (let i = 0; i < at.length; i++) y.data[at[i]!]! += x.data[i]!;
  return y;
}

/** Applies a function to every element. */
export function map(x: Ref, f: (value: number) => number): Ref {
  const y = zeros(x.shape);
  for (let i = 0; i < x.data.length; i++) y.data[i] = f(x.data[i]!);
  return y;
}

/** Applies a function to the elements of two arrays of one shape. Throws when the shapes differ. */
export function zip(a: Ref, b: Ref, f: (a: number, b: number) => number): Ref {
  if (a.shape.join() !== b.shape.join()) {
    throw new RangeError(`Expected one shape, got [${a.shape}] and [${b.shape}].`);
  }
  const y = zeros(a.shape);
  for (let i = 0; i < a.data.length; i++) y.data[i] = f(a.data[i]!, b.data[i]!);
  return y;
}

/** Σ a·b over all elements of two arrays of one shape. */
export function dot(a: Ref, b: Ref): number {
  return zip(a, b, (p, q) => p * q).data.reduce((sum, term) => sum + term, 0);
}

/** Every element's absolute value. */
export function abs(x: Ref): Ref {
  return map(x, Math.abs);
}

/**
 * Σ|terms| of an op whose results are sums of products of its inputs (sum, mean, bias, matmul,
 * convolutions, and their gradients): the op itself on absolute values. Rounding errors scale
 * with it, and not with the result, which may have cancelled to nothing. See `compareToTerms`.
 * An op with a minus of its own, such as `sub`, isn't one of these.
 */
export function absTerms<Result>(op: (...inputs: Ref[]) => Result, ...inputs: Ref[]): Result {
  return op(...inputs.map(abs));
}

/** A seeded stream of uniform numbers in [0, 1): Tommy Ettinger's mulberry32. */
export function createRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Uniform values in [low, high], each one exactly a float32: device and reference get the same. */
export function randomRef(shape: readonly number[], random: () => number, low = -1, high = 1): Ref {
  return map(zeros(shape), () => Math.fround(low + (high - low) * random()));
}

/**
 * Values of either sign with magnitudes in [gap, high], each one exactly a float32: inputs for
 * functions with a kink or a pole at 0, which finite differences must not straddle.
 */
export function randomAwayFromZero(
  shape: readonly number[],
  random: () => number,
  gap = 0.1,
  high = 1,
): Ref {
  return map(zeros(shape), () => {
    const magnitude = Math.fround(gap + (high - gap) * random());
    return random() < 0.5 ? -magnitude : magnitude;
  });
}
