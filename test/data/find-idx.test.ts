// Image sets on people's disks: where archives unpack them, under which names, and next to which other files.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { loadImages, loadImagesFile, type LoadedImageSet } from "../../src/data/files.ts";
import type { ImageSet } from "../../src/data/idx.ts";
import { transposed } from "../../src/data/transpose.ts";
import { DataError } from "../../src/gpu/errors.ts";
import { messageOf } from "../support/message-of.ts";
import { idxBytes } from "../support/idx-bytes.ts";

const root = mkdtempSync(join(tmpdir(), "longhand-find-"));
afterAll(() => rmSync(root, { recursive: true }));

let folders = 0;
function folder(files: Readonly<Record<string, Uint8Array | string>>): string {
  const path = join(root, String((folders += 1)));
  mkdirSync(path);
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), bytes);
  }
  return path;
}

/** Images whose pixels say which set they are of. */
const images = (level: number, count = 3): Uint8Array =>
  idxBytes([count, 2, 4], new Uint8Array(count * 8).fill(level));
const labels = (label: number, count = 3): Uint8Array =>
  idxBytes([count], new Uint8Array(count).fill(label));
const refusal = (dir: string, split: "train" | "test" = "train"): Promise<string> =>
  messageOf(DataError, () => loadImages(dir, split));
const seen = ({ images: [level], labels: of }: LoadedImageSet): unknown => [level, of?.[0]];

describe("a set is found", () => {
  const layouts: readonly [what: string, names: readonly [string, string, string, string]][] = [
    [
      "as Kaggle unpacks it",
      [
        "train-images-idx3-ubyte/train-images-idx3-ubyte",
        "train-labels-idx1-ubyte/train-labels-idx1-ubyte",
        "t10k-images-idx3-ubyte/t10k-images-idx3-ubyte",
        "t10k-labels-idx1-ubyte/t10k-labels-idx1-ubyte",
      ],
    ],
    [
      "below torchvision's folders",
      [
        "MNIST/raw/train-images-idx3-ubyte",
        "MNIST/raw/train-labels-idx1-ubyte",
        "MNIST/raw/t10k-images-idx3-ubyte.gz",
        "MNIST/raw/t10k-labels-idx1-ubyte.gz",
      ],
    ],
    [
      "in upper case",
      [
        "TRAIN-IMAGES-IDX3-UBYTE",
        "TRAIN-LABELS-IDX1-UBYTE",
        "T10K-IMAGES.IDX3-UBYTE.GZ",
        "T10K-LABELS-IDX1-UBYTE",
      ],
    ],
    [
      "as second copies of a browser's",
      [
        "train-images-idx3-ubyte (1).gz",
        "train-labels-idx1-ubyte(1).gz",
        "t10k-images-idx3-ubyte.gz (2)",
        "t10k-labels-idx1-ubyte - Copy.gz",
      ],
    ],
    [
      "under a prefix, its test images called test",
      [
        "kmnist-train-images-idx3-ubyte.gz",
        "kmnist-train-labels-idx1-ubyte.gz",
        "kmnist-test-images-idx3-ubyte.gz",
        "kmnist-test-labels-idx1-ubyte.gz",
      ],
    ],
    [
      "with underscores and dots",
      ["train_images.idx3", "train_labels.idx1", "test_images.idx3.ubyte", "test.labels"],
    ],
    [
      "in a folder a split",
      [
        "train/images-idx3-ubyte",
        "train/labels-idx1-ubyte",
        "test/t10k-images-idx3-ubyte",
        "test/t10k-labels-idx1-ubyte",
      ],
    ],
  ];
  test.each(layouts)("%s", async (_, [trainImages, trainLabels, testImages, testLabels]) => {
    const pack = (name: string, bytes: Uint8Array): Uint8Array =>
      /gz/i.test(name) ? gzipSync(bytes) : bytes;
    const dir = folder({
      [trainImages]: pack(trainImages, images(1)),
      [trainLabels]: pack(trainLabels, labels(2)),
      [testImages]: pack(testImages, images(3)),
      [testLabels]: pack(testLabels, labels(4)),
      "README.md": "what this is",
      "._train-images-idx3-ubyte": "\0\u0005\u0016\u0007",
      "__MACOSX/train-images-idx3-ubyte": "x",
    });
    expect(seen(await loadImages(dir, "train"))).toEqual([1, 2]);
    expect(seen(await loadImages(dir, "test"))).toEqual([3, 4]);
  });

  test("with a dotted file beside a folder of the dashed name", async () => {
    const dir = folder({
      "train-images.idx3-ubyte": images(1),
      "train-images-idx3-ubyte/train-images-idx3-ubyte": images(1),
      "train-labels.idx1-ubyte": labels(2),
      "train-labels-idx1-ubyte/train-labels-idx1-ubyte": labels(2),
    });
    expect(seen(await loadImages(dir, "train"))).toEqual([1, 2]);
  });

  test("in the folder that is named before those below it", async () => {
    const dir = folder({
      "train-images-idx3-ubyte": images(1),
      "older/train-images-idx3-ubyte": images(9),
      "older/t10k-images-idx3-ubyte": images(9),
    });
    expect(seen(await loadImages(dir, "train"))).toEqual([1, undefined]);
    // The other half of another set isn't this one's.
    expect(await refusal(dir, "test")).toMatch(
      /has no test images; .*they are missing next to .*: fetch them/,
    );
  });

  test("through links to folders and files", async () => {
    const store = folder({ "train-images-idx3-ubyte": images(5) });
    const dir = folder({});
    symlinkSync(store, join(dir, "data"));
    expect(seen(await loadImages(dir, "train"))).toEqual([5, undefined]);
    const other = folder({});
    symlinkSync(join(store, "train-images-idx3-ubyte"), join(other, "train-images-idx3-ubyte"));
    expect(seen(await loadImages(other, "train"))).toEqual([5, undefined]);
    symlinkSync(dir, join(dir, "round")); // and round again
    expect(seen(await loadImages(dir, "train"))).toEqual([5, undefined]);
  });
});

describe("where there are several sets", () => {
  const emnist = (which: string, level: number): Record<string, Uint8Array> => ({
    [`emnist-${which}-train-images-idx3-ubyte`]: images(level),
    [`emnist-${which}-train-labels-idx1-ubyte`]: labels(level),
    [`emnist-${which}-test-images-idx3-ubyte`]: images(level + 1),
  });

  test("they are refused by their names, and one can be named by its prefix", async () => {
    const dir = folder({ ...emnist("letters", 1), ...emnist("digits", 3) });
    expect(await refusal(dir)).toBe(
      `${dir}: holds 2 image sets: ${join(dir, "emnist-digits")}, ${join(dir, "emnist-letters")}; name one of them: --data ${join(dir, "emnist-digits")}`,
    );
    expect(seen(await loadImages(join(dir, "emnist-letters"), "train"))).toEqual([1, 1]);
    expect(seen(await loadImages(join(dir, "emnist-digits"), "test"))).toEqual([4, undefined]);
    expect(await refusal(join(dir, "emnist-mnist"))).toMatch(/there is no such folder/);
  });

  test("one without a prefix can be named by its images", async () => {
    const dir = folder({ ...emnist("digits", 3), "train-images-idx3-ubyte": images(7) });
    const plain = join(dir, "train-images-idx3-ubyte");
    expect(await refusal(dir)).toContain(
      `holds 2 image sets: ${join(dir, "emnist-digits")}, ${plain}; `,
    );
    expect(seen(await loadImages(plain, "train"))).toEqual([7, undefined]);
  });

  test("in folders as deep as each other, they are refused too", async () => {
    const dir = folder({
      "MNIST/raw/train-images-idx3-ubyte": images(1),
      "FashionMNIST/raw/train-images-idx3-ubyte": images(2),
    });
    expect(await refusal(dir)).toMatch(/holds 2 image sets: .*FashionMNIST.*, .*MNIST/);
    expect(seen(await loadImages(join(dir, "MNIST"), "train"))).toEqual([1, undefined]);
  });
});

test("a folder without a set is told what it holds and what to do about it", async () => {
  const cases: readonly [files: Record<string, Uint8Array | string>, words: RegExp][] = [
    [{}, /; the folder is empty\.$/],
    [{ "mnist.zip": "PK\u0003\u0004" }, /holds mnist\.zip \(a zip archive\): unpack it, and name/],
    [
      { "mnist.tar.xz": new Uint8Array([0xfd, ...Buffer.from("7zXZ\0")]) },
      /\(xz data\): unpack it/,
    ],
    [{ "train.csv": "label,pixel0,pixel1\n3,0,0\n" }, /\(a CSV table\): convert it to IDX files/],
    [{ "train.parquet": "PAR1" }, /\(a Parquet table\): convert it to IDX files/],
    [{ images: images(1) }, /images \(an IDX file of rank 3\): name it after what it holds/],
    [{ "0.png": "\u0089PNG" }, /0\.png \(.*\)/],
    [
      { "a.txt": "no", "b.txt": "no", "z.zip": "PK\u0003\u0004" },
      /holds z\.zip \(a zip archive\), a/,
    ],
    [{ "a/b/c/d/e/train-images-idx3-ubyte": images(1) }, /holds a \(a folder\)\.$/],
  ];
  for (const [files, words] of cases) expect(await refusal(folder(files))).toMatch(words);
});

describe("EMNIST's images", () => {
  const letter = Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]);
  const turned = [1, 5, 2, 6, 3, 7, 4, 8];

  test("are turned upright by their files' names, unless a flag says otherwise", async () => {
    const file = idxBytes([1, 2, 4], letter);
    const dir = folder({ "emnist-letters-train-images-idx3-ubyte": file });
    const set = await loadImages(dir, "train");
    expect([set.height, set.width, [...set.images], set.transposed]).toEqual([4, 2, turned, true]);
    expect(set.notes.join()).toMatch(
      /rows and columns of each image are exchanged, as EMNIST's files need/,
    );
    const raw = await loadImages(dir, "train", { transpose: false });
    expect([raw.height, [...raw.images], raw.notes]).toEqual([2, [...letter], []]);
    expect(raw.fingerprint).not.toBe(set.fingerprint);
    const path = join(dir, "emnist-letters-train-images-idx3-ubyte");
    expect((await loadImagesFile(path)).transposed).toBe(true);
    const plain = folder({ "train-images-idx3-ubyte": file });
    const asked = await loadImages(plain, "train", { transpose: true });
    expect([...asked.images]).toEqual(turned);
  });

  test("under MNIST's names are noticed where they are labelled digits, and others aren't", async () => {
    const mnist = await loadImages(undefined, "train");
    const some = {
      ...mnist,
      count: 300,
      images: mnist.images.slice(0, 300 * 784),
      labels: mnist.labels!.slice(0, 300),
    };
    const notesOf = async (set: ImageSet, withLabels = true): Promise<readonly string[]> => {
      const dir = folder({
        "train-images-idx3-ubyte": idxBytes([300, 28, 28], set.images),
        ...(withLabels ? { "train-labels-idx1-ubyte": idxBytes([300], set.labels!) } : {}),
      });
      return (await loadImages(dir, "train")).notes;
    };
    const wrong = { ...some, images: transposed(some).images };
    expect((await notesOf(wrong)).join()).toMatch(/look transposed, as EMNIST's are; --transpose/);
    expect(await notesOf(some)).toEqual([]);
    expect(await notesOf(wrong, false)).toEqual([]);
    const inverted = { ...some, images: some.images.map((level) => 255 - level) };
    expect(await notesOf(inverted)).toEqual([]);
  });
});
