// Pixels as datasets have them, bytes where 0 is black, and as networks have them, floats in [−1, 1].

/** Converts bytes to floats: 0 becomes −1, 255 becomes 1. */
export function fromBytes(bytes: Uint8Array): Float32Array<ArrayBuffer> {
  return Float32Array.from(bytes, (byte) => byte / 127.5 - 1);
}

/** Converts pixels to floats. Bytes are scaled; floats are returned as they are. */
export function toFloats(pixels: Uint8Array | Float32Array): Float32Array {
  return pixels instanceof Uint8Array ? fromBytes(pixels) : pixels;
}
