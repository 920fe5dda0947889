/** The bytes of an IDX file: the header of `shape`, then the values. */
export function idxFile(shape: readonly number[], values: Uint8Array): Uint8Array {
  const header = new DataView(new ArrayBuffer(4 + 4 * shape.length));
  header.setUint32(0, 0x0800 + shape.length);
  shape.forEach((extent, axis) => header.setUint32(4 + 4 * axis, extent));
  return Buffer.concat([new Uint8Array(header.buffer), values]);
}
