// Folders of pictures as datasets.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { imageFolder } from "../../src/data.ts";
import { AttributeError, DataError } from "../../src/gpu/errors.ts";
import { messageOf } from "../support/message-of.ts";
import { chunk, pngBytes, pngFrom, type PngKind } from "../support/png-bytes.ts";

const top = mkdtempSync(join(tmpdir(), "longhand-folder-"));
afterAll(() => rmSync(top, { recursive: true }));

/** Writes files by their paths below a new folder. */
function folderOf(name: string, files: Readonly<Record<string, Uint8Array>>): string {
  const folder = join(top, name);
  mkdirSync(folder);
  for (const [path, bytes] of Object.entries(files)) {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
  return folder;
}

const kind = (colour: number, width = 3, height = 2): PngKind => ({
  width,
  height,
  depth: 8,
  colour,
});
const gray = (value: number, width = 3, height = 2): Uint8Array =>
  pngFrom(kind(0, width, height), () => value);

test("a folder per class becomes labels, sorted by name", async () => {
  const files = { "b/2.png": gray(4), "b/1.PNG": gray(3), "a/9.png": gray(1), "a/.x.png": gray(9) };
  const folder = folderOf("classes", {
    ...files,
    "a/notes.txt": Uint8Array.of(1),
    "z.png": gray(7),
  });
  const set = await imageFolder(folder, { classes: true });
  expect(set).toMatchObject({ count: 3, height: 2, width: 3, classes: 2, classNames: ["a", "b"] });
  expect([...set.labels!]).toEqual([0, 1, 1]);
  expect([...set.images]).toEqual([1, 3, 4].flatMap((value) => Array<number>(6).fill(value)));
  expect(set.files).toEqual(["a/9.png", "b/1.PNG", "b/2.png"].map((each) => join(folder, each)));
  const linked = folderOf("linked", {});
  symlinkSync(join(folder, "b"), join(linked, "b"));
  expect((await imageFolder(linked, { classes: true })).classNames).toEqual(["b"]);
  const flat = await imageFolder(folder);
  expect([flat.count, flat.labels, flat.classNames]).toEqual([1, undefined, []]);
});

test("colours become grey, by every filter", async () => {
  const value = (x: number, y: number, c: number): number => (x * 37 + y * 91 + c * 53 + 11) % 256;
  const luma = (x: number, y: number): number =>
    Math.round(0.299 * value(x, y, 0) + 0.587 * value(x, y, 1) + 0.114 * value(x, y, 2));
  const side = 12;
  const sides = kind(0, side, side);
  const expected = (of: (x: number, y: number) => number): number[] =>
    Array.from({ length: side * side }, (_, i) => of(i % side, Math.floor(i / side)));
  const palette = Uint8Array.from({ length: 768 }, (_, i) => (i * 7) % 256);
  for (const [colour, of] of [
    [0, (x: number, y: number) => value(x, y, 0)],
    [2, luma],
    [4, (x: number, y: number) => value(x, y, 0)],
    [6, luma],
    [
      3,
      (x: number, y: number) => {
        const [r = 0, g = 0, b = 0] = palette.subarray(3 * value(x, y, 0));
        return Math.round(0.299 * r + 0.587 * g + 0.114 * b);
      },
    ],
  ] as const) {
    for (const filter of [0, 1, 2, 3, 4]) {
      const png = pngFrom({ ...sides, colour }, value, {
        before: colour === 3 ? [chunk("PLTE", palette)] : [],
        filter: () => filter,
        split: 50,
      });
      const set = await imageFolder(folderOf(`colour-${colour}-${filter}`, { "a.png": png }));
      expect([...set.images], `${colour} ${filter}`).toEqual(expected(of));
    }
  }
});

test("what can't be read is refused, by file and with what to do", async () => {
  const says = (name: string, files: Record<string, Uint8Array>, options = {}): Promise<string> =>
    messageOf(DataError, () => imageFolder(folderOf(name, files), options));
  expect(await says("sizes", { "a.png": gray(1), "b.png": gray(1, 4, 5) })).toBe(
    `${join(top, "sizes/b.png")}: all pictures must have the same size, 2×3 as ${join(top, "sizes/a.png")}; got 5×4: resize it`,
  );
  expect(await says("empty", {})).toMatch(/empty: must hold PNGs, but has none: .*`classes: true`/);
  expect(await says("no-classes", { "a.png": gray(1) }, { classes: true })).toMatch(
    /must hold 1 to 256 folders, one per class; got 0$/,
  );
  expect(await says("jpeg", { "a.png": Uint8Array.of(0xff, 0xd8) })).toMatch(/must be a PNG/);
  const deep = pngFrom({ ...kind(0), depth: 16 }, () => 1);
  expect(await says("deep", { "a.png": deep })).toMatch(/got 16 bits of colour type 0: save/);
  const woven = pngFrom({ ...kind(0), interlaced: true }, () => 1);
  expect(await says("woven", { "a.png": woven })).toMatch(/colour type 0, interlaced: save/);
  expect(await says("cut", { "a.png": gray(1).subarray(0, 50) })).toMatch(/it is cut short/);
  expect(await says("wide", { "a.png": pngBytes(kind(0, 5000, 1), new Uint8Array(5001)) })).toMatch(
    /sides must be 1 to 4096 pixels; got 5000×1/,
  );
  for (const [at, length] of [7, 9].entries()) {
    const wrong = pngBytes(kind(0), new Uint8Array(length));
    expect(await says(`wrong-${at}`, { "a.png": wrong })).toMatch(/is a damaged PNG: .*header/);
  }
  const unknown = pngBytes(kind(0), Uint8Array.of(5, 0, 0, 0, 0, 0, 0, 0));
  expect(await says("filter", { "a.png": unknown })).toMatch(
    /row 0 has filter 5, but PNG only has 0 to 4/,
  );
  const bare = pngFrom(kind(3), () => 1);
  expect(await says("bare", { "a.png": bare })).toMatch(/its palette is missing or too short/);
  expect(await says("other", { "a.png": gray(1), "b.JPG": gray(1) })).toBe(
    `${join(top, "other/b.JPG")}: pictures must be PNGs; convert it, or move it away`,
  );
  const flipped = gray(1);
  flipped[45]! ^= 1;
  expect(await says("flipped", { "a.png": flipped })).toMatch(/IDAT doesn't have the checksum/);
  expect(await messageOf(DataError, () => imageFolder(join(top, "absent")))).toMatch(/absent: /);
  expect(
    await messageOf(AttributeError, () =>
      Reflect.apply(imageFolder, undefined, [top, { classes: 1 }]),
    ),
  ).toBe("imageFolder: classes must be true or false; got 1");
});
