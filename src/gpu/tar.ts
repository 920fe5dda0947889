// Reads POSIX tar archives: blocks of 512 bytes; a header has the name at byte 0 and the size in octal at byte 124.

/** A file of an archive, with its base name; `bytes` is a view of the archive. */
export interface TarFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Yields the files of a tar archive, in order. */
export function* tarFiles(tar: Uint8Array): Generator<TarFile> {
  const text = (from: number, to: number): string =>
    String.fromCharCode(...tar.subarray(from, to)).replace(/\0.*$/s, "");
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0;) {
    const size = Number.parseInt(text(at + 124, at + 136), 8);
    const start = at + 512;
    const name = text(at, at + 100).replace(/^.*\//, "");
    yield { name, bytes: tar.subarray(start, start + size) };
    at = start + Math.ceil(size / 512) * 512;
  }
}
