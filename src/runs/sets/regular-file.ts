// Refuses what isn't a regular file before it is opened: a pipe would wait until somebody writes to it.
import { statSync } from "node:fs";
import { DataError } from "../../gpu/errors.ts";
import { systemReason } from "../../gpu/system-reason.ts";

/** Returns the size of a regular file. Throws `DataError` if it is missing, or something else. */
export function requireRegular(path: string): number {
  let status: ReturnType<typeof statSync>;
  try {
    status = statSync(path);
  } catch (error) {
    throw new DataError(`${path}: can't be read: ${systemReason(error)}`, { cause: error });
  }
  if (status?.isFile()) return status.size;
  throw new DataError(`${path}: can't be read: it is not a regular file; move it away`);
}
