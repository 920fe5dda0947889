// Image sets in NumPy's files: every element type, both orders, the names that people give, and what is refused.
import { join } from "node:path";
import { zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { encodeNpy } from "../../../src/data/npy.ts";
import { DataError } from "../../../src/gpu/errors.ts";
import { openSet } from "../../../src/runs/sets/open-set.ts";
import { messageOf } from "../../support/message-of.ts";
import { NUMPY, python } from "../../support/numpy.ts";
import {
  npyImages,
  npyLabels,
  npz,
  pixelsOf,
  rawNpy,
  temporaryFolders,
} from "../../support/set-files.ts";

const folder = temporaryFolders();
const images = { shape: [3, 4, 4], data: pixelsOf(3) };
const labels = { shape: [3], data: Uint8Array.of(2, 0, 5) };
const refusal = (path: string, split: "train" | "test" = "train"): Promise<string> =>
  messageOf(DataError, () => openSet(path, split));

describe("are found under the names of", () => {
  const namings: readonly [what: string, files: Record<string, Uint8Array>][] = [
    [
      "KMNIST",
      {
        "kmnist-train-imgs.npz": npz({ arr_0: images }),
        "kmnist-train-labels.npz": npz({ arr_0: labels }),
        "kmnist-test-imgs.npz": npz({ arr_0: npyImages(2) }),
        "kmnist-test-labels.npz": npz({ arr_0: npyLabels([1, 1]) }),
      },
    ],
    [
      "Keras",
      {
        "mnist.npz": npz({
          x_train: images,
          y_train: labels,
          x_test: npyImages(2),
          y_test: npyLabels([1, 1]),
        }),
      },
    ],
    [
      "MedMNIST, with validation images",
      {
        "some.npz": npz({
          train_images: images,
          train_labels: { ...labels, shape: [3, 1] },
          val_images: npyImages(1),
          val_labels: npyLabels([0]),
          test_images: npyImages(2),
          test_labels: npyLabels([1, 1]),
        }),
      },
    ],
    [
      "plain arrays",
      {
        "X_train.npy": encodeNpy(images),
        "y_train.npy": encodeNpy(labels),
        "X_test.npy": npyImages(2),
        "y_test.npy": npyLabels([1, 1]),
      },
    ],
  ];
  test.each(namings)("%s", async (_, files) => {
    const path = folder(files);
    const train = await openSet(path, "train");
    expect([train.count, train.height, train.width]).toEqual([3, 4, 4]);
    expect([...train.images]).toEqual([...images.data]);
    expect([...(train.labels ?? [])]).toEqual([2, 0, 5]);
    const [first = ""] = train.notes;
    expect(first).toBe(
      `Training images: 3 of 4×4 in 3 classes (0 to 5, with gaps), pixels from 0 to 255; NumPy arrays: ${train.source}.`.replace(
        "from 0 to 255",
        `from ${Math.min(...images.data)} to ${Math.max(...images.data)}`,
      ),
    );
    const tested = await openSet(path, "test");
    expect([tested.count, ...(tested.labels ?? [])]).toEqual([2, 1, 1]);
    // Each file of it means the whole set.
    const named = await openSet(join(path, Object.keys(files)[0]!), "test");
    expect(named.fingerprint).toBe(tested.fingerprint);
  });

  test("one file without labels, with pixels in rows", async () => {
    const path = folder({
      "full_numpy_bitmap_cat.npy": encodeNpy({ shape: [3, 16], data: images.data }),
    });
    const set = await openSet(path, "train");
    expect([set.count, set.height, set.width, set.labels]).toEqual([3, 4, 4, undefined]);
    expect(await refusal(path, "test")).toMatch(
      /cat\.npy: has no test images; it has full_numpy_bitmap_cat\.npy: images to test with need a name with test/,
    );
  });

  test("one set of two in a folder, by its prefix", async () => {
    const path = folder({
      "kmnist-train-imgs.npz": npz({ arr_0: images }),
      "k49-train-imgs.npz": npz({ arr_0: npyImages(2) }),
    });
    expect(await refusal(path)).toMatch(
      /holds 2 image sets: .*k49.*, .*kmnist.*; name one of them/,
    );
    expect((await openSet(join(path, "k49"), "train")).count).toBe(2);
    expect((await openSet(join(path, "kmnist"), "train")).count).toBe(3);
  });
});

test("labels may be rows with a 1 at the class", async () => {
  const oneHot = { shape: [2, 3], data: Uint8Array.of(0, 0, 1, 1, 0, 0) };
  const path = folder({ "a.npz": npz({ images: npyImages(2), labels: oneHot }) });
  expect([...(await openSet(path, "train")).labels!]).toEqual([2, 0]);
  const wrong = { shape: [2, 3], data: Uint8Array.of(0, 0, 1, 1, 1, 0) };
  const other = folder({ "a.npz": npz({ images: npyImages(2), labels: wrong }) });
  expect(await refusal(other)).toMatch(/row 1 of 3 numbers isn't a class/);
});

describe("refused, with the reason", () => {
  const header = (descr: string, order = "False", shape = "(1, 2, 2)"): string =>
    `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}, }`;
  const four = Uint8Array.of(1, 2, 3, 4);
  const cases: readonly [what: string, bytes: Uint8Array, words: RegExp][] = [
    ["Python objects", rawNpy(header("'|O'"), four), /holds Python objects, which could run any/],
    [
      "fields",
      rawNpy(header("[('a', '<f4'), ('b', '<f4')]"), four),
      /elements have fields of their own; save one field/,
    ],
    ["text", rawNpy(header("'<U3'"), four), /has elements of type "<U3"; save numbers/],
    ["complex numbers", rawNpy(header("'<c8'"), four), /has elements of type "<c8"/],
    ["no order", rawNpy("{'descr': '|u1', 'shape': (1, 2, 2)}", four), /doesn't say the order/],
    ["no shape", rawNpy("{'descr': '|u1', 'fortran_order': False}", four), /doesn't say its shape/],
    [
      "too few bytes",
      rawNpy(header("'|u1'"), four.subarray(1)),
      /has 3 bytes of elements, but its header \(1×2×2\) asks for 4: it was cut short/,
    ],
    [
      "a promise of more than there is",
      rawNpy(header("'|u1'", "False", "(99999, 999, 999)"), four),
      /has 4 bytes of elements, but its header \(99999×999×999\) asks for 99799101999: it was cut/,
    ],
    [
      "rank 5",
      rawNpy(header("'|u1'", "False", "(1, 1, 1, 2, 2)"), four),
      /has rank 5 \(1×1×1×2×2\); images have rank 3/,
    ],
    ["no pixels", rawNpy(header("'|u1'", "False", "(0, 2, 2)"), new Uint8Array(0)), /no pixels/],
    ["a later version", Uint8Array.of(0x93, ...Buffer.from("NUMPY"), 4, 0, 9, 9), /version 4/],
  ];
  test.each(cases)("%s", async (_, bytes, words) => {
    const path = folder({ "images.npy": bytes });
    expect(await refusal(join(path, "images.npy"))).toMatch(words);
    expect(await refusal(path)).toMatch(words);
  });

  test("labels that don't match the images", async () => {
    const path = folder({ "a.npz": npz({ images: npyImages(3), labels: npyLabels([1, 2]) }) });
    expect(await refusal(path)).toBe(
      `${path}/a.npz (labels): has 2 labels, but ${path}/a.npz (images) has 3 images: the two don't belong together.`,
    );
  });

  test("standardised pixels, with their range", async () => {
    const data = Float32Array.from({ length: 16 }, (_, i) => i / 4 - 1);
    const path = folder({ "images.npy": encodeNpy({ shape: [1, 4, 4], data }) });
    expect(await refusal(path)).toMatch(
      /its numbers go from −1 to 2\.75; pixels go from 0 to 255, /,
    );
  });

  test("a zip without arrays, one that is damaged, one whose checksum differs", async () => {
    const other = folder({ "a.npz": zipSync({ "readme.txt": Buffer.from("hello") }) });
    expect(await refusal(other)).toMatch(
      /a zip archive without NumPy arrays, it holds readme\.txt/,
    );
    const whole = npz({ arr_0: images });
    const short = folder({ "a.npz": whole.slice(0, -30) });
    expect(await refusal(short)).toMatch(/a\.npz: is damaged \(.*\); fetch it again/);
    // Stored as it is, so that a changed pixel unpacks without complaint.
    const stored = zipSync({ "arr_0.npy": [encodeNpy(images), { level: 0 }] });
    const at = Buffer.from(stored).indexOf(Buffer.from(images.data));
    stored[at]! ^= 1;
    const flipped = folder({ "a.npz": stored });
    expect(await refusal(flipped)).toMatch(/arr_0\.npy\): is damaged \(its checksum differs\)/);
  });

  test("a zip bomb, without unpacking it", async () => {
    // 64 MiB of zeros behind a header that asks for 16 bytes.
    const bomb = Buffer.concat([encodeNpy({ shape: [1, 4, 4], data: new Uint8Array(16) })]);
    const packed = npz({ arr_0: Buffer.concat([bomb, Buffer.alloc(2 ** 26)]) });
    expect(packed.length).toBeLessThan(100_000);
    const path = folder({ "images.npz": packed });
    const before = process.memoryUsage();
    expect(await refusal(path)).toMatch(
      /has 67108880 bytes of elements, .* asks for 16: it has too/,
    );
    const { external, arrayBuffers } = process.memoryUsage();
    expect(external - before.external).toBeLessThan(2 ** 24);
    expect(arrayBuffers - before.arrayBuffers).toBeLessThan(2 ** 24);
  });
});

describe.skipIf(NUMPY === undefined)(
  "files that NumPy itself wrote (skipped without python3 and numpy)",
  () => {
    test("read as what it saved: each type, byte order and order of axes", async () => {
      const path = folder({});
      const script = `
import numpy as np, sys
levels = (np.arange(2*3*5) * 8).reshape(2, 3, 5)
out = sys.argv[1]
for kind in ['u1', '<u2', '>u2', '<i4', '>i8', '<u8', '<f4', '>f4', '<f8', '>f8']:
    for order in 'CF':
        array = np.asarray(levels, kind, order=order)
        np.save(f"{out}/{kind.replace('<', 'l').replace('>', 'b')}{order}", array)
np.save(f"{out}/f2C", (levels / 256).astype('f2'))
np.save(f"{out}/b1F", np.asfortranarray(levels > 100))
np.savez(f"{out}/stored", images=levels.astype('u1'), labels=np.array([7, 9]))
np.savez_compressed(f"{out}/packed", images=levels / 255., labels=np.array([[7], [9]], '>i8'))
`;
      python(script, path);
      const levels = Array.from({ length: 30 }, (_, i) => 8 * i);
      for (const kind of ["u1", "lu2", "bu2", "li4", "bi8", "lu8", "lf4", "bf4", "lf8", "bf8"]) {
        for (const order of ["C", "F"]) {
          const set = await openSet(join(path, `${kind}${order}.npy`), "train");
          expect([set.count, set.height, set.width]).toEqual([2, 3, 5]);
          expect([...set.images], `${kind} ${order}`).toEqual(levels);
        }
      }
      const half = await openSet(join(path, "f2C.npy"), "train");
      expect([...half.images]).toEqual(levels.map((level) => Math.round((level / 256) * 255)));
      const flags = await openSet(join(path, "b1F.npy"), "train");
      expect([...flags.images]).toEqual(levels.map((level) => (level > 100 ? 255 : 0)));
      for (const name of ["stored.npz", "packed.npz"]) {
        const set = await openSet(join(path, name), "train");
        expect([[...set.images], [...set.labels!]]).toEqual([levels, [7, 9]]);
      }
    });
  },
);
