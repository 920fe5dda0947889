// Reads a whole IDX file, plain or gzipped. Its header says how much data there is: a file with less or more is refused
// before memory is reserved for it. A gzipped file is first unpacked without keeping anything, to be counted and
// checked.

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
import { idxContents, idxHeader, requireIdxLength, type IdxFile, type IdxHeader } from "./idx.ts";

const HEAD = 4096; // bytes, enough for any header
const PACKED_HEAD = 2048; // bytes of a gzipped file, whose own header may name the file; they unpack to at most 2 MiB

/**
 * Reads an IDX file by its content, because a name may have lost its `.gz`, or kept it. Rejects with `DataError`, which
 * names the file, if it is missing, unreadable or damaged, or holds more or less than its header says.
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
    return idxContents(header, data, path);
  } finally {
    await file.close();
  }
}

/** Returns the size of a regular file. A pipe or a device would be read forever, so it is refused. */
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

const AT_ONCE = 2 ** 28; // bytes per read; the system reads no more than 2 GiB

/** Fills an array from a position in a file. */
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
    const from = Math.max(0, header.bytes - at); // the part of the chunk that is header
    data.set(chunk.subarray(from), at + from - header.bytes);
  });
  return idxContents(header, data, path);
}

/**
 * Returns how many bytes follow the header. All are counted and their checksum is checked, but it stops at one too
 * many.
 */
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
