// Zips whose files aren't packed, as PyTorch and Keras write theirs.
import { unzipSync } from "fflate";
import { CheckpointError } from "../gpu/errors.ts";
import { quote, wordsOf } from "../gpu/foreign-text.ts";

const MOST_FILES = 10_000;

/** Throws the error of a file, given what is wrong with it. */
export type Refuse = (what: string) => never;

/** Returns the files in a zip by their names. Calls `refuse` if it is damaged or packed; `again` says how to mend that. */
export function storedFiles(
  bytes: Uint8Array,
  refuse: Refuse,
  again: string,
): ReadonlyMap<string, Uint8Array> {
  let count = 0;
  try {
    const files = unzipSync(bytes, {
      filter: ({ name, compression, size, originalSize }) => {
        count += 1;
        if (compression !== 0 || size !== originalSize || count > MOST_FILES) {
          refuse(`${quote(name)} in it is compressed, or one of too many files; ${again}`);
        }
        return true;
      },
    });
    const all = Object.entries(files);
    const total = all.reduce((sum, [, data]) => sum + data.length, 0);
    return total <= bytes.length ? new Map(all) : refuse("is a damaged zip: its files overlap");
  } catch (error) {
    if (error instanceof CheckpointError) throw error;
    return refuse(`is a damaged zip (${wordsOf(error)})`);
  }
}

/** Whether bytes start as a zip does. */
export const isZip = (bytes: Uint8Array): boolean => bytes[0] === 0x50 && bytes[1] === 0x4b;
