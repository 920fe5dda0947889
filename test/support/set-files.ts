// Makes folders of image sets for tests: pictures, NumPy's files, tables.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { zipSync } from "fflate";
import { afterAll } from "vitest";
import { encodeNpy, type NpyArray } from "../../src/data/npy.ts";
import { encodePng } from "../../src/pictures/png.ts";

/** Returns a function that writes files into a new folder, and returns its path. All are removed after the tests. */
export function temporaryFolders(): (
  files: Readonly<Record<string, Uint8Array | string>>,
) => string {
  const root = mkdtempSync(join(tmpdir(), "longhand-sets-"));
  afterAll(() => rmSync(root, { recursive: true }));
  let count = 0;
  return (files) => {
    const folder = join(root, String(count++));
    mkdirSync(folder);
    for (const [name, data] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), data);
    }
    return folder;
  };
}

/** Returns `count` images of a size, all different, as one array. */
export const pixelsOf = (count: number, height = 4, width = 4): Uint8Array =>
  Uint8Array.from({ length: count * height * width }, (_, i) => (i * 37 + (i >> 4)) & 255);

/** Returns an array of images as an .npy file. */
export const npyImages = (count: number, height = 4, width = 4): Uint8Array =>
  encodeNpy({ shape: [count, height, width], data: pixelsOf(count, height, width) });

/** Returns labels as an .npy file. */
export const npyLabels = (labels: readonly number[]): Uint8Array =>
  encodeNpy({ shape: [labels.length], data: Uint8Array.from(labels) });

/** Returns arrays, made or still to be made, as an .npz file. */
export function npz(arrays: Readonly<Record<string, NpyArray | Uint8Array>>): Uint8Array {
  return zipSync(
    Object.fromEntries(
      Object.entries(arrays).map(([key, array]) => [
        `${key}.npy`,
        array instanceof Uint8Array ? array : encodeNpy(array),
      ]),
    ),
  );
}

/** Returns a grey PNG of one level with a brighter first pixel. */
export function png(level: number, side = 4): Uint8Array {
  const pixels = new Uint8Array(side * side).fill(level);
  pixels[0] = 255;
  return encodePng({ width: side, height: side, pixels });
}

/** Returns an .npy file with a header of one's own. */
export function rawNpy(header: string, data: Uint8Array): Uint8Array {
  const text = `${header.padEnd(117)}\n`;
  return Uint8Array.from(
    Buffer.concat([
      Uint8Array.of(0x93, ...Buffer.from("NUMPY"), 1, 0, text.length, 0),
      Buffer.from(text),
      data,
    ]),
  );
}
