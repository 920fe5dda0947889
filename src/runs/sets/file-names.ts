// What the name of a file or of an array says: which set it belongs to, which split, and whether it holds images or
// labels. KMNIST: kmnist-train-imgs.npz; Keras: x_train; Kaggle: fashion-mnist_train.csv; MedMNIST: test_labels.
import type { Split } from "../../data/find-idx.ts";

/** The parts of a name. */
export interface NameParts {
  /** The rest of it, in lower case, with dashes: `kmnist`. */
  readonly prefix: string;
  /** `other` is a split that is neither: validation images. */
  readonly split: Split | "other" | undefined;
  readonly role: "images" | "labels" | undefined;
}

const words = <T extends string>(value: T, list: string): readonly (readonly [string, T])[] =>
  list.split(" ").map((word) => [word, value] as const);

const SPLITS: ReadonlyMap<string, Split | "other"> = new Map([
  ...words("train", "train training"),
  ...words("test", "test testing t10k"),
  ...words("other", "val valid validation dev extra"),
]);
const ROLES: ReadonlyMap<string, "images" | "labels"> = new Map([
  ...words("images", "images image imgs img x data pixels inputs"),
  ...words("labels", "labels label y targets target classes"),
]);
const FUSED = /^(?:(x|y)(train|test|val)|(train|test|val)(x|y))$/;

/** Returns the parts of a name without its ending. */
export function partsOf(name: string): NameParts {
  const parts = name
    .toLowerCase()
    .split(/[-_. ]+/)
    .flatMap((part) => FUSED.exec(part)?.slice(1).filter(Boolean) ?? [part])
    .filter((part) => part !== "");
  const split = parts.find((part) => SPLITS.has(part));
  const role = parts.find((part) => ROLES.has(part));
  return {
    prefix: parts.filter((part) => part !== split && part !== role).join("-"),
    split: split === undefined ? undefined : SPLITS.get(split),
    role: role === undefined ? undefined : ROLES.get(role),
  };
}

/** Returns a file's name without the endings of the formats that are read. */
export const stemOf = (name: string): string =>
  name.replace(/\.(np[yz]|csv|tsv|txt)?(\.gz)?$/i, "");
