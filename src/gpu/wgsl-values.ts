// The values of WGSL's operators and built-in functions for integers and truth values, as far as constants need them.

/** A known value. Integers without a suffix take the other operand's type. */
export interface Known {
  readonly type: "u32" | "i32" | "f32" | "bool" | "integer";
  readonly value: number | boolean;
}

/** Returns a truth value. */
export const truth = (value: boolean): Known => ({ type: "bool", value });

/** Returns the value of a number as it is written; undefined for other forms than plain ones. */
export function literal(text: string): Known | undefined {
  const isHex = /^0[xX]/.test(text);
  const [, digits, suffix] =
    (isHex ? /^(0[xX][\da-fA-F]+)([iu]?)$/ : /^(\d+)([iu]?)$/).exec(text) ?? [];
  if (digits !== undefined) {
    const type = suffix === "u" ? "u32" : suffix === "i" ? "i32" : "integer";
    return { type, value: Number(digits) };
  }
  const float = /^([\d.]+(?:[eE][+-]?\d+)?)f$/.exec(text)?.[1];
  return float === undefined ? undefined : { type: "f32", value: Math.fround(Number(float)) };
}

/** Returns the type that two numbers share; undefined if they have none. */
function shared(a: Known, b: Known): Known["type"] | undefined {
  if (a.type === b.type) return a.type;
  if (a.type === "integer" && b.type !== "bool") return b.type;
  return b.type === "integer" && a.type !== "bool" ? a.type : undefined;
}

/** Returns what an operator makes of two values; undefined if that isn't known. */
export function combined(
  operator: string,
  a: Known | undefined,
  b: Known | undefined,
): Known | undefined {
  // Either side alone may decide.
  if (operator === "&&" || operator === "&") {
    if (a?.value === false || b?.value === false) return truth(false);
  }
  if (operator === "||" || operator === "|") {
    if (a?.value === true || b?.value === true) return truth(true);
  }
  const type = a && b && shared(a, b);
  if (type === undefined) return undefined;
  if (type === "bool") return combinedTruths(operator, a!.value === true, b!.value === true);
  const [x, y] = [Number(a!.value), Number(b!.value)];
  const isSo = compared(operator, x, y);
  if (isSo !== undefined) return truth(isSo);
  const value = type === "f32" ? undefined : arithmetic(operator, x, y, type);
  return value === undefined ? undefined : { type, value };
}

function combinedTruths(operator: string, a: boolean, b: boolean): Known | undefined {
  switch (operator) {
    case "&&":
    case "&":
      return truth(a && b);
    case "||":
    case "|":
      return truth(a || b);
    case "==":
      return truth(a === b);
    case "!=":
      return truth(a !== b);
    default:
      return undefined;
  }
}

function compared(operator: string, a: number, b: number): boolean | undefined {
  switch (operator) {
    case "==":
      return a === b;
    case "!=":
      return a !== b;
    case "<":
      return a < b;
    case "<=":
      return a <= b;
    case ">":
      return a > b;
    case ">=":
      return a >= b;
    default:
      return undefined;
  }
}

function arithmetic(
  operator: string,
  a: number,
  b: number,
  type: Known["type"],
): number | undefined {
  const value = exact(operator, a, b);
  if (value === undefined || !Number.isSafeInteger(value)) return undefined;
  if (type === "u32") return Number(BigInt.asUintN(32, BigInt(value)));
  return value === (value | 0) ? value : undefined; // an i32 that overflows is an error
}

function exact(operator: string, a: number, b: number): number | undefined {
  switch (operator) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
      return b === 0 ? undefined : Math.trunc(a / b);
    case "%":
      return b === 0 ? undefined : a % b;
    case "&":
      return Number(BigInt(a) & BigInt(b));
    case "|":
      return Number(BigInt(a) | BigInt(b));
    default:
      return undefined;
  }
}

/** Returns what a built-in function makes of some values; undefined if that isn't known. */
export function called(name: string, values: readonly (Known | undefined)[]): Known | undefined {
  const [a, b, c] = values;
  if (name === "select") return c === undefined ? undefined : c.value === true ? b : a;
  if (a === undefined || a.type === "bool" || a.type === "f32") return undefined;
  const x = Number(a.value);
  switch (name) {
    case "u32":
      return x < 0 ? undefined : { type: "u32", value: x };
    case "i32":
      return x > 0x7fff_ffff ? undefined : { type: "i32", value: x };
    case "min":
    case "max": {
      const type = b && shared(a, b);
      if (type === undefined) return undefined;
      return { type, value: Math[name](x, Number(b!.value)) };
    }
    default:
      return undefined;
  }
}
