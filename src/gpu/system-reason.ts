// The system's error codes in words for a person. This depends on nothing of the engine, so that the readers of data
// and checkpoints and the command line can share it.
import { wordsOf } from "./foreign-text.ts";

const REASONS: ReadonlyMap<string, string> = new Map([
  ["EACCES", "permission denied"],
  ["EBUSY", "it is in use"],
  ["EDQUOT", "the disk quota is used up"],
  ["EEXIST", "it already exists"],
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
 * Returns the code of a system error (`"ENOENT"`), or undefined for an error that has none.
 */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/**
 * Returns why the system refused, in words that end a sentence: `"the disk is full"`. For an error with an unknown
 * code, it returns the first line of the error's message.
 */
export function systemReason(error: unknown): string {
  const reason = REASONS.get(systemCode(error) ?? "");
  if (reason !== undefined) return reason;
  return wordsOf(error);
}
