// Finds the name that a misspelt one was probably meant to be.

/** Returns the name with the fewest changed, added or missing characters compared with `typed`; the first of equals. */
export function nearest(typed: string, names: readonly [string, ...string[]]): string {
  const distances = names.map((name) => distance(typed, name));
  return names[distances.indexOf(Math.min(...distances))]!;
}

/** Returns the Levenshtein distance, computed row by row. */
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
