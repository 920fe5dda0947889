// Parses the JSON of a safetensors header as the reference does (serde_json). `JSON.parse` won't do: it rounds integers
// above 2^53, hides duplicate keys, treats `__proto__` as more than a name and doesn't limit nesting.
import { quote } from "../gpu/foreign-text.ts";

/** A JSON value. An integer is a bigint, any other number a double; an object keeps every entry. */
export type JsonValue = null | boolean | string | bigint | number | JsonArray | JsonObject;

/** A JSON array. */
export interface JsonArray {
  readonly items: readonly JsonValue[];
}

/** A JSON object: its entries in the order of the text, including duplicate keys. */
export interface JsonObject {
  readonly entries: readonly (readonly [key: string, value: JsonValue])[];
}

// serde_json refuses the 128th level.
const MAX_DEPTH = 127;
// Longer integers are doubles to serde_json too: they exceed both u64 and i64.
const MAX_INTEGER_CHARS = 20;

const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
const WORDS: readonly (readonly [string, JsonValue])[] = [
  ["null", null],
  ["true", true],
  ["false", false],
];

/**
 * Parses the one JSON value in `text`, with optional whitespace around it. Calls `fail` with what is wrong and where;
 * `fail` must throw.
 */
export function parseHeaderJson(text: string, fail: (what: string) => never): JsonValue {
  let at = 0;

  function failHere(what: string): never {
    return fail(`${what} at character ${at}`);
  }

  function skipSpace(): void {
    while (" \n\r\t".includes(text[at] ?? "none")) at++;
  }

  // Steps over `char`, and the space before it, if it is next.
  function take(char: string): boolean {
    skipSpace();
    if (text[at] !== char) return false;
    at++;
    return true;
  }

  function value(depth: number): JsonValue {
    skipSpace();
    const char = text[at];
    if (char === undefined) return failHere("unexpected end");
    if (char === "{" || char === "[") {
      if (depth >= MAX_DEPTH) return failHere("nesting too deep");
      at++;
      return char === "{" ? { entries: entries(depth + 1) } : { items: items(depth + 1) };
    }
    if (char === '"') return string();
    if (char === "-" || (char >= "0" && char <= "9")) return number();
    for (const [word, meaning] of WORDS) {
      if (text.startsWith(word, at)) {
        at += word.length;
        return meaning;
      }
    }
    return failHere(`unexpected ${quote(char)}`);
  }

  function entries(depth: number): [string, JsonValue][] {
    const found: [string, JsonValue][] = [];
    if (take("}")) return found;
    do {
      skipSpace();
      if (text[at] !== '"') return failHere("expected a key");
      const key = string();
      if (!take(":")) return failHere('expected ":"');
      found.push([key, value(depth)]);
    } while (take(","));
    return take("}") ? found : failHere('expected "," or "}"');
  }

  function items(depth: number): JsonValue[] {
    const found: JsonValue[] = [];
    if (take("]")) return found;
    do found.push(value(depth));
    while (take(","));
    return take("]") ? found : failHere('expected "," or "]"');
  }

  function string(): string {
    let end = at + 1;
    while (text[end] !== '"') {
      if (end >= text.length) return failHere("a string without an end");
      end += text[end] === "\\" ? 2 : 1;
    }
    const literal = text.slice(at, end + 1);
    let decoded: string;
    try {
      decoded = String(JSON.parse(literal));
    } catch {
      return failHere("a damaged string");
    }
    // Half of a surrogate pair: it has no UTF-8 form.
    if (/\p{Surrogate}/u.test(decoded)) return failHere("a string that isn't Unicode");
    at = end + 1;
    return decoded;
  }

  function number(): bigint | number {
    NUMBER.lastIndex = at;
    const [literal, fraction, exponent] = NUMBER.exec(text) ?? failHere("a damaged number");
    const double = Number(literal);
    if (!Number.isFinite(double)) return failHere("a number out of range");
    at += literal.length;
    const integer = fraction === undefined && exponent === undefined && literal !== "-0";
    return integer && literal.length <= MAX_INTEGER_CHARS ? BigInt(literal) : double;
  }

  const whole = value(0);
  skipSpace();
  return at === text.length ? whole : failHere("text after the end");
}
