// Reads both splits of a set for `longhand data`, and prints what they are and what is odd about them.
import { writeFileAtomic } from "../../checkpoint/files.ts";
import { DataError } from "../../gpu/errors.ts";
import { classCounts } from "../../runs/sets/found-words.ts";
import { odditiesOf, sharedWords } from "../../runs/sets/oddities.ts";
import { openSet, type OpenedSet } from "../../runs/sets/open-set.ts";
import { className } from "../../runs/sets/picture-set.ts";
import { drawPreview } from "../../runs/sets/preview.ts";
import { print } from "../../terminal/print.ts";
import type { DataFlags } from "../commands/data.ts";

/** Prints what is at a path, and draws its training images, or its test images if it has no others. */
export async function showSet(path: string, out: string, flags: DataFlags): Promise<void> {
  const train = await opened(path, "train", flags);
  const test = await opened(path, "test", flags);
  if (train instanceof DataError && test instanceof DataError) throw train;
  for (const set of [train, test]) {
    if (set instanceof DataError) print(set.message);
    else describe(set);
  }
  if (!(train instanceof DataError) && !(test instanceof DataError)) {
    const shared = sharedWords(test, train);
    if (shared !== undefined) print(`  Odd: ${shared}`);
  }
  const { png, rows } = drawPreview((train instanceof DataError ? test : train) as OpenedSet);
  writeFileAtomic(out, png);
  print(`${out}${rows.length > 0 ? ` (one row per class: ${rows.join(", ")})` : ""}`);
}

/** Returns the set of a split, or the error that says that there is none. Throws the error of one that is damaged. */
async function opened(
  path: string,
  split: "train" | "test",
  { transpose, channels, size }: DataFlags,
): Promise<OpenedSet | DataError> {
  try {
    return await openSet(path, split, { transpose, channels, size });
  } catch (error) {
    if (error instanceof DataError && /: has no (train|test) images/.test(error.message))
      return error;
    throw error;
  }
}

function describe(set: OpenedSet): void {
  const [found = "", ...notes] = set.notes;
  print(found, ...notes.map((note) => `  ${note}`));
  const counts = classCounts(set).flatMap((count, label) =>
    count > 0 ? [`${className(set.classNames, label)}: ${count.toLocaleString("en")}`] : [],
  );
  if (counts.length > 0) print(`  Images per class: ${counts.join(" · ")}`);
  const odd = odditiesOf(set);
  print(...(odd.length > 0 ? odd.map((words) => `  Odd: ${words}`) : ["  Nothing is odd."]));
}
