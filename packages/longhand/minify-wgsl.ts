// WGSL without what only people read: comments, indentation, empty lines, and spaces that part no tokens. Every token
// stays, and each line that src/gpu/shader.ts looks for by its beginning stays as it is without its comment: constants,
// aliases, and which libraries are appended.

const APPENDED = /^\/\/ appended: \S+$/;
const READ = /^(?:const|alias) /;
/** Brackets and separators are tokens by themselves, whatever stands beside them. */
const AROUND = / *([(){}[\],;:]) */g;
/** An operator between operands; where two operators meet, their space stays. */
const BETWEEN = /([\w)\]]) (\+|-|\*|\/|%|=|\+=|-=|\*=|==|!=|&&|\|\||\^|&|\|) (?=[\w(])/g;

/**
 * The text without comments and needless space: its tokens are the same, in the same order. Throws on a block comment,
 * which no shader here has.
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
