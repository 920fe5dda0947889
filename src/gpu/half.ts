// 16-bit floats (IEEE 754 binary16) on the host, for which Node 20 and older browsers have no typed array.

const BIAS = 112; // float32's exponent bias minus float16's
// The bits of float32 numbers: infinity, the least power of two beyond float16, and float16's smallest normal number.
const [INFINITE, TOO_LARGE, NORMAL] = [0x7f800000, 0x47800000, 0x38800000];

/** Converts each value to the bits of the nearest float16, ties to even; from 65,520 on that is infinity. */
export function toHalves(values: ArrayLike<number>): Uint16Array<ArrayBuffer> {
  const words = new Uint32Array(Float32Array.from(values).buffer);
  return Uint16Array.from(words, halfOf);
}

/** Returns the exact values of float16 bits. */
export function fromHalves(bits: Uint16Array): Float32Array<ArrayBuffer> {
  return Float32Array.from(bits, fromHalf);
}

/** Returns the exact value of a float16's bits. */
export function fromHalf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** Converts a float32's bits to those of the nearest float16, ties to even; from 65,520 on that is infinity. */
export function halfOf(word: number): number {
  const sign = (word >>> 16) & 0x8000;
  const size = word & 0x7fffffff;
  if (size >= INFINITE) return sign | 0x7c00 | (size === INFINITE ? 0 : 0x200);
  if (size >= TOO_LARGE) return sign | 0x7c00;
  if (size >= NORMAL) {
    // Rounding up may carry into the exponent, and to infinity.
    return sign | ((size - (BIAS << 23) + 0xfff + ((size >>> 13) & 1)) >>> 13);
  }
  // Subnormal float16 numbers store their leading 1, and lose more digits.
  const digits = (size & 0x7fffff) | 0x800000;
  const cut = Math.min(14 + BIAS - (size >>> 23), 26); // 26 cuts off everything: it is less than half the smallest float16
  const half = digits >>> cut;
  const tie = 1 << (cut - 1);
  const rest = digits & (2 * tie - 1);
  const up = rest > tie || (rest === tie && (half & 1) === 1);
  return sign | (half + (up ? 1 : 0));
}
