// Reads an IDX file whole, plain or gzipped. How much is wanted stands in its header: a file that has less or more is
// refused before memory is reserved for it, and a gzipped one is unpacked for nothing first, counted and checked.

import { createReadStream } from "node:fs";
import { open, stat, type FileHandle } from "node:fs/promises";
import { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { constants, createGunzip, gunzipSync } from "node:zlib";
import { DataError } from "../gpu/errors.ts";
import { formatOf } from "../gpu/formats.ts";
import { youngGarbage } from "../gpu/node/young-garbage.ts";
import { checkPath } from "../gpu/options.ts";
import { systemCode, systemReason } from "../gpu/system-reason.ts";
import { idxHeader, requireIdxLength, type IdxFile, type IdxHeader } from "./idx.ts";

const HEAD = 4096; // bytes, which hold any header
const PACKED_HEAD = 2048; // of a gzipped file: its own header may name the file, and at most 2 MiB come of them

/**
 * Reads an IDX file, by its content: a name may have lost its `.gz`, or kept it. Rejects with `DataError`, which names
 * the file, if it is missing, unreadable or damaged, or holds more or less than its header says.
 */
export async function readIdx(path: string): Promise<IdxFile> {
  checkPath("readIdx", "the file", path);
  const size = await sizeOf(path);
  const file = await reading(path, () => open(path));
  try {
    const head = new Uint8Array(Math.min(HEAD, size));
    await fill(file, head, 0, path);
    if (head[0] === 0x1f && head[1] === 0x8b) {
      return await readPacked(path, head.subarray(0, PACKED_HEAD));
    }
    const format = path.endsWith(".gz") && head[0] !== 0 ? formatOf(head) : undefined;
    if (format) {
      throw new DataError(
        `${path}: is neither gzipped nor an IDX file, but ${format.words}; fetch it again.`,
      );
    }
    const header = idxHeader(head, path, size);
    requireIdxLength(header, size - header.bytes, path);
    const data = new Uint8Array(size - header.bytes);
    await fill(file, data, header.bytes, path);
    return { shape: header.shape, data };
  } finally {
    await file.close();
  }
}

/** The bytes of a regular file: a pipe or a device would be read for ever. */
async function sizeOf(path: string): Promise<number> {
  const status = await reading(path, () => stat(path));
  if (status.isFile()) return status.size;
  const what = status.isDirectory() ? "it is a folder, not a file" : "it is not a regular file";
  throw new DataError(`${path}: can't be read: ${what}.`);
}

async function reading<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new DataError(`${path}: can't be read: ${systemReason(error)}.`, { cause: error });
  }
}

const AT_ONCE = 2 ** 28; // bytes; the system reads no more than 2 GiB

/** Fills an array from a place in a file on. */
async function fill(
  file: FileHandle,
  into: Uint8Array,
  position: number,
  path: string,
): Promise<void> {
  for (let at = 0; at < into.length;) {
    const part = into.subarray(at, at + AT_ONCE);
    const { bytesRead } = await reading(path, () => file.read(part, 0, part.length, position + at));
    if (bytesRead === 0) throw new DataError(`${path}: became shorter while it was read.`);
    at += bytesRead;
  }
}

async function readPacked(path: string, packed: Uint8Array): Promise<IdxFile> {
  let head: Uint8Array;
  try {
    head = gunzipSync(packed, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch (error) {
    throw damaged(path, error);
  }
  const header = idxHeader(head.subarray(0, HEAD), path, head.length);
  requireIdxLength(header, await unpackedSize(path, header), path, true);
  const data = new Uint8Array(Number(header.wanted));
  await unpack(path, (chunk, at) => {
    const from = Math.max(0, header.bytes - at); // what of the chunk is header
    data.set(chunk.subarray(from), at + from - header.bytes);
  });
  return { shape: header.shape, data };
}

/** How many bytes follow the header: all are counted, and their checksum checked; one too many is enough. */
async function unpackedSize(path: string, header: IdxHeader): Promise<number> {
  const most = BigInt(header.bytes) + header.wanted;
  let size = 0;
  await unpack(path, (chunk) => {
    size += chunk.length;
    return BigInt(size) <= most;
  });
  return size - header.bytes;
}

/** Unpacks a gzipped file chunk by chunk, until it ends or `visit` returns false. */
async function unpack(
  path: string,
  visit: (chunk: Uint8Array, at: number) => boolean | void,
): Promise<void> {
  const enough = new Error("enough");
  const sweep = youngGarbage();
  let at = 0;
  const sink = new Writable({
    write(chunk: Uint8Array, _encoding, done) {
      const goOn = visit(chunk, at);
      at += chunk.length;
      sweep(chunk.length);
      done(goOn === false ? enough : null);
    },
  });
  try {
    await pipeline(createReadStream(path), createGunzip({ chunkSize: 2 ** 16 }), sink);
  } catch (error) {
    if (error !== enough) throw damaged(path, error);
  }
}

function damaged(path: string, error: unknown): DataError {
  const isSystem = /^E[A-Z]/.test(systemCode(error) ?? "") && !systemCode(error)?.startsWith("ERR");
  const reason = isSystem
    ? systemReason(error)
    : `its gzip data is damaged (${systemReason(error)}); fetch it again`;
  return new DataError(`${path}: can't be unpacked: ${reason}.`, { cause: error });
}
