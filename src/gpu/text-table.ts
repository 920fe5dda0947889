// Tables for terminals, with columns as wide as their widest cell.

/** A column: its title, and whether its cells are numbers, which are aligned to the right. */
export interface Column {
  readonly title: string;
  readonly numeric?: boolean;
}

/** Returns the lines of a table: first the titles, with two spaces between columns. */
export function textTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  const widths = columns.map(({ title }, i) =>
    Math.max(title.length, ...rows.map((row) => row[i]!.length)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (columns[i]!.numeric ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join("  ")
      .trimEnd();
  return [line(columns.map(({ title }) => title)), ...rows.map(line)];
}
