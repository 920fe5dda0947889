// The arrays in an .npz file, a zip of .npy files. yauzl reads it: it finds each array's place and unpacks it in pieces,
// so that an array's header is known before memory is reserved for it. fflate, which writes the others, unpacks whole.
import { crc32 } from "node:zlib";
import { openPromise, type Entry, type ZipFile } from "yauzl";
import { DataError } from "../../gpu/errors.ts";
import { printable, wordsOf } from "../../gpu/foreign-text.ts";
import { systemCode, systemReason } from "../../gpu/system-reason.ts";
import type { ArraySource } from "./read-array.ts";
import { requireRegular } from "./regular-file.ts";

const MOST_ARRAYS = 1000;

/** An array of an open .npz file. */
export interface ZippedArray {
  /** Without its ending: `arr_0`. */
  readonly key: string;
  readonly source: ArraySource;
}

/**
 * Opens an .npz file, and calls `body` with its arrays. They can be read only until `body` is done. Rejects with
 * `DataError` if it is damaged, or holds no array.
 */
export async function withNpz<T>(
  path: string,
  body: (arrays: readonly ZippedArray[]) => Promise<T>,
): Promise<T> {
  requireRegular(path);
  const zip = await unzipping(path, () => openPromise(path, { autoClose: false }));
  try {
    const arrays: ZippedArray[] = [];
    const others: string[] = [];
    await unzipping(path, async () => {
      for await (const entry of zip.eachEntry()) {
        if (entry.fileName.endsWith(".npy")) arrays.push(arrayOf(zip, entry, path));
        else others.push(entry.fileName);
        if (arrays.length + others.length > MOST_ARRAYS) {
          throw new DataError(
            `${path}: holds more than ${MOST_ARRAYS} files; an .npz of images has one array of them: save it so`,
          );
        }
      }
    });
    if (arrays.length === 0) {
      const some = others.slice(0, 3).map((name) => printable(name, 60));
      const holds = some.length > 0 ? `holds ${some.join(", ")}` : "is empty";
      throw new DataError(
        `${path}: a zip archive without NumPy arrays, it ${holds}: unpack it, and name the folder`,
      );
    }
    return await body(arrays);
  } finally {
    zip.close();
  }
}

function arrayOf(zip: ZipFile, entry: Entry, path: string): ZippedArray {
  const name = `${path} (${printable(entry.fileName, 80)})`;
  const pieces = async function* (whole: boolean): AsyncGenerator<Uint8Array> {
    if (!entry.canDecodeFileData()) {
      throw new DataError(
        `${name}: is packed in a way that isn't read; save it with numpy.savez or savez_compressed`,
      );
    }
    let sum = 0;
    try {
      for await (const piece of await zip.openReadStreamPromise(entry)) {
        if (whole) sum = crc32(piece as Buffer, sum);
        yield piece as Buffer;
      }
    } catch (error) {
      throw damaged(name, error);
    }
    if (whole && sum !== entry.crc32) {
      throw damaged(name, new Error("its checksum differs"));
    }
  };
  return {
    key: entry.fileName.replace(/\.npy$/, ""),
    source: { name, size: entry.uncompressedSize, pieces },
  };
}

async function unzipping<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw damaged(path, error);
  }
}

function damaged(name: string, error: unknown): DataError {
  if (error instanceof DataError) return error;
  const code = systemCode(error);
  const isSystem = /^E[A-Z]+$/.test(code ?? "");
  const words = isSystem
    ? `can't be read: ${systemReason(error)}`
    : `is damaged (${printable(wordsOf(error), 120)}); fetch it again`;
  return new DataError(`${name}: ${words}`, { cause: error });
}
