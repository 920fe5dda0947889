// What `classify` reads from people's folders, with a system's own files, other formats and damaged pictures.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { readInputs } from "../../src/runs/classify-inputs.ts";
import { DataError, UsageError } from "../../src/gpu/errors.ts";
import { encodePng } from "../../src/pictures/png.ts";
import { messageOf } from "../support/message-of.ts";
import { jpegBytes, photograph } from "../support/photograph.ts";

const root = mkdtempSync(join(tmpdir(), "longhand-inputs-"));
afterAll(() => rmSync(root, { recursive: true }));

const bar = Uint8Array.from({ length: 784 }, (_, i) => (i % 28 > 11 && i % 28 < 16 ? 255 : 0));
const taken = photograph(bar, { side: 60, box: 0.4 });
const png = encodePng(taken);

let folders = 0;
function folder(files: Readonly<Record<string, Uint8Array | string>>): string {
  const path = join(root, String((folders += 1)));
  mkdirSync(path);
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(path, name), bytes);
  return path;
}

describe("a folder", () => {
  test("is read without what a Mac or Windows left there, and says so", async () => {
    const path = folder({
      "0.png": png,
      "._0.png": "\0\u0005\u0016\u0007Mac OS X",
      ".DS_Store": "\0\0\0\u0001Bud1",
      "Thumbs.db": "x",
      "1.PNG": png,
      "notes.txt": "these are digits",
    });
    mkdirSync(join(path, "__MACOSX"));
    const { inputs, notes } = await readInputs([path], {});
    expect(inputs.map(({ names }) => names)).toEqual([[join(path, "0.png"), join(path, "1.PNG")]]);
    expect(notes).toEqual([`${path}: 3 hidden files were skipped`]);
  });

  test("is read as far as it can be: PNG and JPEG by content, the others named", async () => {
    const path = folder({
      "a.png": jpegBytes(taken),
      "b.jpeg": png,
      "c.heic": "\0\0\0\u0018ftypheic",
      "d.png": png.subarray(0, 70),
    });
    const { inputs, notes } = await readInputs([path], {});
    expect(inputs[0]!.names).toEqual([join(path, "a.png"), join(path, "b.jpeg")]);
    expect(notes).toEqual([
      `Skipped: ${join(path, "c.heic")}: is a HEIC picture; only PNG and JPEG pictures are read: save it as one of them`,
      expect.stringMatching(/^Skipped: .*d\.png: is a damaged PNG: /),
    ]);
  });

  test("of which nothing can be read is refused, and says what to do", async () => {
    const said = (path: string): Promise<string> =>
      messageOf(DataError, () => readInputs([path], {}));
    expect(await said(folder({ "a.webp": "RIFF....WEBP" }))).toMatch(/a\.webp: is a WebP picture/);
    expect(await said(folder({ ".a.png": png }))).toMatch(/holds no PNG or JPEG file; name the/);
    const classes = folder({});
    for (const digit of ["3", "1", "0", "2"]) mkdirSync(join(classes, digit));
    expect(await said(classes)).toBe(
      `${classes}: holds no PNG or JPEG file, but it has folders (0/, 1/, 2/, …); name those that hold pictures`,
    );
  });

  test("with --labels is refused", async () => {
    const path = folder({ "0.png": png });
    expect(await messageOf(UsageError, () => readInputs([path], { labels: "l" }))).toMatch(
      /--labels l: needs exactly one IDX file of images and nothing else; got 1 files/,
    );
  });
});

test("a file that is named is refused where a folder would pass it over", async () => {
  const path = folder({ "0.png": "\0\u0005\u0016\u0007Mac OS X" });
  expect(await messageOf(DataError, () => readInputs([join(path, "0.png")], {}))).toMatch(
    /0\.png: is a Mac's side file \(AppleDouble\); only PNG and JPEG pictures are read/,
  );
});
