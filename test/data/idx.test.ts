// IDX files in memory: what is read, and what each kind of damage says.

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { imageSet, parseIdx, type IdxFile } from "../../src/data/idx.ts";
import { DataError } from "../../src/gpu/errors.ts";
import { messageOf } from "../support/message-of.ts";
import { idxBytes } from "../support/idx-bytes.ts";

describe("parseIdx", () => {
  test("reads any shape back", () => {
    const shapes = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(shapes, fc.nat(200), (shape, seed) => {
        const size = shape.reduce((a, b) => a * b, 1);
        const data = Uint8Array.from({ length: size }, (_, i) => (i * 31 + seed) & 255);
        const file = parseIdx(idxBytes(shape, data), "f");
        expect(file.shape).toEqual(shape);
        expect(Array.from(file.data)).toEqual(Array.from(data));
      }),
    );
  });

  test("reads from the middle of a larger buffer, without a copy", () => {
    const whole = new Uint8Array(100).fill(7);
    whole.set(idxBytes([2, 3], [1, 2, 3, 4, 5, 6]), 13);
    const file = parseIdx(whole.subarray(13, 13 + 18), "f");
    expect(file.shape).toEqual([2, 3]);
    expect(Array.from(file.data)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(file.data.buffer).toBe(whole.buffer);
  });

  const expected =
    "an IDX file starts with 00 00, its element type (08 for unsigned bytes) and its rank";
  const damaged: readonly [what: string, bytes: Uint8Array, message: string][] = [
    ["an empty file", new Uint8Array(0), `ends after 0 bytes; ${expected}.`],
    ["one byte", new Uint8Array(1), `ends after 1 byte; ${expected}.`],
    [
      "a web page",
      new TextEncoder().encode("<!DOCTYPE html>"),
      "not an IDX file, but a web page; the download failed; fetch it again.",
    ],
    [
      "bytes of no known kind",
      Uint8Array.of(1, 2, 3, 4, 0),
      `not an IDX file: starts with 01 02 03 04; ${expected}.`,
    ],
    [
      "a CSV table",
      new TextEncoder().encode("label,pixel0,pixel1\n3,0,0\n"),
      "not an IDX file, but a CSV table; convert it to IDX files of images and labels.",
    ],
    [
      "a zip archive",
      new TextEncoder().encode("PK\u0003\u0004xxxxxxxx"),
      "not an IDX file, but a zip archive; unpack it, and name the folder.",
    ],
    [
      "a little-endian header",
      Uint8Array.of(3, 8, 0, 0, 1, 0, 0, 0),
      "its header is little-endian (03 08 00 00), but IDX has the high byte first: write it again with big-endian numbers (NumPy's '>i4').",
    ],
    [
      "little-endian sizes",
      idxBytes([2 ** 24, 3 * 2 ** 24], [1, 2, 3]),
      "its sizes are little-endian (1×3), but IDX has the high byte first: write it again with big-endian numbers (NumPy's '>i4').",
    ],
    [
      "floats that aren't finite",
      idxBytes([1, 1, 1], [0x7f, 0x80, 0, 0], 0x0d),
      "element 0 is Infinity, which is no pixel and no class; replace it by a number",
    ],
    [
      "numbers that no pixels have",
      idxBytes([1, 1, 2], [0xff, 0x80, 0, 1], 0x0b),
      "its numbers go from −128 to 1; pixels go from 0 to 255, 0 to 1, −1 to 1, or 0 to 65535 in whole numbers: undo what scaled them, such as a standardisation",
    ],
    [
      "labels that are no bytes",
      idxBytes([1], [1, 0], 0x0b),
      "label 0 is 256; classes must be whole numbers from 0 to 255: number them so",
    ],
    [
      "floats cut short",
      idxBytes([1, 1, 2], [0, 0, 0, 0], 0x0d),
      "has 4 bytes of data, but its header (1×1×2) asks for 8: it was cut short or its header is wrong; fetch it again.",
    ],
    [
      "an element type that IDX lacks",
      idxBytes([1], [0], 0x0a),
      `starts with 00 00 0a 01, and 0a is not an element type of IDX; ${expected}.`,
    ],
    ["rank 0", idxBytes([], [0]), "its header says rank 0; labels have rank 1 and images rank 3."],
    [
      "a header cut short",
      idxBytes([2, 2, 2], []).subarray(0, 11),
      "ends after 11 bytes, within its header of 16 (rank 3); fetch it again.",
    ],
    [
      "data cut short",
      idxBytes([2, 2, 2], [1, 2, 3, 4, 5, 6, 7]),
      "has 7 bytes of data, but its header (2×2×2) asks for 8: it was cut short or its header is wrong; fetch it again.",
    ],
    [
      "bytes after the data",
      idxBytes([2, 2], [1, 2, 3, 4, 5]),
      "has 5 bytes of data, but its header (2×2) asks for 4: it has too many bytes; fetch it again.",
    ],
    [
      "sizes whose product is 2^64",
      idxBytes([65536, 65536, 65536, 65536], []),
      "has 0 bytes of data, but its header (65536×65536×65536×65536) asks for 18446744073709551616: it was cut short or its header is wrong; fetch it again.",
    ],
    [
      "the greatest sizes",
      idxBytes([4294967295, 4294967295, 4294967295], [1]),
      "has 1 byte of data, but its header (4294967295×4294967295×4294967295) asks for 79228162458924105385300197375: it was cut short or its header is wrong; fetch it again.",
    ],
  ];

  test.each(damaged)("refuses %s", async (_, bytes, message) => {
    expect(await messageOf(DataError, () => parseIdx(bytes, "digits"))).toBe(`digits: ${message}`);
  });

  const big = (view: (of: DataView) => void, length: number): Uint8Array => {
    const bytes = new Uint8Array(length);
    view(new DataView(bytes.buffer));
    return bytes;
  };
  const elements: readonly [
    what: string,
    element: number,
    values: Uint8Array,
    levels: number[],
    words: string,
  ][] = [
    ["signed bytes", 0x09, Uint8Array.of(0, 127), [0, 127], "signed bytes: taken as they are"],
    [
      "16-bit integers",
      0x0b,
      Uint8Array.of(0, 255, 0, 9),
      [255, 9],
      "16-bit integers: taken as they are",
    ],
    [
      "32-bit integers",
      0x0c,
      Uint8Array.of(0, 0, 0xff, 0xff, 0, 0, 0x80, 0x80),
      [255, 128],
      "32-bit integers: 0 to 65535 became 0 to 255",
    ],
    [
      "32-bit floats",
      0x0d,
      big((view) => [view.setFloat32(0, 0.5), view.setFloat32(4, 1)], 8),
      [128, 255],
      "32-bit floats: 0 to 1 became 0 to 255",
    ],
    [
      "64-bit floats",
      0x0e,
      big((view) => [view.setFloat64(0, -1), view.setFloat64(8, 0)], 16),
      [0, 128],
      "64-bit floats: −1 to 1 became 0 to 255",
    ],
  ];
  test.each(elements)(
    "reads %s as levels, high byte first",
    (_, element, values, levels, words) => {
      const file = parseIdx(idxBytes([1, 1, 2], values, element), "f");
      expect([...file.data]).toEqual(levels);
      expect(file.converted).toBe(words);
    },
  );

  test("reads labels of any element type", () => {
    const labels = parseIdx(idxBytes([2], [0, 0, 0, 7, 0, 0, 0, 26], 0x0c), "f");
    expect([[...labels.data], labels.converted]).toEqual([[7, 26], undefined]);
    const column = parseIdx(idxBytes([2, 1], [0, 7, 0, 1], 0x0b), "f");
    expect([...column.data]).toEqual([7, 1]);
  });

  test("refuses every proper prefix of a file, and the file with a byte more", () => {
    const whole = idxBytes([2, 3, 4], new Uint8Array(24));
    for (let length = 0; length < whole.length; length++) {
      expect(() => parseIdx(whole.subarray(0, length), "f")).toThrow(DataError);
    }
    expect(() => parseIdx(new Uint8Array([...whole, 0]), "f")).toThrow(DataError);
  });
});

describe("imageSet", () => {
  const names = { images: "pictures", labels: "names" };
  const images: IdxFile = { shape: [3, 2, 4], data: new Uint8Array(24).fill(9) };
  const labels: IdxFile = { shape: [3], data: new Uint8Array([1, 6, 0]) };

  test("joins images and labels", () => {
    expect(imageSet(images, labels, names)).toEqual({
      images: images.data,
      count: 3,
      height: 2,
      width: 4,
      labels: labels.data,
      classes: 7,
    });
  });

  test("does without labels", () => {
    const set = imageSet(images, undefined, { images: "pictures" });
    expect(set.labels).toBeUndefined();
    expect(set.classes).toBe(0);
  });

  test.each([
    ["a channel axis behind", [3, 2, 4, 1]],
    ["a channel axis in front", [3, 1, 2, 4]],
  ])("takes images with %s", (_, shape) => {
    expect(imageSet({ shape, data: images.data }, labels, names)).toMatchObject({
      images: images.data,
      height: 2,
      width: 4,
    });
  });

  test("takes rows of a square number of pixels, and labels in a column", () => {
    const rows = { shape: [3, 9], data: new Uint8Array(27) };
    const set = imageSet(rows, { shape: [3, 1], data: labels.data }, names);
    expect([set.count, set.height, set.width, set.classes]).toEqual([3, 3, 3, 7]);
  });

  test("makes colours grey by their luma, channels first or last", () => {
    const [red, white] = [
      [200, 0, 0],
      [255, 255, 255],
    ] as const;
    const last = { shape: [1, 1, 2, 3], data: Uint8Array.of(...red, ...white) };
    expect([...imageSet(last, undefined, names).images]).toEqual([60, 255]);
    const first = { shape: [1, 3, 1, 2], data: Uint8Array.of(200, 255, 0, 255, 0, 255) };
    expect([...imageSet(first, undefined, names).images]).toEqual([60, 255]);
  });

  const refused: readonly [what: string, IdxFile, IdxFile, message: string][] = [
    [
      "labels in place of images",
      labels,
      labels,
      "pictures: has rank 1 (3); images have rank 3 (count × height × width), 4 (with 1 or 3 channels, first or last), or 2 (count × a square number of pixels).",
    ],
    ["images in place of labels", images, images, "names: has rank 3 (3×2×4); labels have rank 1."],
    [
      "an empty set",
      { shape: [0, 28, 28], data: new Uint8Array(0) },
      { shape: [0], data: new Uint8Array(0) },
      "pictures: is 0×28×28 and holds no pixels; at least one image is needed.",
    ],
    [
      "images of no width",
      { shape: [3, 28, 0], data: new Uint8Array(0) },
      labels,
      "pictures: is 3×28×0 and holds no pixels; at least one image is needed.",
    ],
    [
      "labels that differ in number",
      images,
      { shape: [1], data: new Uint8Array(1) },
      "names: has 1 label, but pictures has 3 images: the two don't belong together.",
    ],
  ];

  test.each(refused)("refuses %s", async (_, someImages, someLabels, message) => {
    const join = () => imageSet(someImages, someLabels, names);
    expect(await messageOf(DataError, join)).toBe(message);
  });
});
