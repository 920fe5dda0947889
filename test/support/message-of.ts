// Returns what a refusal says, for tests: it must be exactly the right class of error, on one line.

import type { LonghandError } from "../../src/gpu/errors.ts";
import { isOneLine } from "./one-line.ts";

/** Returns the message that `action` throws or rejects with. Throws if it isn't a one-line `kind`. */
export async function messageOf(
  kind: new (message: string) => LonghandError,
  action: () => unknown,
): Promise<string> {
  let error: unknown;
  try {
    await action();
  } catch (thrown) {
    error = thrown;
  }
  if (error === undefined) throw new Error(`nothing was thrown instead of a ${kind.name}`);
  if (!(error instanceof kind)) throw new Error(`not a ${kind.name}`, { cause: error });
  if (!isOneLine(error.message)) throw new Error(`not one printable line: ${error.message}`);
  return error.message;
}
