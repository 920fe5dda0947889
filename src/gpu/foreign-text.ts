// Makes text from outside (file names, keys, values, a driver's words) fit for messages: one line, printable, and not
// too long. It imports nothing, so that every folder and both entries can share it.

/** The longest name or path of a file in a message: no common file system has longer names. */
const MOST_PRINTED = 400;
const MOST_QUOTED = 80;
const MOST_ITEMS = 8;
const MOST_DEPTH = 3;

// Cc: C0, DEL, C1. Cf: marks that reverse or hide text, such as U+202E. Cs: half a surrogate pair. Zl, Zp: U+2028 and
// U+2029, which end lines.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

const NAMED: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** Escapes a character as JSON does: a surrogate pair becomes two escapes. */
function escape(char: string): string {
  const units = Array.from({ length: char.length }, (_, at) => char.charCodeAt(at).toString(16));
  return NAMED[char] ?? units.map((unit) => `\\u${unit.padStart(4, "0")}`).join("");
}

/** Escapes what can't be printed or ends a line: `\n`, `\u001b`. Nothing is cut. */
export function escapeText(text: string): string {
  return text.replace(UNPRINTABLE, escape);
}

/**
 * Returns text as a message may contain it without quotes, such as a path at its start: escaped, and cut in the middle
 * if it is longer than `most` characters, because names differ at their ends.
 */
export function printable(text: string, most: number = MOST_PRINTED): string {
  if (text.length <= most) return escapeText(text);
  const head = Math.ceil((most - 1) / 2);
  return escapeText(`${start(text, head)}…${end(text, most - 1 - head)}`);
}

/** Returns text in double quotes, escaped as in JSON and cut after `most` characters. */
export function quote(text: string, most: number = MOST_QUOTED): string {
  const cut = text.length > most ? `${start(text, most)}…` : text;
  return `"${escapeText(cut.replace(/["\\]/g, "\\$&"))}"`;
}

/** Returns the start of a text, without half a surrogate pair at the cut. */
function start(text: string, count: number): string {
  const split = /[\ud800-\udbff]$/.test(text.slice(0, count)) && isLow(text, count);
  return text.slice(0, split ? count - 1 : count);
}

function end(text: string, count: number): string {
  const from = text.length - count;
  const split = isLow(text, from) && /[\ud800-\udbff]/.test(text[from - 1] ?? "");
  return text.slice(split ? from + 1 : from);
}

const isLow = (text: string, at: number): boolean => /[\udc00-\udfff]/.test(text[at] ?? "");

/**
 * Quotes a word of a command that people will copy to their shell. It stays bare if that is safe; else it gets single
 * quotes, or `$'…'` if it contains unprintable characters. On Windows it gets double quotes, which both shells there
 * accept. It is never cut.
 */
export function shellQuote(text: string, windows: boolean = onWindows()): string {
  if (windows) {
    if (/^[\w:.,+=@/\\-]+$/.test(text)) return text;
    // A backslash before the last quote would make the quote a part of the word.
    return `"${escapeText(text).replace(/"/g, '""').replace(/\\+$/, "$&$&")}"`;
  }
  if (/^[\w:.,+=@%/-]+$/.test(text)) return text;
  if (escapeText(text) === text) return `'${text.replace(/'/g, "'\\''")}'`;
  const escaped = text.replace(/[\\']/g, "\\$&").replace(UNPRINTABLE, octal);
  return `$'${escaped}'`;
}

/** Returns a character's UTF-8 bytes as three octal digits each, because digits of the text may follow. */
function octal(char: string): string {
  const bytes = [...new TextEncoder().encode(char)];
  return bytes.map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");
}

function onWindows(): boolean {
  return typeof process !== "undefined" && process.platform === "win32";
}

/**
 * Returns a value as messages show it: numbers and short lists in full, text in quotes, objects by their keys or class.
 * It runs none of the value's getters, and never throws.
 */
export function show(value: unknown): string {
  try {
    return printable(shown(value, 0));
  } catch {
    return "an object that can't be looked into";
  }
}

function shown(value: unknown, depth: number): string {
  if (typeof value === "string") return quote(value);
  if (typeof value === "bigint") return `${printable(String(value), 40)}n`;
  if (typeof value === "function") return `a function${value.name === "" ? "" : ` ${value.name}`}`;
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) {
    if (depth === MOST_DEPTH) return "[…]";
    const items = Array.from({ length: Math.min(value.length, MOST_ITEMS) }, (_, index) =>
      shown(Object.getOwnPropertyDescriptor(value, index)?.value, depth + 1),
    );
    const more = value.length > MOST_ITEMS ? [`… ${value.length} in all`] : [];
    return `[${[...items, ...more].join(", ")}]`;
  }
  const name = classOf(value);
  if (name !== "Object") return name;
  const keys = Object.keys(value);
  const first = keys.slice(0, MOST_ITEMS).map((key) => (/^[\w$]+$/.test(key) ? key : quote(key)));
  const more = keys.length > MOST_ITEMS ? [`… ${keys.length} in all`] : [];
  return keys.length === 0 ? "{}" : `{ ${[...first, ...more].join(", ")} }`;
}

/** Returns the name of an object's class; `Object` if it has none. */
function classOf(value: object): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (typeof prototype !== "object" || prototype === null) return "Object";
  const maker: unknown = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
  return typeof maker === "function" && maker.name !== "" ? maker.name : "Object";
}

/** Returns a path of keys, joined by dots. Keys that aren't plain words are quoted. */
export function keyPath(keys: readonly PropertyKey[]): string {
  const words = keys.map((key) =>
    /^[\w$-]+$/.test(String(key)) ? String(key) : quote(String(key)),
  );
  return printable(words.join("."));
}

/** Returns a thrown value as one printable line: the first line of its message that isn't blank. */
export function wordsOf(error: unknown, most: number = MOST_PRINTED): string {
  let message = "";
  try {
    message = error instanceof Error ? String(error.message) : String(error);
  } catch {
    // a value that can't be turned into text
  }
  const first = message.split(/\r\n|[\n\r]/).find((line) => line.trim() !== "");
  return first === undefined ? "no reason given" : printable(first.trim(), most);
}

/** Returns the first line of a message of Dawn, and the last of the lines that name the call. */
export function dawnsWords(message: string): string {
  const lines = message.trim().split("\n");
  const call = lines.findLast((line) => /^\s*- While /.test(line));
  const words = [lines[0]!, ...(call ? [call.trim().slice(2)] : [])].join(" ");
  return words === "" ? "no reason given" : printable(words, 2 * MOST_PRINTED);
}
