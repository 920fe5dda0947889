// Image sets in tables: train.csv and test.csv as Kaggle's digit recogniser has them, and their like.
import { basename } from "node:path";
import { isNamedEmnist } from "../../data/files.ts";
import { byPrefix, ofSplit, type Candidate } from "./candidate.ts";
import { partsOf, stemOf } from "./file-names.ts";
import { readTable } from "./read-table.ts";

/** Whether a file is a table by its name. */
export const isTableFile = (name: string): boolean => /\.(csv|tsv)(\.gz)?$/i.test(name);

/** Returns the sets in some tables of a folder, one per prefix. */
export function tableSets(files: readonly string[]): Candidate[] {
  const members = files.map((path) => ({ path, ...partsOf(stemOf(basename(path))) }));
  return [...byPrefix(members)].map(([prefix, own]) => ({
    kind: "a CSV table",
    path: own[0]!.path,
    prefix,
    files: own.map(({ path }) => path),
    read: async (split) => {
      const { path } = ofSplit(own, split, own[0]!.path, (each) => basename(each.path));
      const { set, converted } = await readTable(path);
      const notes = converted === undefined ? [] : [`${path}: ${converted}.`];
      // EMNIST's tables hold the images as its IDX files do; its pictures and arrays are other people's, and upright.
      return { set, source: path, classNames: [], notes, exchanged: isNamedEmnist(path) };
    },
  }));
}
