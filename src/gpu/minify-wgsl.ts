// Minifies WGSL: removes comments, indentation, empty lines, and spaces that separate no tokens, puts each function on
// one line, and shortens names that nobody else can refer to. Every other token stays. Lines that shader.ts finds by
// their beginning only lose their comments: constants, aliases, and names of appended libraries.
import { localNames, tokensOf, type Token } from "./wgsl-constants.ts";

const APPENDED = /^\/\/ appended: \S+$/;
const READ = /^(?:const|alias) /;
/** Brackets and separators are tokens by themselves, whatever is next to them. */
const AROUND = / *([(){}[\],;:]|->) */g;
/** An operator between operands. The space between two operators stays. */
const BETWEEN = /([\w)\]]) (\+|-|\*|\/|%|=|\+=|-=|\*=|==|!=|<=|>=|&&|\|\||\^|&|\|) (?=[\w(])/g;

/**
 * Returns the text without comments and unnecessary space. Its tokens are the same, in the same order, but for the
 * names of functions' parameters and variables. If all words of the libraries are given, functions and structs that
 * none of those mentions get short names too, except for entry points. Throws on a block comment, which no shader here
 * has.
 */
export function minifyWgsl(text: string, ofLibraries?: ReadonlySet<string>): string {
  if (text.includes("/*")) throw new Error("WGSL to minify: has a block comment; write // instead");
  const named = ofLibraries ? withShortDeclarations(text, ofLibraries) : text;
  const lines = withShortNames(named)
    .split(/\r?\n/)
    .map((line) => (APPENDED.test(line) ? line : line.replace(/\/\/.*$/, "").trim()))
    .filter((line) => line !== "");
  return functionsJoined(lines)
    .map((line) => (APPENDED.test(line) ? line : squeezed(line)))
    .join("\n");
}

/** Puts each function on one line. */
function functionsJoined(lines: readonly string[]): readonly string[] {
  const joined: string[] = [];
  let depth = 0;
  for (const line of lines) {
    if (depth > 0) joined.push(`${joined.pop()!} ${line}`);
    else joined.push(line);
    if (depth > 0 || line.startsWith("fn ")) {
      depth += line.split("{").length - line.split("}").length;
    }
  }
  return joined;
}

const squeezed = (line: string): string =>
  READ.test(line) ? line : line.replaceAll(BETWEEN, "$1$2").replaceAll(AROUND, "$1");

/**
 * Returns a function that minifies a project's shaders by their paths. What a library below lib/ declares keeps its name,
 * and so does what one mentions: any shader may append it.
 */
export function shaderMinifier(
  paths: readonly string[],
  textOf: (path: string) => string,
): (path: string) => string {
  const isLibrary = (path: string): boolean => path.startsWith("lib/");
  const words = wordsOf(paths.filter(isLibrary).map(textOf));
  return (path) => minifyWgsl(textOf(path), isLibrary(path) ? undefined : words);
}

/** Returns all words of some texts, but for comments. */
const wordsOf = (texts: readonly string[]): ReadonlySet<string> =>
  new Set(texts.flatMap((text) => tokensOf(text).map(textOf)));

const textOf = (token: Token): string => token.text;

/** Returns the text with short names for its own functions and structs. */
function withShortDeclarations(text: string, ofLibraries: ReadonlySet<string>): string {
  const tokens = tokensOf(text);
  const used = new Set([...ofLibraries, ...tokens.map(textOf)]);
  const free = CAPITALS.filter((name) => !used.has(name));
  const entries = new Set(
    Array.from(text.matchAll(/@compute[^{]*?\bfn (\w+)/g), ([, name]) => name!),
  );
  const members = new Set(tokens.filter((_, i) => tokens[i - 1]?.text === ".").map(textOf));
  const names = new Map<string, string>();
  for (const [i, token] of tokens.entries()) {
    const declared = ["fn", "struct"].includes(tokens[i - 1]?.text ?? "");
    if (!declared || [ofLibraries, entries, members].some((kept) => kept.has(token.text))) continue;
    const name = free[names.size];
    if (name !== undefined && name.length < token.text.length) names.set(token.text, name);
  }
  return replaced(text, tokens, names);
}

/** Returns the text with other names for some words, but for members of structs. */
function replaced(
  text: string,
  tokens: readonly Token[],
  names: ReadonlyMap<string, string>,
): string {
  let short = "";
  let from = 0;
  for (const [i, token] of tokens.entries()) {
    const name = names.get(token.text);
    if (name === undefined || tokens[i - 1]?.text === ".") continue;
    short += text.slice(from, token.start) + name;
    from = token.end;
  }
  return short + text.slice(from);
}

/** Returns the text with short names for what its functions declare. */
function withShortNames(text: string): string {
  const tokens = tokensOf(text);
  const shared = new Set(tokens.filter((_, i) => isShared(tokens, i)).map(textOf));
  let short = "";
  let from = 0;
  for (const [first, end] of functionsIn(tokens)) {
    const own = tokens.slice(first, end);
    const start = own[0]!.start;
    const after = own.at(-1)!.end;
    const shifted = own.map((token) => ({
      ...token,
      start: token.start - start,
      end: token.end - start,
    }));
    short +=
      text.slice(from, start) +
      replaced(text.slice(start, after), shifted, shortNames(own, shared));
    from = after;
  }
  return short + text.slice(from);
}

/** Whether a token is a name that the module declares, or an attribute's. */
const isShared = (tokens: readonly Token[], i: number): boolean =>
  ["fn", "struct", "alias", "const", ">"].includes(tokens[i - 1]?.text ?? "") ||
  tokens[i - 2]?.text === "@" ||
  tokens[i - 3]?.text === "@";

/** Returns where each function's tokens begin and end. */
function functionsIn(tokens: readonly Token[]): readonly (readonly [first: number, end: number])[] {
  const found: [number, number][] = [];
  for (let first = 0; first < tokens.length; first += 1) {
    if (tokens[first]!.text !== "fn") continue;
    let end = tokens.findIndex(({ text }, i) => i > first && text === "{") + 1;
    for (let depth = 1; depth > 0 && end < tokens.length; end += 1) {
      depth += Number(tokens[end]!.text === "{") - Number(tokens[end]!.text === "}");
    }
    found.push([first, end]);
    first = end - 1;
  }
  return found;
}

/** Returns a short name, which the function doesn't use yet, for each longer one that it declares. */
function shortNames(own: readonly Token[], shared: ReadonlySet<string>): Map<string, string> {
  const used = new Set(own.map(({ text }) => text));
  const names = new Map<string, string>();
  for (const text of new Set(localNames(own))) {
    if (text.length < 2 || shared.has(text)) continue;
    const name = LETTERS.find((letter) => !used.has(letter));
    if (name === undefined) continue;
    used.add(name);
    names.set(text, name);
  }
  return names;
}

const LETTERS: readonly string[] = [..."abcdefghijklmnopqrstuvwxyz"];
const CAPITALS: readonly string[] = LETTERS.flatMap((letter) =>
  ["", ...LETTERS].map((second) => letter.toUpperCase() + second),
);
