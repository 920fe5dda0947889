// Draws a set's first images as a grid: one row per class, or the first hundred if there are no classes.
import { fromBytes } from "../../data/pixels.ts";
import type { ImageSet } from "../../data/idx.ts";
import { encodeGrid } from "../../pictures/colour-grid.ts";

const COLUMNS = 10;
const MOST_SIDE = 8192; // pixels of the picture, which viewers still open
const LARGEST = 3; // times that a pixel is enlarged

/** The grid, and what is in its rows. */
export interface Preview {
  readonly png: Uint8Array;
  /** Each row's class; empty if the rows have none. */
  readonly rows: readonly number[];
}

/** Draws the first ten images of each class; cells that a class can't fill are black. */
export function drawPreview(set: ImageSet): Preview {
  const { images, count, height, width, channels = 1, labels } = set;
  const size = height * width * channels;
  const classes = labels ? [...new Set(labels)].toSorted((a, b) => a - b) : [];
  const rows = labels ? classes.length : Math.ceil(Math.min(count, COLUMNS ** 2) / COLUMNS);
  const cells = new Uint8Array(rows * COLUMNS * size);
  if (labels) {
    const filled = new Map(classes.map((label, row) => [label, { row, column: 0 }]));
    labels.forEach((label, index) => {
      const place = filled.get(label)!;
      if (place.column === COLUMNS) return;
      const at = (place.row * COLUMNS + place.column) * size;
      cells.set(images.subarray(index * size, (index + 1) * size), at);
      place.column += 1;
    });
  } else cells.set(images.subarray(0, cells.length));
  const fits = Math.floor(MOST_SIDE / Math.max(rows * height, COLUMNS * width));
  const scale = Math.min(LARGEST, Math.max(1, fits));
  const options = { columns: COLUMNS, scale };
  const shape = [height, width, channels] as const;
  const png = encodeGrid(fromBytes(cells), rows * COLUMNS, shape, options);
  return { png, rows: classes };
}
