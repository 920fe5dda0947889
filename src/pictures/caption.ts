// A line of small letters under an image, such as "EPOCH 12" under a frame of the GIF. The letters are drawn here, as
// 5×7 dots each, because a font would need a file or a browser.

import { AttributeError, ShapeError } from "../gpu/errors.ts";
import { requireFilled, requireWhole, type GrayImage } from "./grid.ts";

const GLYPH_WIDTH = 5;
const GLYPH_HEIGHT = 7;
const ADVANCE = GLYPH_WIDTH + 1;

// Each sheet: the characters, then seven rows of dots, with a blank column after each character.
const SHEETS: [characters: string, ...rows: string[]][] = [
  [
    "ABCDEFGHIJKLM",
    " ###  ####   ###  ####  ##### #####  ###  #   #  ###    ### #   # #     #   #",
    "#   # #   # #   # #   # #     #     #   # #   #   #      #  #  #  #     ## ##",
    "#   # #   # #     #   # #     #     #     #   #   #      #  # #   #     # # #",
    "#   # ####  #     #   # ####  ####  # ### #####   #      #  ##    #     # # #",
    "##### #   # #     #   # #     #     #   # #   #   #      #  # #   #     #   #",
    "#   # #   # #   # #   # #     #     #   # #   #   #   #  #  #  #  #     #   #",
    "#   # ####   ###  ####  ##### #      ###  #   #  ###   ##   #   # ##### #   #",
  ],
  [
    "NOPQRSTUVWXYZ",
    "#   #  ###  ####   ###  ####   #### ##### #   # #   # #   # #   # #   # #####",
    "##  # #   # #   # #   # #   # #       #   #   # #   # #   # #   # #   #     #",
    "# # # #   # #   # #   # #   # #       #   #   # #   # #   #  # #   # #     # ",
    "#  ## #   # ####  #   # ####   ###    #   #   # #   # # # #   #     #     #  ",
    "#   # #   # #     # # # # #       #   #   #   # #   # # # #  # #    #    #   ",
    "#   # #   # #     #  #  #  #      #   #   #   #  # #  ## ## #   #   #   #    ",
    "#   #  ###  #      ## # #   # ####    #    ###    #   #   # #   #   #   #####",
  ],
  [
    "0123456789.-/",
    " ###    #    ###   ###     #  #####  ###  #####  ###   ###                  #",
    "#   #  ##   #   # #   #   ##  #     #         # #   # #   #                 #",
    "#  ##   #       #     #  # #  ####  #        #  #   # #   #                # ",
    "# # #   #     ##    ##  #  #      # ####     #   ###   ####       #####   #  ",
    "##  #   #    #        # #####     # #   #   #   #   #     #              #   ",
    "#   #   #   #     #   #    #  #   # #   #   #   #   #     #  ##         #    ",
    " ###   ###  #####  ###     #   ###   ###    #    ###   ###   ##         #    ",
  ],
];

const GLYPHS = new Map(
  SHEETS.flatMap(([characters, ...rows]) =>
    [...characters].map((character, index): [string, string[]] => {
      const left = index * ADVANCE;
      return [character, rows.map((row) => row.slice(left, left + GLYPH_WIDTH))];
    }),
  ),
);

/**
 * Returns `image` with a black strip below it that says `text` in light capitals, centred. `scale` is the side of a
 * letter's dot in pixels. The image itself is unchanged.
 * Throws `AttributeError` on a character other than letters, digits, space and `.-/`, `ShapeError` on text wider than
 * the image.
 */
export function addCaption(image: GrayImage, text: string, scale = 2): GrayImage {
  requireFilled("addCaption", image);
  requireWhole("scale", scale, 1);
  const { width, height } = image;
  const letters = [...text.toUpperCase()];
  const textWidth = Math.max(0, letters.length * ADVANCE - 1) * scale;
  if (textWidth > width) {
    throw new ShapeError(
      `addCaption: got text of ${textWidth} pixels, expected at most the image's ${width}; ` +
        "shorten it or lower the scale",
    );
  }

  const margin = 4 * scale;
  const strip = GLYPH_HEIGHT * scale + 2 * margin;
  const pixels = new Uint8Array(width * (height + strip));
  pixels.set(image.pixels);
  const left = Math.floor((width - textWidth) / 2);
  for (const [index, letter] of letters.entries()) {
    if (letter === " ") continue;
    const glyph = GLYPHS.get(letter);
    if (!glyph) {
      throw new AttributeError(
        `addCaption: got the character ${JSON.stringify(letter)}, expected letters, digits, ` +
          "space or one of .-/; leave it out",
      );
    }
    for (let y = 0; y < GLYPH_HEIGHT * scale; y++) {
      const row = glyph[Math.floor(y / scale)]!;
      const to = (height + margin + y) * width + left + index * ADVANCE * scale;
      for (let x = 0; x < GLYPH_WIDTH * scale; x++) {
        if (row[Math.floor(x / scale)] === "#") pixels[to + x] = 216;
      }
    }
  }
  return { width, height: height + strip, pixels };
}
