// Numbers of 16 bits (IEEE 754 binary16) on the host, which Node 20 and older browsers have no array for.

const BIAS = 112; // of float32's exponent over float16's

/** Each value as the bits of the nearest float16, ties to even; past 65,520 that is an infinity. */
export function toHalves(values: ArrayLike<number>): Uint16Array<ArrayBuffer> {
  const words = new Uint32Array(Float32Array.from(values).buffer);
  return Uint16Array.from(words, halfOf);
}

/** The values of float16 bits, exactly. */
export function fromHalves(bits: Uint16Array): Float32Array<ArrayBuffer> {
  return Float32Array.from(bits, (half) => {
    const sign = half & 0x8000 ? -1 : 1;
    const exponent = (half >>> 10) & 0x1f;
    const fraction = half & 0x3ff;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
    return sign * (1024 + fraction) * 2 ** (exponent - 25);
  });
}

/** A float32's bits as those of the nearest float16. */
function halfOf(word: number): number {
  const sign = (word >>> 16) & 0x8000;
  const exponent = (word >>> 23) & 0xff;
  const fraction = word & 0x7fffff;
  if (exponent === 255) return sign | 0x7c00 | (fraction === 0 ? 0 : 0x200);
  if (exponent - BIAS >= 31) return sign | 0x7c00;
  // Below float16's normal numbers the leading 1 is written out, and more digits are cut off.
  const normal = exponent > BIAS;
  const digits = normal ? ((exponent - BIAS) << 23) | fraction : fraction | 0x800000;
  const cut = normal ? 13 : Math.min(14 + BIAS - exponent, 26); // 26: less than half the least
  const half = digits >>> cut;
  const rest = digits - half * 2 ** cut;
  const tie = 2 ** (cut - 1);
  const up = rest > tie || (rest === tie && half % 2 === 1);
  return sign | (half + (up ? 1 : 0)); // carries into the exponent, and into infinity
}
