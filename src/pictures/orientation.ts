// How a photograph is turned upright: cameras keep their sensor's rows and say in EXIF how they were held.

/** The orientation, 1 to 8, that an EXIF block (a TIFF header and its first directory) names; 1 where it names none. */
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

/** A plane turned upright, as EXIF's orientations 1 to 8 ask for. */
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
