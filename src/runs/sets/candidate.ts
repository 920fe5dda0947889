// A set that was found below a path, before its images are read.
import type { Split } from "../../data/find-idx.ts";
import type { ImageSet } from "../../data/idx.ts";
import { DataError } from "../../gpu/errors.ts";
import { partsOf } from "./file-names.ts";

/** What a candidate's files hold. */
export interface ReadSet {
  readonly set: ImageSet;
  /** The file or folder that the images come from. */
  readonly source: string;
  /** The classes' names in their order; empty if they are numbers. */
  readonly classNames: readonly string[];
  /** What people should know about how it was read, one sentence per note. */
  readonly notes: readonly string[];
  /** Each image's file, if it has one of its own. */
  readonly files?: readonly string[];
  /** Whether its name says that rows and columns are exchanged (false). */
  readonly exchanged?: boolean;
}

/** A set that was found. */
export interface Candidate {
  /** As in "a CSV table". */
  readonly kind: string;
  /** What `--data` takes to mean this one. */
  readonly path: string;
  readonly prefix: string;
  /** The files that it consists of. */
  readonly files: readonly string[];
  /** Rejects with `DataError` if the split isn't there, or can't be read. */
  readonly read: (split: Split, how: HowToRead) => Promise<ReadSet>;
}

/** What images should be like. */
export interface HowToRead {
  /** 1 for grey, 3 for colours. */
  readonly channels: number;
  /** The side of the square that pictures of any size are fitted into, if they are to be. */
  readonly size: number | undefined;
}

/** A file with what its name says. */
interface Named {
  readonly path: string;
  readonly prefix: string;
  readonly split: Split | "other" | undefined;
}

/**
 * Returns the member of a split. Without splits in their names, all members are to train with. Throws `DataError` unless
 * there is exactly one.
 */
export function ofSplit<T extends Named>(
  members: readonly T[],
  split: Split,
  path: string,
  nameOf: (member: T) => string,
): T {
  const named = members.filter((member) => member.split !== undefined);
  const fitting =
    named.length > 0
      ? named.filter((member) => member.split === split)
      : split === "train"
        ? members
        : [];
  if (fitting.length === 1) return fitting[0]!;
  const have = members.map(nameOf).toSorted();
  if (fitting.length > 1) {
    throw new DataError(
      `${path}: holds ${fitting.length} sets of ${split} images: ${some(have)}; keep one of them there, or name its file: --data ${fitting[0]!.path}`,
    );
  }
  throw new DataError(
    `${path}: has no ${split} images; it has ${some(have)}: ${split === "test" ? "images to test with need a name with test in it next to those with train" : "name a file with train in its name, or without test"}`,
  );
}

/** Groups files by the prefix of their names, in the order of the prefixes. */
export function byPrefix<T extends Named>(
  members: readonly T[],
): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const member of members.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    groups.set(member.prefix, [...(groups.get(member.prefix) ?? []), member]);
  }
  return groups;
}

/** Whether a word that a person gave means a prefix. */
export const meansPrefix = (word: string, prefix: string): boolean =>
  prefix !== "" && partsOf(word).prefix === prefix;

/** Returns some names of several. */
export function some(names: readonly string[], most = 6): string {
  return names.slice(0, most).join(", ") + (names.length > most ? ", …" : "");
}
