// Makes IDX files for tests from numbers.

/** Returns the IDX file of `values` in `shape`; `element` is the type's code (default: bytes). */
export function idxBytes(
  shape: readonly number[],
  values: ArrayLike<number>,
  element = 0x08,
): Uint8Array {
  const header = 4 + 4 * shape.length;
  const bytes = new Uint8Array(header + values.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0, 0, element, shape.length]);
  shape.forEach((extent, axis) => view.setUint32(4 + 4 * axis, extent));
  bytes.set(values, header);
  return bytes;
}
