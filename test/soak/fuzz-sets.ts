// Image sets in other files than IDX with random damage, read from disk as `--data` reads them: NumPy's arrays, CSV
// tables, pictures.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32, gzipSync } from "node:zlib";
import { zipSync } from "fflate";
import { encode } from "jpeg-js";
import { encodeNpy } from "../../src/data/npy.ts";
import type { LoadOptions } from "../../src/data/files.ts";
import { openSet } from "../../src/runs/sets/open-set.ts";
import { npyImages, npz, pixelsOf, rawNpy } from "../support/set-files.ts";
import { pngFrom } from "../support/png-bytes.ts";
import type { Fuzzed } from "./fuzzing.ts";
import { fuzz, type Target } from "./spoil.ts";

/** Reads `count` spoilt .npy and .npz files. */
export function fuzzArrays(count: number, seed: number): Promise<Fuzzed> {
  const images = npyImages(3);
  const floats = Float32Array.from(pixelsOf(2), (level) => level / 255);
  const header = "{'descr': '>i2', 'fortran_order': True, 'shape': (2, 2, 2), }";
  const bomb = Buffer.concat([images, Buffer.alloc(2 ** 22)]);
  const corpus = [
    images,
    encodeNpy({ shape: [2, 4, 4], data: floats }),
    rawNpy(
      header,
      Uint8Array.from({ length: 16 }, (_, i) => i & 1),
    ),
    npz({ images, labels: encodeNpy({ shape: [3], data: Int32Array.of(1, 0, 2) }) }),
    zipSync({ "arr_0.npy": [images, { level: 0 }] }),
    npz({ arr_0: bomb }),
  ];
  return onDisk("images.npy", (path) => path, { corpus }, count, seed);
}

/** Reads `count` spoilt tables, plain and gzipped. */
export function fuzzTables(count: number, seed: number): Promise<Fuzzed> {
  const pixels = pixelsOf(20);
  const rows = Array.from({ length: 20 }, (_, row) =>
    [row % 10, ...pixels.subarray(row * 16, (row + 1) * 16)].join(","),
  );
  const header = ["label", ...Array.from({ length: 16 }, (_, i) => `pixel${i}`)].join(",");
  const plain = [
    `${header}\n${rows.join("\n")}\n`,
    rows.join("\r\n"),
    `"label";"1x1";"1x2"\n"3";0.5;"1"\n`,
  ].map((text) => Buffer.from(text));
  const bomb = gzipSync(Buffer.alloc(2 ** 23, "1,"));
  const corpus = [...plain, ...plain.map((text) => gzipSync(text)), bomb];
  return onDisk("images.csv", (path) => path, { corpus }, count, seed);
}

/** Reads `count` folders of two spoilt pictures, PNGs with corrected checksums or JPEGs. */
export function fuzzPictures(count: number, seed: number): Promise<Fuzzed> {
  const bar = (x: number, y: number, c: number): number => (x > 3 && y < 8 ? 200 : 20 + c);
  const size = { width: 12, height: 10, depth: 8 };
  const data = Buffer.from(pixelsOf(1, 12 * 4, 10));
  const corpus = [
    ...[0, 2, 4, 6].map((colour) => pngFrom({ ...size, colour }, bar, { filter: (y) => y % 5 })),
    pngFrom({ ...size, colour: 0, interlaced: true }, bar),
    Uint8Array.from(encode({ data, width: 12, height: 10 }, 80).data),
  ];
  const target = { corpus, repair: withChecksums };
  return onDisk("a/0.png", (path) => join(path, "..", ".."), target, count, seed);
}

/** How sets are opened, in turn: in grey, in colours, fitted into another size. */
const WAYS: readonly LoadOptions[] = [{}, { channels: 3 }, { size: 9 }, { channels: 3, size: 9 }];

/** Spoils files, and opens each as a set: what `pathOf` returns for the file. */
async function onDisk(
  name: string,
  pathOf: (path: string) => string,
  { corpus, repair }: Pick<Target, "corpus" | "repair">,
  count: number,
  seed: number,
): Promise<Fuzzed> {
  const folder = mkdtempSync(join(tmpdir(), "longhand-fuzz-"));
  const path = join(folder, name);
  mkdirSync(join(path, ".."), { recursive: true });
  let turn = 0;
  const read = async (bytes: Uint8Array): Promise<string | undefined> => {
    writeFileSync(path, bytes);
    turn += 1;
    const set = await openSet(pathOf(path), "train", WAYS[turn % WAYS.length]);
    const { images, count: number, height, width, channels = 1, labels } = set;
    const whole = images.length === number * height * width * channels && number > 0;
    if (!whole) return `${number}×${height}×${width} of ${images.length} bytes`;
    return labels && labels.length !== number ? `${labels.length} labels of ${number}` : undefined;
  };
  const sound = corpus.map((bytes) => Uint8Array.from(bytes));
  try {
    return await fuzz({ corpus: sound, read, ...(repair ? { repair } : {}) }, count, seed);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Returns a PNG whose chunks have the checksums of what they hold; other files as they are. */
function withChecksums(bytes: Uint8Array): Uint8Array {
  if (bytes[0] !== 0x89) return bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 8; at + 12 <= bytes.length;) {
    const end = at + 8 + view.getUint32(at);
    if (end + 4 > bytes.length) break;
    view.setUint32(end, crc32(bytes.subarray(at + 4, end)));
    at = end + 4;
  }
  return bytes;
}
