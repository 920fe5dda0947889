// Grids of samples cut up again, pixel for pixel as they were.
import { GAP, GAP_GRAY, requireFilled, SCALE, type GrayImage } from "./grid.ts";

const SIDES = [28, 32]; // of the samples of all recipes

/** A cell of a grid: its place, from 1, and what it shows. */
export interface Cell {
  readonly row: number;
  readonly column: number;
  readonly image: GrayImage;
}

/** The side of the cells that a picture of this size could be a grid of, as `tileGrid` draws it; else undefined. */
function cellSide(width: number, height: number): number | undefined {
  return SIDES.find((side) => {
    const pitch = side * SCALE + GAP;
    return [width, height].every((length) => length > pitch && (length - GAP) % pitch === 0);
  });
}

/** Whether a picture has the size of a grid that `tileGrid` draws with its usual scale and gaps. */
export function couldBeGrid(width: number, height: number): boolean {
  return cellSide(width, height) !== undefined;
}

/**
 * The cells of a grid that `tileGrid` drew with its usual scale and gaps. Cells without an image are left out. Undefined
 * if the picture is no such grid. Throws `ShapeError` if the pixels don't fill the image.
 */
export function cellsOf(grid: GrayImage): readonly Cell[] | undefined {
  requireFilled("cellsOf", grid);
  const { width, height, pixels } = grid;
  const side = cellSide(width, height);
  if (side === undefined) return undefined;
  const pitch = side * SCALE + GAP;
  const between = (at: number): boolean =>
    (at % width) % pitch < GAP || Math.floor(at / width) % pitch < GAP;
  if (pixels.some((level, at) => between(at) && level !== GAP_GRAY)) return undefined;
  const [columns, rows] = [(width - GAP) / pitch, (height - GAP) / pitch];
  return Array.from({ length: rows * columns }, (_, i): Cell => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    const start = (row * pitch + GAP) * width + column * pitch + GAP;
    const levels = Uint8Array.from(
      { length: side * side },
      (__, at) => pixels[start + Math.floor(at / side) * SCALE * width + (at % side) * SCALE]!,
    );
    return {
      row: row + 1,
      column: column + 1,
      image: { width: side, height: side, pixels: levels },
    };
  }).filter(({ image }) => image.pixels.some((level) => level !== GAP_GRAY));
}
