// Cuts grids of samples into their images again, pixel for pixel.
import { GAP, GAP_GRAY, requireFilled, SCALE, type GrayImage } from "./grid.ts";

const SIDES = [28, 32]; // the sides of all recipes' samples

/** A cell of a grid: its row and column, from 1, and its image. */
export interface Cell {
  readonly row: number;
  readonly column: number;
  readonly image: GrayImage;
}

/** Returns the side of the cells if a picture of this size could be a grid drawn by `tileGrid`; else undefined. */
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
 * Returns the cells of a grid that `tileGrid` drew with its usual scale and gaps, without empty cells. Undefined if the
 * picture is not such a grid. Throws `ShapeError` if the pixels don't fill the image.
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
