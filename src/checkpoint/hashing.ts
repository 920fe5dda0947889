// Work that needs SHA-256s on its way, such as sealing a checkpoint. Node computes them at once, browsers only
// asynchronously. So the work is written once, as a generator: it yields bytes, and goes on with their hash in hex.

/** Work that yields bytes, is resumed with their SHA-256 in hex, and returns a result. */
export type Hashing<T> = Generator<Uint8Array, T, string>;

/** Does the work with a function that returns a hash at once. Throws what the work throws. */
export function withHashes<T>(work: Hashing<T>, hashOf: (bytes: Uint8Array) => string): T {
  let next = work.next();
  while (!next.done) next = work.next(hashOf(next.value));
  return next.value;
}

/** Does the work with the hashes of the Web Crypto API, which browsers offer to secure pages. */
export async function withWebHashes<T>(work: Hashing<T>): Promise<T> {
  let next = work.next();
  while (!next.done) next = work.next(await sha256(next.value));
  return next.value;
}

/** Returns the SHA-256 of bytes in hex. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", plain(bytes));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Returns the bytes over ordinary memory, which is all that the Web Crypto API takes. */
function plain(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : Uint8Array.from(bytes);
}
