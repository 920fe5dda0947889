// Turns photographs upright: cameras keep the rows of their sensor, and say in EXIF how they were held.

/** Returns the orientation, 1 to 8, in an EXIF block (a TIFF header and its first directory); 1 if there is none. */
export function orientationOf(exif: Uint8Array): number {
  const view = new DataView(exif.buffer, exif.byteOffset, exif.byteLength);
  if (exif.length < 14) return 1;
  const order = view.getUint16(0);
  if (order !== 0x4949 && order !== 0x4d4d) return 1;
  const little = order === 0x4949;
  const directory = view.getUint32(4, little);
  if (directory + 2 > exif.length) return 1;
  const entries = view.getUint16(directory, little);
  for (let i = 0; i < entries; i += 1) {
    const at = directory + 2 + 12 * i;
    if (at + 12 > exif.length) return 1;
    if (view.getUint16(at, little) !== 0x0112) continue;
    const value = view.getUint16(at + 8, little);
    return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}

/** Values in rows. */
export interface Plane {
  readonly width: number;
  readonly height: number;
  readonly values: Float32Array<ArrayBuffer>;
}

/** Turns a plane upright, according to EXIF's orientations 1 to 8. */
export function upright(plane: Plane, orientation: number): Plane {
  if (orientation === 1) return plane;
  const { width, height, values } = plane;
  const turned = orientation >= 5; // rows become columns
  const [wide, high] = turned ? [height, width] : [width, height];
  const out = new Float32Array(values.length);
  for (let y = 0; y < high; y += 1) {
    for (let x = 0; x < wide; x += 1) {
      const [a, b] = turned ? [y, x] : [x, y]; // column and row, before mirroring
      const column = [2, 3, 7, 8].includes(orientation) ? width - 1 - a : a;
      const row = [3, 4, 6, 7].includes(orientation) ? height - 1 - b : b;
      out[y * wide + x] = values[row * width + column]!;
    }
  }
  return { width: wide, height: high, values: out };
}
