// Image sets in CSV tables: Kaggle's, with and without headers and labels, and what is refused.
import { join, relative } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { DataError } from "../../../src/gpu/errors.ts";
import { openSet } from "../../../src/runs/sets/open-set.ts";
import { messageOf } from "../../support/message-of.ts";
import { temporaryFolders } from "../../support/set-files.ts";

const folder = temporaryFolders();
const refusal = (path: string, split: "train" | "test" = "train"): Promise<string> =>
  messageOf(DataError, () => openSet(path, split));
const csv = (...rows: readonly (readonly (string | number)[])[]): string =>
  rows.map((row) => `${row.join(",")}\n`).join("");

const pixel = [0, 1, 2, 3].map((i) => `pixel${i}`);
const images = [
  [0, 255, 7, 8],
  [9, 10, 11, 12],
];

describe("are read", () => {
  const tables: readonly [what: string, text: string, labels: number[] | undefined][] = [
    [
      "a header and labels first",
      csv(["label", ...pixel], [3, ...images[0]!], [1, ...images[1]!]),
      [3, 1],
    ],
    [
      "a header and labels last",
      csv([...pixel, "class"], [...images[0]!, 3], [...images[1]!, 1]),
      [3, 1],
    ],
    ["a header and no labels", csv(pixel, ...images), undefined],
    ["labels and no header", csv([3, ...images[0]!], [1, ...images[1]!]), [3, 1]],
    ["neither", csv(...images), undefined],
    ["a column of ids", csv(["id", ...pixel], [0, ...images[0]!], [1, ...images[1]!]), undefined],
    [
      "an index without a name, as pandas writes it",
      csv(["", "label", ...pixel], [0, 3, ...images[0]!], [1, 1, ...images[1]!]),
      [3, 1],
    ],
    [
      "pixels named by row and column",
      csv(["label", "1x1", "1x2", "2x1", "2x2"], [3, ...images[0]!], [1, ...images[1]!]),
      [3, 1],
    ],
    [
      "semicolons, quotes, a byte order mark and Windows' ends of lines",
      '\ufeff"label";"p0";"p1";"p2";"p3"\r\n"3";0;"255";7;8\r\n1;9;10;11;12\r\n',
      [3, 1],
    ],
    ["tabs", csv([3, ...images[0]!], [1, ...images[1]!]).replaceAll(",", "\t"), [3, 1]],
    ["no end of line at the end", csv([3, ...images[0]!], [1, ...images[1]!]).trimEnd(), [3, 1]],
  ];
  test.each(tables)("with %s", async (_, text, labels) => {
    const set = await openSet(folder({ "train.csv": text }), "train");
    expect([set.count, set.height, set.width]).toEqual([2, 2, 2]);
    expect([...set.images]).toEqual(images.flat());
    expect(set.labels && [...set.labels]).toEqual(labels);
    expect(set.kind).toBe("a CSV table");
    const packed = await openSet(folder({ "train.csv.gz": gzipSync(text) }), "train");
    expect(packed.fingerprint).toBe(set.fingerprint);
  });

  test("of other sizes than squares, if the header names rows and columns", async () => {
    const names = ["1x1", "1x2", "2x1", "2x2", "3x1", "3x2"];
    const set = await openSet(
      folder({ "a.csv": csv(["label", ...names], [1, 1, 2, 3, 4, 5, 6]) }),
      "train",
    );
    expect([set.height, set.width, ...set.images]).toEqual([3, 2, 1, 2, 3, 4, 5, 6]);
  });

  test("Kaggle's folder: train.csv, test.csv, and a sample of a submission", async () => {
    const path = folder({
      "train.csv": csv(["label", ...pixel], [3, ...images[0]!]),
      "test.csv": csv(pixel, images[1]!),
      "sample_submission.csv": csv(["ImageId", "Label"], [1, 0]),
    });
    expect([...(await openSet(path, "train")).images]).toEqual(images[0]);
    const tested = await openSet(path, "test");
    expect([tested.labels, ...tested.images]).toEqual([undefined, ...images[1]!]);
    expect((await openSet(join(path, "test.csv"), "train")).count).toBe(1);
  });

  test("a file by any spelling of its path, under any name", async () => {
    const path = folder({
      "digits_train.csv": csv(images[0]!),
      "my_submission.csv": csv(images[1]!),
    });
    const spelt = relative(process.cwd(), join(path, "digits_train.csv"));
    for (const each of [spelt, `./${spelt}`, join(path, "my_submission.csv")]) {
      expect((await openSet(each, "train")).count).toBe(1);
    }
    expect((await openSet(path, "train")).source).toBe(join(path, "digits_train.csv"));
  });

  test("shares from 0 to 1, also when the first rows look like levels", async () => {
    const rows = [
      [0, 0, 1, 0],
      [0, 0.5, 1, 0.25],
    ];
    const set = await openSet(folder({ "a.csv": csv(...rows) }), "train");
    expect([...set.images]).toEqual([0, 0, 255, 0, 0, 128, 255, 64]);
    expect(set.notes[1]).toMatch(/a\.csv: numbers: 0 to 1 became 0 to 255\.$/);
  });

  test("EMNIST's tables are turned upright by their names", async () => {
    const path = folder({ "emnist-letters-train.csv": csv([26, 1, 2, 3, 4]) });
    const set = await openSet(path, "train");
    expect([set.transposed, ...set.images]).toEqual([true, 1, 3, 2, 4]);
    expect(set.notes[0]).toMatch(/: 1 of 2×2 in 1 class \(26\), pixels from 1 to 4; a CSV table/);
    expect([...(await openSet(path, "train", { transpose: false })).images]).toEqual([1, 2, 3, 4]);
  });
});

describe("refused, with the reason", () => {
  const cases: readonly [what: string, text: string | Uint8Array, words: RegExp][] = [
    [
      "no table of images",
      csv(["name", "age"], ["a", 1]),
      /first row has 2 columns, the first "name"; an image takes a square number of them/,
    ],
    ["a header alone", csv(["label", ...pixel]), /has no rows of images/],
    ["nothing", "", /has no rows of images|is empty/],
    [
      "a row cut short",
      csv([3, ...images[0]!], [1, 2]),
      /row 2 has 2 columns, but the first has 5; it is cut short/,
    ],
    [
      "an empty cell",
      csv([3, ...images[0]!], [1, "", 10, 11, 12]),
      /row 2, column 2 is ""; pixels and labels must be numbers/,
    ],
    ["a word", csv([3, ...images[0]!], ["cat", 9, 10, 11, 12]), /row 2, column 1 is "cat"/],
    [
      "a class too high",
      csv([300, ...images[0]!]),
      /label 0 is 300; classes must be whole numbers from 0 to 255/,
    ],
    ["pixels below 0", csv([3, -9, 1, 2, 3]), /its numbers go from −9 to 3; pixels go from/],
    [
      "gzip cut short",
      gzipSync(csv([3, ...images[0]!])).subarray(0, 30),
      /a\.csv: can't be read: /,
    ],
  ];
  test.each(cases)("%s", async (_, text, words) => {
    expect(await refusal(join(folder({ "a.csv": text }), "a.csv"))).toMatch(words);
  });

  test("a line without an end, before it fills the memory", async () => {
    const path = folder({ "a.csv": `3${",1".repeat(3e6)}` });
    const began = performance.now();
    expect(await refusal(path)).toMatch(/row 1 doesn't end within 524288 bytes/);
    expect(performance.now() - began).toBeLessThan(3000);
  });

  test("two tables for one split, and two kinds of sets at once", async () => {
    const rows = csv(...images);
    const twice = folder({ "train.csv": rows, "train.tsv": rows.replaceAll(",", "\t") });
    expect(await refusal(twice)).toMatch(
      /holds 2 sets of train images: train\.csv, train\.tsv; keep one/,
    );
    const kinds = folder({ "a.csv": rows, "b.npy": new Uint8Array(3) });
    expect(await refusal(kinds)).toMatch(
      /holds 2 kinds of image sets: .*b\.npy \(NumPy arrays\), .*a\.csv \(a CSV table\); name one of them: --data .*b\.npy$/,
    );
  });
});
