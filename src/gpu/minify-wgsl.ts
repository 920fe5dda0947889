// Minifies WGSL: removes comments, indentation, empty lines, and spaces that separate no tokens. Every token stays.
// Lines that shader.ts finds by their beginning only lose their comments: constants, aliases, and names of
// appended libraries.

const APPENDED = /^\/\/ appended: \S+$/;
const READ = /^(?:const|alias) /;
/** Brackets and separators are tokens by themselves, whatever is next to them. */
const AROUND = / *([(){}[\],;:]|->) */g;
/** An operator between operands. The space between two operators stays. */
const BETWEEN = /([\w)\]]) (\+|-|\*|\/|%|=|\+=|-=|\*=|==|!=|<=|>=|&&|\|\||\^|&|\|) (?=[\w(])/g;

/**
 * Returns the text without comments and unnecessary space; its tokens are the same, in the same order. Throws on a
 * block comment, which no shader here has.
 */
export function minifyWgsl(text: string): string {
  if (text.includes("/*")) throw new Error("WGSL to minify: has a block comment; write // instead");
  return text
    .split(/\r?\n/)
    .map((line) => (APPENDED.test(line) ? line : squeezed(line.replace(/\/\/.*$/, "").trim())))
    .filter((line) => line !== "")
    .join("\n");
}

const squeezed = (line: string): string =>
  READ.test(line) ? line : line.replaceAll(BETWEEN, "$1$2").replaceAll(AROUND, "$1");
