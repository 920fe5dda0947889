// Rows of numbers, which every metric takes, and the checks that all metrics share.

import { AttributeError, DataError, ShapeError } from "../gpu/errors.ts";
import { show } from "../gpu/foreign-text.ts";

/** `rows` vectors of `columns` numbers each, row by row, such as features with one row per image. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array | Float64Array;
}

/**
 * Checks that `matrix` holds finite numbers and at least `leastRows` rows. `op` and `name` say in the message whose
 * matrix it is, and which. Throws `ShapeError`; `DataError` on a NaN or an infinity.
 */
export function requireMatrix(op: string, name: string, matrix: Matrix, leastRows = 1): void {
  const given: unknown = matrix;
  const whole = typeof given === "object" && given !== null && "values" in given;
  const floats =
    whole && (given.values instanceof Float32Array || given.values instanceof Float64Array);
  if (!floats) {
    throw new ShapeError(
      `${op}: ${name} must be { rows, columns, values: a Float32Array or a Float64Array }; got ${show(matrix)}`,
    );
  }
  const { rows, columns, values } = matrix;
  for (const [what, size] of [
    ["rows", rows],
    ["columns", columns],
  ] as const) {
    if (Number.isInteger(size) && size >= 0) continue;
    throw new ShapeError(
      `${op}: ${name} has ${show(size)} ${what}, expected a whole number; give its size`,
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
      `${op}: ${name} has ${values.length} values, expected ${rows} × ${columns} = ${rows * columns}; correct its sizes`,
    );
  }
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new DataError(
      `${op}: ${name} has ${values[bad]} in row ${Math.floor(bad / columns)}, column ${bad % columns}, expected finite numbers; leave such rows out`,
    );
  }
}

/** Checks that a value is an object with some entries; the message says where to get one. Throws `ShapeError`. */
export function requireParts(
  op: string,
  name: string,
  value: unknown,
  parts: readonly string[],
  source: string,
): void {
  if (typeof value === "object" && value !== null && parts.every((part) => part in value)) return;
  throw new ShapeError(
    `${op}: ${name} must be { ${parts.join(", ")} }; got ${show(value)}: take it from ${source}`,
  );
}

/** Checks that a callback is a function or undefined. Throws `AttributeError`. */
export function requireCallback(op: string, callback: unknown): void {
  if (callback === undefined || typeof callback === "function") return;
  throw new AttributeError(`${op}: onProgress must be a function; got ${show(callback)}`);
}

/** Checks that a value is a list of numbers. Throws `ShapeError`. */
export function requireNumbers(op: string, name: string, list: unknown): void {
  const like = Array.isArray(list) || (ArrayBuffer.isView(list) && !(list instanceof DataView));
  if (like && Array.from(Object.values(list)).every((value) => typeof value === "number")) return;
  throw new ShapeError(`${op}: ${name} must be a list of numbers; got ${show(list)}`);
}

/** Checks that two matrices have the same number of columns. Throws `ShapeError`. */
export function requireSameColumns(
  op: string,
  names: [string, string],
  a: Matrix,
  b: Matrix,
): void {
  if (a.columns === b.columns) return;
  throw new ShapeError(
    `${op}: ${names[0]} has ${a.columns} columns and ${names[1]} has ${b.columns}, expected the same number; take both from the same network`,
  );
}

/** Checks that a figure didn't overflow. Throws `DataError`. */
export function requireFinite(op: string, figure: number): number {
  if (Number.isFinite(figure)) return figure;
  throw new DataError(
    `${op}: squares and cubes of the values must fit in float64; got ${figure}: scale the values down`,
  );
}
