// The raster half of src/pictures: grids, PNG, GIF, captions and terminal drawings, each decoded and compared pixel by
// pixel. The SVG half is in plot.test.ts.

import { PNG } from "pngjs";
import { describe, expect, test } from "vitest";

import { AttributeError, ShapeError } from "../../src/gpu/errors.ts";
import { addCaption } from "../../src/pictures/caption.ts";
import { encodeGif } from "../../src/pictures/gif.ts";
import { tileGrid, toGray, type GrayImage } from "../../src/pictures/grid.ts";
import { encodePng } from "../../src/pictures/png.ts";
import { drawInTerminal } from "../../src/pictures/terminal.ts";
import { decodeGif } from "../support/decode-gif.ts";

/** Values in [-1, 1] that differ from pixel to pixel and from image to image. */
function testImages(count: number, height: number, width: number): Float32Array {
  return Float32Array.from(
    { length: count * height * width },
    (_, i) => ((i * 97) % 256) / 127.5 - 1,
  );
}

/** An image whose levels go through all of 0…255. */
function testImage(width: number, height: number): GrayImage {
  return {
    width,
    height,
    pixels: Uint8Array.from({ length: width * height }, (_, i) => (i * 37) % 256),
  };
}

function decodePng(bytes: Uint8Array): GrayImage {
  // pngjs always decodes to RGBA.
  const { width, height, data } = PNG.sync.read(Buffer.from(bytes));
  const pixels = Uint8Array.from({ length: width * height }, (_, i) => data[4 * i]!);
  const expected = Uint8Array.from(data, (_, i) => (i % 4 === 3 ? 255 : pixels[i >> 2]!));
  expect(Buffer.compare(data, expected), "gray and opaque").toBe(0);
  return { width, height, pixels };
}

describe("toGray", () => {
  test("rounds [-1, 1] to 0…255, clamps, and takes NaN as black", () => {
    const values = Float32Array.of(-1, 1, 0, -2, 3, Infinity, -Infinity, NaN, 0.5, -0.99);
    expect([...toGray(values)]).toEqual([0, 255, 128, 0, 255, 255, 0, 0, 191, 1]);
  });

  test("gives every byte back after the dataset's scaling x / 127.5 - 1", () => {
    const levels = Array.from({ length: 256 }, (_, level) => level);
    expect([...toGray(Float32Array.from(levels, (level) => level / 127.5 - 1))]).toEqual(levels);
  });
});

describe("tileGrid", () => {
  test.each([
    { count: 1, columns: 1, rows: 1 },
    { count: 2, columns: 2, rows: 1 },
    { count: 5, columns: 3, rows: 2 },
    { count: 7, columns: 3, rows: 3 },
    { count: 16, columns: 4, rows: 4 },
    { count: 7, asked: 7, columns: 7, rows: 1 },
    { count: 3, asked: 5, columns: 5, rows: 1 },
    { count: 3, asked: 1, columns: 1, rows: 3 },
  ])("puts each pixel of $count images in its place (columns $asked)", (layout) => {
    const { count, asked, columns, rows } = layout;
    const [height, width, gap, scale] = [3, 2, 1, 2];
    const images = testImages(count, height, width);
    const levels = toGray(images);
    const grid = tileGrid(images, count, height, width, {
      gap,
      scale,
      ...(asked === undefined ? {} : { columns: asked }),
    });
    expect([grid.width, grid.height]).toEqual([columns * 5 + 1, rows * 7 + 1]);

    const at = (x: number, y: number): number => grid.pixels[y * grid.width + x]!;
    const background = at(0, 0);
    for (let y = 0; y < grid.height; y++) {
      for (let x = 0; x < grid.width; x++) {
        const [column, inX] = [Math.floor((x - gap) / 5), (x - gap) % 5];
        const [row, inY] = [Math.floor((y - gap) / 7), (y - gap) % 7];
        const image = row * columns + column;
        const isGap = x < gap || y < gap || inX >= 4 || inY >= 6 || image >= count;
        const source = (image * height + Math.floor(inY / scale)) * width + Math.floor(inX / scale);
        expect(at(x, y), `pixel (${x}, ${y})`).toBe(isGap ? background : levels[source]);
      }
    }
  });

  test("16 digits of 28×28 come to 356×356 by default, and no gap or scale keeps the pixels", () => {
    const { width, height } = tileGrid(testImages(16, 28, 28), 16, 28, 28);
    expect([width, height]).toEqual([356, 356]);
    const one = testImages(1, 28, 28);
    expect(tileGrid(one, 1, 28, 28, { gap: 0, scale: 1 })).toEqual({
      width: 28,
      height: 28,
      pixels: toGray(one),
    });
  });

  test("other sizes take the room they need: 16 of 32×32, 5 of 20×12", () => {
    const square = tileGrid(testImages(16, 32, 32), 16, 32, 32);
    expect([square.width, square.height]).toEqual([404, 404]);
    const oblong = tileGrid(testImages(5, 12, 20), 5, 12, 20);
    expect([oblong.width, oblong.height]).toEqual([3 * 64 + 4, 2 * 40 + 4]);
    const decoded = decodePng(encodePng(oblong));
    expect(Buffer.compare(decoded.pixels, oblong.pixels)).toBe(0);
  });

  test("inverted, every level is 255 less what it was, dark on light", () => {
    const images = testImages(3, 5, 4);
    const light = tileGrid(images, 3, 5, 4);
    const dark = tileGrid(images, 3, 5, 4, { invert: true });
    expect([...dark.pixels]).toEqual([...light.pixels].map((level) => 255 - level));
  });

  test("a generator that gives NaN has a black picture", () => {
    const grid = tileGrid(new Float32Array(4 * 9).fill(NaN), 4, 3, 3, { gap: 0 });
    expect(grid.pixels.every((level) => level === 0)).toBe(true);
  });

  test("refuses sizes and options that don't fit", () => {
    const images = testImages(2, 3, 3);
    expect(() => tileGrid(images, 3, 3, 3)).toThrow(ShapeError);
    expect(() => tileGrid(new Float32Array(0), 0, 3, 3)).toThrow(AttributeError);
    expect(() => tileGrid(images, 2, 3, 3, { columns: 0 })).toThrow(AttributeError);
    expect(() => tileGrid(images, 2, 3, 3, { gap: -1 })).toThrow(AttributeError);
    expect(() => tileGrid(images, 2, 3, 3, { scale: 1.5 })).toThrow(AttributeError);
  });
});

describe("encodePng", () => {
  test.each([
    [1, 1],
    [13, 7],
    [356, 356],
  ])("%i×%i decodes to the same pixels", (width, height) => {
    const image = testImage(width, height);
    const decoded = decodePng(encodePng(image));
    expect([decoded.width, decoded.height]).toEqual([width, height]);
    expect(Buffer.compare(decoded.pixels, image.pixels)).toBe(0);
  });

  test("is 8-bit gray, and keeps to a view's own bytes", () => {
    const backing = Uint8Array.from({ length: 20 }, (_, i) => i);
    const bytes = encodePng({ width: 3, height: 2, pixels: backing.subarray(5, 11) });
    // IHDR's data begin at byte 16: width, height, then bit depth and colour type.
    expect([bytes[24], bytes[25]]).toEqual([8, 0]);
    expect([...decodePng(bytes).pixels]).toEqual([5, 6, 7, 8, 9, 10]);
  });

  test("refuses pixels that don't fill the image", () => {
    expect(() => encodePng({ width: 3, height: 3, pixels: new Uint8Array(8) })).toThrow(ShapeError);
    expect(() => encodePng({ width: 0, height: 3, pixels: new Uint8Array(0) })).toThrow(ShapeError);
  });
});

describe("encodeGif", () => {
  const frames = [testImage(40, 30), testImage(40, 30), testImage(40, 30)];
  for (const [index, frame] of frames.entries()) frame.pixels.fill(index * 100, 0, 40);

  test("decodes to the same pixels, frame by frame", () => {
    const gif = decodeGif(encodeGif(frames));
    expect([gif.width, gif.height]).toEqual([40, 30]);
    expect(gif.frames.map((frame) => frame.pixels)).toEqual(frames.map((frame) => frame.pixels));
  });

  test.each([1, 2, 3, 4, 5, 64, 65, 255, 256])("keeps %i grays, wherever they lie", (grays) => {
    const pixels = Uint8Array.from({ length: 32 * 32 }, (_, i) => 255 - (((i % grays) * 7) & 255));
    const shown = [{ width: 32, height: 32, pixels }];
    expect(new Set(pixels).size).toBe(grays);
    expect(decodeGif(encodeGif(shown)).frames[0]!.pixels).toEqual(pixels);
  });

  test("keeps all grays of frames that share few, and their captions", () => {
    const ramp = (from: number): GrayImage => {
      const pixels = Uint8Array.from({ length: 128 * 128 }, (_, i) => from + (i & 127));
      return addCaption({ width: 128, height: 128, pixels }, "EPOCH 12");
    };
    const both = [ramp(0), ramp(128)];
    const decoded = decodeGif(encodeGif(both)).frames.map((frame) => frame.pixels);
    expect(decoded).toEqual(both.map(({ pixels }) => pixels));
    expect(new Set(decoded.flatMap((pixels) => [...pixels])).size).toBe(256);
  });

  test("loops for ever and holds the last frame", () => {
    const gif = decodeGif(encodeGif(frames, { delayMs: 120, lastDelayMs: 1500 }));
    expect(gif.loops).toBe(0);
    expect(gif.frames.map((frame) => frame.delayMs)).toEqual([120, 120, 1500]);
    const defaults = decodeGif(encodeGif(frames)).frames.map((frame) => frame.delayMs);
    expect(defaults[2]).toBeGreaterThan(defaults[0]!);
  });

  test("a single frame is held", () => {
    const gif = decodeGif(encodeGif([testImage(5, 5)], { lastDelayMs: 900 }));
    expect(gif.frames.map((frame) => frame.delayMs)).toEqual([900]);
  });

  test("noise that fills the code table decodes", () => {
    let seed = 1;
    const pixels = Uint8Array.from({ length: 300 * 300 }, () => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      return seed >>> 24;
    });
    const frame = { width: 300, height: 300, pixels };
    const [decoded] = decodeGif(encodeGif([frame])).frames;
    expect(Buffer.compare(decoded!.pixels, pixels)).toBe(0);
  });

  test("refuses no frames, unequal frames, and options out of range", () => {
    expect(() => encodeGif([])).toThrow(ShapeError);
    expect(() => encodeGif([testImage(4, 4), testImage(5, 4)])).toThrow(/frame 1 of 5×4/);
    expect(() => encodeGif(frames, { delayMs: 0 })).toThrow(AttributeError);
    expect(() => encodeGif(frames, { lastDelayMs: NaN })).toThrow(AttributeError);
  });
});

describe("addCaption", () => {
  test("keeps the image and writes below it, centred", () => {
    const image = testImage(60, 20);
    const captioned = addCaption(image, "epoch 12", 1);
    expect([captioned.width, captioned.height]).toEqual([60, 20 + 7 + 8]);
    expect(captioned.pixels.subarray(0, image.pixels.length)).toEqual(image.pixels);

    // Read the dots of "1", the seventh letter of eight, back from the strip.
    const left = Math.floor((60 - (8 * 6 - 1)) / 2) + 6 * 6;
    const rows = Array.from({ length: 7 }, (_, y) =>
      Array.from({ length: 5 }, (__, x) =>
        captioned.pixels[(20 + 4 + y) * 60 + left + x]! > 0 ? "#" : ".",
      ).join(""),
    );
    expect(rows).toEqual(["..#..", ".##..", "..#..", "..#..", "..#..", "..#..", ".###."]);
  });

  test("every letter and digit has dots of its own", () => {
    const drawn = new Set<string>();
    for (const letter of "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-/") {
      const { pixels } = addCaption({ width: 5, height: 1, pixels: new Uint8Array(5) }, letter, 1);
      expect(pixels.some((level) => level > 0)).toBe(true);
      drawn.add(pixels.join());
    }
    expect(drawn.size).toBe(39);
  });

  test("refuses text that is too wide or has no letters here", () => {
    expect(() => addCaption(testImage(20, 5), "epoch 12")).toThrow(ShapeError);
    expect(() => addCaption(testImage(90, 5), "épée")).toThrow(AttributeError);
  });
});

describe("drawInTerminal", () => {
  /** Reads "▀" cells back: the foreground is the upper pixel, the background the lower one. */
  function readHalfBlocks(text: string): (number | undefined)[][] {
    const rows: (number | undefined)[][] = [];
    for (const line of text.trimEnd().split("\n")) {
      const [upperRow, lowerRow]: (number | undefined)[][] = [[], []];
      let [upper, lower]: (number | undefined)[] = [];
      // oxlint-disable-next-line no-control-regex -- the escape character is what is being read
      for (const [, codes, cells] of line.matchAll(/\u001b\[([\d;]*)m(▀*)/g)) {
        const [, level] = /38;2;(\d+);\1;\1/.exec(codes!) ?? [];
        const [, below] = /48;2;(\d+);\1;\1/.exec(codes!) ?? [];
        upper = level === undefined ? undefined : Number(level);
        lower = below === undefined ? undefined : Number(below);
        for (let i = 0; i < cells!.length; i++) {
          upperRow!.push(upper);
          lowerRow!.push(lower);
        }
      }
      rows.push(upperRow!, lowerRow!);
    }
    return rows;
  }

  test("in colour every pixel that fits is there, two a character", () => {
    const image = testImage(12, 8);
    const text = drawInTerminal(image, { columns: 12, color: true });
    expect(readHalfBlocks(text).flat()).toEqual([...image.pixels]);
    expect(text.split("\n")).toHaveLength(5);
    expect(
      text
        .split("\n")
        .slice(0, 4)
        .every((line) => line.endsWith("\u001b[0m")),
    ).toBe(true);
  });

  test("an odd height leaves the last line's lower half to the terminal", () => {
    const rows = readHalfBlocks(drawInTerminal(testImage(3, 3), { columns: 80, color: true }));
    expect(rows[2]).toEqual([...testImage(3, 3).pixels.subarray(6)]);
    expect(rows[3]).toEqual([undefined, undefined, undefined]);
  });

  test("a wide image shrinks by a whole factor to the mean of its blocks, edges included", () => {
    const image = { width: 5, height: 2, pixels: Uint8Array.of(0, 10, 20, 30, 7, 4, 2, 40, 50, 9) };
    const rows = readHalfBlocks(drawInTerminal(image, { columns: 4, color: true }));
    expect(rows[0]).toEqual([4, 35, 8]);
    const narrow = drawInTerminal(testImage(117, 117), { columns: 40, color: true });
    expect(readHalfBlocks(narrow)[0]).toHaveLength(39);
  });

  test("without colour, ten characters from dark to light, one for each two pixels", () => {
    const levels = Array.from({ length: 10 }, (_, i) => Math.round((i * 255) / 9));
    const image = { width: 10, height: 2, pixels: Uint8Array.from([...levels, ...levels]) };
    expect(drawInTerminal(image, { columns: 10, color: false })).toBe(" .:-=+*#%@\n");
    const tall = drawInTerminal(testImage(30, 28), { columns: 10, color: false });
    expect(
      tall
        .trimEnd()
        .split("\n")
        .map((line) => line.length),
    ).toEqual([10, 10, 10, 10, 10]);
  });

  test("refuses no columns", () => {
    expect(() => drawInTerminal(testImage(3, 3), { columns: 0, color: true })).toThrow(
      AttributeError,
    );
  });
});
