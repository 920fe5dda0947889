// Checks of an op's attributes. Each op lists its attributes with one check each. An attribute that isn't in the list
// is refused, so that a misspelt name doesn't silently leave the default in place.
import { isPlain } from "../gpu/options.ts";
import { AttributeError } from "../gpu/errors.ts";
import { keyPath, show } from "../gpu/foreign-text.ts";
import { oursFor } from "./foreign-names.ts";

/** What an attribute must be, in words that follow "must be", and whether a value satisfies it. */
export interface Check {
  readonly expects: string;
  readonly accepts: (value: unknown) => boolean;
  /** True if the attribute must be given. */
  readonly needed?: boolean;
}

/** A check for every attribute of an op. */
export type Checks<A> = { readonly [Name in keyof Required<A>]: Check };

const isWhole = (value: unknown, low: number, high = Infinity): boolean =>
  typeof value === "number" && Number.isInteger(value) && value >= low && value <= high;

/** A whole number ≥ `low`. */
export function whole(low: number): Check {
  return { expects: `a whole number ≥ ${low}`, accepts: (value) => isWhole(value, low) };
}

/** A whole number of either sign, such as an axis: its range depends on the arrays. */
export const anyWhole: Check = {
  expects: "a whole number",
  accepts: (value) => isWhole(value, -Infinity),
};

/** A list of whole numbers: ≥ `low` if that is given, and exactly `count` of them if that is given. */
export function wholes(low: number = -Infinity, count?: number): Check {
  const bound = low === -Infinity ? "" : ` ≥ ${low}`;
  return {
    expects: count ? `${count} whole numbers${bound}` : `a list of whole numbers${bound}`,
    accepts: (value) =>
      Array.isArray(value) &&
      (count === undefined || value.length === count) &&
      Array.from(value).every((item) => isWhole(item, low)),
  };
}

/** One axis, or a list of them; negative ones count from the end. */
export const anyAxes: Check = either(anyWhole, wholes());

/** A list of pairs of whole numbers of either sign. */
export const pairs: Check = {
  expects: "a list of pairs of whole numbers",
  accepts: (value) => Array.isArray(value) && Array.from(value).every(wholes(-Infinity, 2).accepts),
};

const MOST = 2 ** 31 - 1; // kernels count in 32 bits

/** A whole number ≥ `low` that fits the 32-bit integers that kernels count with. */
export function extent(low: number): Check {
  return {
    expects: `a whole number ≥ ${low}, below 2^31`,
    accepts: (value) => isWhole(value, low, MOST),
  };
}

/** One whole number ≥ `low` for both axes of an image, or two: (vertical, horizontal). */
export function wholeOrPair(low: number): Check {
  const one = extent(low);
  return {
    expects: `a whole number ≥ ${low}, or two of them, below 2^31`,
    accepts: (value) =>
      one.accepts(value) ||
      (Array.isArray(value) && value.length === 2 && Array.from(value).every(one.accepts)),
  };
}

/** A number that stays finite as a float32, in [low, high] if those are given. */
export function finite(low: number = -Infinity, high: number = Infinity): Check {
  const range =
    low === -Infinity && high === Infinity
      ? "a finite number"
      : high === Infinity
        ? `a finite number ≥ ${low}`
        : `a number in [${low}, ${high}]`;
  return {
    expects: range,
    accepts: (value) =>
      typeof value === "number" &&
      Number.isFinite(Math.fround(value)) &&
      value >= low &&
      value <= high,
  };
}

/** A fraction or a decay rate: in [0, 1). */
export const belowOne: Check = {
  expects: "a number in [0, 1)",
  accepts: (value) => typeof value === "number" && value >= 0 && value < 1,
};

/** A finite number above 0. */
export const positive: Check = {
  expects: "a finite number > 0",
  accepts: (value) => typeof value === "number" && value > 0 && value < Infinity,
};

/** Any number except NaN: infinities are allowed. */
export const number: Check = {
  expects: "a number",
  accepts: (value) => typeof value === "number" && !Number.isNaN(value),
};

/** Any number at all: infinities and NaN are allowed. */
export const anyNumber: Check = {
  expects: "a number",
  accepts: (value) => typeof value === "number",
};

/** True or false. */
export const flag: Check = {
  expects: "true or false",
  accepts: (value) => typeof value === "boolean",
};

/** One of some words. */
export function oneOf(...words: readonly string[]): Check {
  return {
    expects: words.map((word) => `'${word}'`).join(" or "),
    accepts: (value) => typeof value === "string" && words.includes(value),
  };
}

/** Either of two checks. */
export function either(a: Check, b: Check): Check {
  return {
    expects: `${a.expects}, or ${b.expects}`,
    accepts: (value) => a.accepts(value) || b.accepts(value),
  };
}

/** An instance of a class, with the words for it. */
export function instance(kind: new (...of: never[]) => unknown, expects: string): Check {
  return { expects, accepts: (value) => value instanceof kind };
}

/** Accepts any value: the op checks it itself. */
export function anything(expects: string): Check {
  return { expects, accepts: () => true };
}

/** The same check, for an attribute that must be given. */
export function needed(check: Check): Check {
  return { ...check, needed: true };
}

/** Throws `AttributeError` unless an argument satisfies a check. */
export function checkArgument(op: string, name: string, value: unknown, check: Check): void {
  if (check.accepts(value)) return;
  throw new AttributeError(`${op}: ${name} must be ${check.expects}; got ${show(value)}`);
}

/** A callback. */
export const callback: Check = {
  expects: "a function",
  accepts: (value) => typeof value === "function",
};

/** Throws `AttributeError` on the first attribute that is unknown or doesn't satisfy its check. */
export function checkAttributes<A>(op: string, attributes: A, checks: Checks<A>): void {
  const list = new Map<string, Check>(Object.entries(checks));
  const takes = list.size === 0 ? "it takes none" : `it takes ${[...list.keys()].join(", ")}`;
  if (!isPlain(attributes)) {
    throw new AttributeError(
      `${op}: attributes must be an object; got ${show(attributes)}; ${takes}`,
    );
  }
  const given = new Map<string, unknown>(Object.entries(attributes));
  for (const name of given.keys()) {
    if (!list.has(name)) {
      throw new AttributeError(
        `${op}: got an unknown attribute ${keyPath([name])}${oursFor(name, [...list.keys()])}; ${takes}`,
      );
    }
  }
  for (const [name, check] of list) {
    const value = given.get(name);
    if (value === undefined && !check.needed) continue;
    if (!check.accepts(value)) {
      throw new AttributeError(`${op}: ${name} must be ${check.expects}; got ${show(value)}`);
    }
  }
}

/** Returns an axis counted from 0. Throws `AttributeError` unless it is in [−rank, rank). */
export function axisOf(op: string, axis: number, rank: number): number {
  if (axis < -rank || axis >= rank) {
    throw new AttributeError(
      rank === 0
        ? `${op}: a scalar has no axis; got axis ${axis}`
        : `${op}: axis must be in [${-rank}, ${rank - 1}] for rank ${rank}; got ${axis}`,
    );
  }
  return axis < 0 ? axis + rank : axis;
}
