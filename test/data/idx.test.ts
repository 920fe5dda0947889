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

  const expected = "an IDX file of unsigned bytes starts with 00 00 08 and its rank";
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
      "floats",
      idxBytes([1], [0, 0, 0, 0], 0x0d),
      `starts with 00 00 0d 01, and 0d is 32-bit floats; ${expected}.`,
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

  const refused: readonly [what: string, IdxFile, IdxFile, message: string][] = [
    [
      "labels in place of images",
      labels,
      labels,
      "pictures: has rank 1 (3); images have rank 3: count × height × width.",
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
