// IDX files with random damage, plain and gzipped, read from disk as `--data` and `classify` read them.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { loadImagesFile } from "../../src/data/files.ts";
import { idxBytes } from "../support/idx-bytes.ts";
import type { Fuzzed } from "./fuzzing.ts";
import { fuzz } from "./spoil.ts";

/** Reads `count` spoilt IDX files. */
export async function fuzzIdx(count: number, seed: number): Promise<Fuzzed> {
  const folder = mkdtempSync(join(tmpdir(), "longhand-fuzz-"));
  const pixels = (length: number): Uint8Array =>
    Uint8Array.from({ length }, (_, i) => (i * 37) & 255);
  const plain = [
    idxBytes([3, 28, 28], pixels(3 * 784)),
    idxBytes([40, 2, 3], pixels(240)),
    idxBytes([1, 1, 1], [7]),
    idxBytes([60], pixels(60)),
    idxBytes([2, 3, 3], pixels(36), 0x0b),
    idxBytes([2, 2, 2, 3], new Uint8Array(96), 0x0d),
  ];
  const bomb = gzipSync(Buffer.concat([idxBytes([9, 28, 28], []), Buffer.alloc(2 ** 22)]));
  const corpus = [...plain, ...plain.map((bytes) => gzipSync(bytes)), bomb].map((bytes) =>
    Uint8Array.from(bytes),
  );
  const path = join(folder, "images");
  const read = async (bytes: Uint8Array): Promise<string | undefined> => {
    writeFileSync(path, bytes);
    const { images, count: number, height, width } = await loadImagesFile(path);
    const whole = images.length === number * height * width && number > 0;
    return whole ? undefined : `${number}×${height}×${width} of ${images.length} bytes`;
  };
  try {
    return await fuzz({ corpus, read }, count, seed);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
