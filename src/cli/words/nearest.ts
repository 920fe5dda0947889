// Which of some names somebody may have meant.

/** The name that takes the fewest changed, added or missing characters to become `typed`; the first of equals. */
export function nearest(typed: string, names: readonly [string, ...string[]]): string {
  const distances = names.map((name) => distance(typed, name));
  return names[distances.indexOf(Math.min(...distances))]!;
}

/** The edit distance of Levenshtein, row by row. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (const [index, character] of [...from].entries()) {
    const above = row;
    row = [index + 1];
    for (let column = 1; column <= to.length; column += 1) {
      const changed = above[column - 1]! + Number(character !== to[column - 1]);
      row.push(Math.min(changed, above[column]! + 1, row[column - 1]! + 1));
    }
  }
  return row.at(-1)!;
}
