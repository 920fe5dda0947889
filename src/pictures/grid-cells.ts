// Grids of samples cut up again, pixel for pixel as they were.
import { GAP_GRAY, requireFilled, type GrayImage } from "./grid.ts";

const SIDES = [28, 32]; // of the samples of all recipes

/** A cell of a grid: its place, from 1, and what it shows. */
export interface Cell {
  readonly row: number;
  readonly column: number;
  readonly image: GrayImage;
}

/** The side of the cells that a picture of this size could be a grid of, as `tileGrid` draws it; else undefined. */
export function cellSide(width: number, height: number, gap = 4, scale = 3): number | undefined {
  return SIDES.find((side) => {
    const pitch = side * scale + gap;
    return [width, height].every((length) => length > pitch && (length - gap) % pitch === 0);
  });
}

/**
 * The cells of a grid that `tileGrid` drew: squares, each pixel `scale` by `scale`, with `gap` pixels of one gray around
 * and between. Cells without an image are left out. Undefined if the picture is no such grid. Throws `ShapeError` if
 * the pixels don't fill the image.
 */
export function cellsOf(grid: GrayImage, gap = 4, scale = 3): readonly Cell[] | undefined {
  requireFilled("cellsOf", grid);
  const { width, height, pixels } = grid;
  const side = cellSide(width, height, gap, scale);
  if (side === undefined) return undefined;
  const pitch = side * scale + gap;
  const between = (at: number): boolean =>
    (at % width) % pitch < gap || Math.floor(at / width) % pitch < gap;
  if (pixels.some((level, at) => between(at) && level !== GAP_GRAY)) return undefined;
  const [columns, rows] = [(width - gap) / pitch, (height - gap) / pitch];
  return Array.from({ length: rows * columns }, (_, i): Cell => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    const start = (row * pitch + gap) * width + column * pitch + gap;
    const levels = Uint8Array.from(
      { length: side * side },
      (__, at) => pixels[start + Math.floor(at / side) * scale * width + (at % side) * scale]!,
    );
    return {
      row: row + 1,
      column: column + 1,
      image: { width: side, height: side, pixels: levels },
    };
  }).filter(({ image }) => image.pixels.some((level) => level !== GAP_GRAY));
}
