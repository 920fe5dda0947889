// Numbers of any range as levels, the bytes from 0 to 255 that datasets consist of, and numbers as classes.
import { DataError } from "../gpu/errors.ts";

/** What numbers there are. */
export interface NumberRange {
  readonly least: number;
  readonly most: number;
  /** Whether all of them are whole. */
  readonly whole: boolean;
}

/** Numbers as levels, and how they became so. */
export interface Levels {
  readonly data: Uint8Array<ArrayBuffer>;
  /** As in "0 to 1 became 0 to 255"; undefined if the numbers were levels already. */
  readonly words: string | undefined;
}

/** The range of no numbers. */
export const NO_NUMBERS: NumberRange = { least: Infinity, most: -Infinity, whole: true };

/**
 * Returns a range that holds some more numbers; the first of them is element `first` of `name`. Throws `DataError` if
 * one isn't finite.
 */
export function widened(
  range: NumberRange,
  numbers: ArrayLike<number>,
  name: string,
  first = 0,
): NumberRange {
  let { least, most, whole } = range;
  for (let i = 0; i < numbers.length; i += 1) {
    const value = numbers[i]!;
    if (!(Math.abs(value) < Infinity)) {
      throw new DataError(
        `${name}: element ${first + i} is ${value}, which is no pixel and no class; replace it by a number`,
      );
    }
    if (value < least) least = value;
    if (value > most) most = value;
    if (whole && !Number.isInteger(value)) whole = false;
  }
  return { least, most, whole };
}

/** How pixels become levels. */
export interface Scaling {
  readonly toLevel: (value: number) => number;
  /** As in "0 to 1 became 0 to 255"; undefined if the numbers are levels already. */
  readonly words: string | undefined;
}

/** A scale of pixels: numbers in [from, to] become 0 to 255. */
interface Scale {
  readonly from: number;
  readonly to: number;
  readonly fits: (range: NumberRange) => boolean;
}

/** The scales in which files have pixels. The first that fits is taken. */
const SCALES: readonly Scale[] = [
  { from: 0, to: 1, fits: ({ least, most }) => least >= 0 && most > 0 && most <= 1 },
  { from: -1, to: 1, fits: ({ least, most }) => least < 0 && least >= -1 && most <= 1 },
  { from: 0, to: 255, fits: ({ least, most }) => least >= 0 && most <= 255 },
  {
    from: 0,
    to: 65_535,
    fits: ({ least, most, whole }) => whole && least >= 0 && most <= 65_535,
  },
];

/**
 * Returns how pixels of a range become levels: 0 to 1, −1 to 1 and whole numbers up to 65535 are scaled, others up to
 * 255 are rounded. Throws `DataError`, with the range, on numbers that no pixels have.
 */
export function scalingOf(range: NumberRange, name: string): Scaling {
  const scale = SCALES.find(({ fits }) => fits(range));
  if (!scale && range.least > range.most) return { toLevel: (value) => value, words: undefined };
  if (!scale) {
    throw new DataError(
      `${name}: its numbers go from ${short(range.least)} to ${short(range.most)}; pixels go from 0 to 255, 0 to 1, −1 to 1, or 0 to 65535 in whole numbers: undo what scaled them, such as a standardisation`,
    );
  }
  const { from, to } = scale;
  const by = 255 / (to - from);
  const ends = `${String(from).replace("-", "−")} to ${to}`;
  return {
    toLevel: (value) => Math.round((value - from) * by),
    words:
      to !== 255 ? `${ends} became 0 to 255` : range.whole ? undefined : "rounded to whole levels",
  };
}

/** Returns pixels as levels. Throws as `widened` and `scalingOf` do. */
export function toLevels(numbers: ArrayLike<number>, name: string): Levels {
  const { toLevel, words } = scalingOf(widened(NO_NUMBERS, numbers, name), name);
  const data = new Uint8Array(numbers.length);
  for (let i = 0; i < data.length; i += 1) data[i] = toLevel(numbers[i]!);
  return { data, words };
}

/** Returns classes as bytes; the first is label `first` of `name`. Throws `DataError` unless they are whole, 0 to 255. */
export function toLabels(
  numbers: ArrayLike<number>,
  name: string,
  first = 0,
): Uint8Array<ArrayBuffer> {
  const labels = new Uint8Array(numbers.length);
  for (let i = 0; i < labels.length; i += 1) {
    const value = numbers[i]!;
    if (!(Number.isInteger(value) && value >= 0 && value <= 255)) {
      throw new DataError(
        `${name}: label ${first + i} is ${short(value)}; classes must be whole numbers from 0 to 255: number them so`,
      );
    }
    labels[i] = value;
  }
  return labels;
}

const short = (value: number): string => String(Number(value.toPrecision(6))).replace("-", "−");
