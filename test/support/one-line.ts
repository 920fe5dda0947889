// Checks that a message is one printable line, and has texts that would make it something else.

/** Whether a text has nothing that a terminal would execute, hide or reverse, and no line break. */
export function isOneLine(text: string): boolean {
  return text !== "" && !/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(text);
}

/** Names, keys and values that would break a line. */
export const HOSTILE: readonly string[] = [
  "\u001b[2J\u001b[31mred",
  "\u001b]0;title\u0007",
  "two\nlines",
  "carriage\rreturn\ttab\bback",
  "turned\u202egnp.exe",
  "hidden\u200b\u200d\ufeff\u2066mark",
  "lines\u2028and\u2029paragraphs",
  "\u009b31mC1\u0085",
  "\u007fDEL",
  "nul\u0000byte",
  "half \ud83d pair",
  "tag\u{e0041}",
  `quotes "'\`\\ and $(id)`,
  "long ".repeat(1000),
];
