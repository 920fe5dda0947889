// Pixels as datasets have them, bytes of which 0 is black, and as networks do, floats in [−1, 1].

/** Bytes as floats: 0 is −1, 255 is 1. */
export function fromBytes(bytes: Uint8Array): Float32Array {
  return Float32Array.from(bytes, (byte) => byte / 127.5 - 1);
}

/** Pixels as floats: bytes are scaled, floats are handed on. */
export function toFloats(pixels: Uint8Array | Float32Array): Float32Array {
  return pixels instanceof Uint8Array ? fromBytes(pixels) : pixels;
}
