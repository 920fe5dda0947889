// Checks the splits and options that callers without types give.
import { AttributeError } from "../gpu/errors.ts";
import { show } from "../gpu/foreign-text.ts";
import { checkOptions } from "../gpu/options.ts";
import type { LoadOptions } from "./files.ts";
import type { Split } from "./find-idx.ts";

export { checkPath } from "../gpu/options.ts";

/** Throws `AttributeError` unless a value is a split of a dataset. */
export function checkSplit(op: string, split: Split): void {
  if (split === "train" || split === "test") return;
  throw new AttributeError(`${op}: the split must be 'train' or 'test'; got ${show(split)}`);
}

/** Throws `AttributeError` unless options are those of reading images. */
export function checkLoadOptions(op: string, options: LoadOptions): void {
  checkOptions(op, options, ["transpose"]);
  const { transpose } = options;
  if (transpose === undefined || typeof transpose === "boolean") return;
  throw new AttributeError(`${op}: transpose must be true or false; got ${show(transpose)}`);
}
