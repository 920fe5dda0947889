// What the system's error codes say, in words for a person. Knows nothing of the engine, so that the readers of
// data and checkpoints and the command line share it.
import { wordsOf } from "./foreign-text.ts";

const REASONS: ReadonlyMap<string, string> = new Map([
  ["EACCES", "permission denied"],
  ["EBUSY", "it is in use"],
  ["EDQUOT", "the disk quota is used up"],
  ["EEXIST", "it exists already"],
  ["EFBIG", "it is too large for this file system"],
  ["EIO", "the disk reports an error"],
  ["EISDIR", "it is a folder, not a file"],
  ["ELOOP", "too many symbolic links"],
  ["EMFILE", "too many files are open"],
  ["ENAMETOOLONG", "the name is too long"],
  ["ENFILE", "too many files are open on this machine"],
  ["ENODEV", "there is no such device"],
  ["ENOENT", "no such file or folder"],
  ["ENOMEM", "not enough memory"],
  ["ENOSPC", "the disk is full"],
  ["ENOTDIR", "part of the path is a file, not a folder"],
  ["ENOTEMPTY", "the folder is not empty"],
  ["EPERM", "the system does not allow it"],
  ["EROFS", "the file system is read-only"],
  ["ERR_FS_FILE_TOO_LARGE", "it is larger than 2 GiB"],
  ["ETXTBSY", "it is being run"],
  ["EXDEV", "it is on another file system"],
]);

/**
 * The code of a system error (`"ENOENT"`), or undefined for an error that carries none.
 */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/**
 * Why the system refused, in words that end a sentence: `"the disk is full"`. An error whose code is
 * not known here gives the first line of its own message.
 */
export function systemReason(error: unknown): string {
  const reason = REASONS.get(systemCode(error) ?? "");
  if (reason !== undefined) return reason;
  return wordsOf(error);
}
