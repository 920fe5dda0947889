// What every metric takes: rows of numbers. The checks that all share, and copies in float64.

import { DataError, ShapeError } from "../gpu/errors.ts";

/** `rows` vectors of `columns` numbers each, row by row: such as features, a row an image. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array | Float64Array;
}

/**
 * Refuses what isn't a matrix of finite numbers with at least `leastRows` rows. `op` and `name` say
 * whose and which it is in the message. Throws `ShapeError`, `DataError` for a NaN or an infinity.
 */
export function requireMatrix(op: string, name: string, matrix: Matrix, leastRows = 1): void {
  const { rows, columns, values } = matrix;
  for (const [what, size] of [
    ["rows", rows],
    ["columns", columns],
  ] as const) {
    if (Number.isInteger(size) && size >= 0) continue;
    throw new ShapeError(
      `${op}: ${name} has ${size} ${what}, expected a whole number; give its size`,
    );
  }
  if (columns === 0) {
    throw new ShapeError(`${op}: ${name} has 0 columns, expected at least 1; give it features`);
  }
  if (rows < leastRows) {
    throw new ShapeError(
      `${op}: ${name} has ${rows} ${rows === 1 ? "row" : "rows"}, expected at least ${leastRows}; give it more samples`,
    );
  }
  if (values.length !== rows * columns) {
    throw new ShapeError(
      `${op}: ${name} has ${values.length} values, expected ${rows} × ${columns} = ${rows * columns}; mend its sizes`,
    );
  }
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new DataError(
      `${op}: ${name} has ${values[bad]} in row ${Math.floor(bad / columns)}, column ${bad % columns}, expected finite numbers; leave such rows out`,
    );
  }
}

/** Refuses two matrices of different columns. Throws `ShapeError`. */
export function requireSameColumns(
  op: string,
  names: [string, string],
  a: Matrix,
  b: Matrix,
): void {
  if (a.columns === b.columns) return;
  throw new ShapeError(
    `${op}: ${names[0]} has ${a.columns} columns and ${names[1]} has ${b.columns}, expected as many; take both from the same network`,
  );
}

/** Refuses a figure that overflowed. Throws `DataError`. */
export function requireFinite(op: string, figure: number): number {
  if (Number.isFinite(figure)) return figure;
  throw new DataError(
    `${op}: got values too large for float64 (${figure}), expected squares and cubes that it holds; scale them down`,
  );
}
