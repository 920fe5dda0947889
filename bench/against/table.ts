// The table of `bench -- against`.
import { bytes, duration, table } from "../reports.ts";
import type { Duel, Ratio, Row } from "./pairs.ts";

const HEAD = ["ratio", "least to greatest", "processor time"];

/** Returns the table's lines: figures of both, and this checkout's divided by the other commit's. */
export function againstTable(rows: readonly Row[], { names }: Duel): string {
  if (rows.length === 0) return "Nothing was measured.";
  return table(["", names.there, names.here, ...HEAD], rows.map(cellsOf));
}

function cellsOf({ title, unit, there, here, ratio, processor }: Row): string[] {
  const format = unit === "time" ? duration : bytes;
  return [
    title,
    format(there),
    format(here),
    ratio.median.toFixed(3),
    unit === "time" ? range(ratio) : "",
    processor ? `${processor.median.toFixed(3)} (${range(processor)})` : "",
  ];
}

const range = ({ least, greatest }: Ratio): string =>
  `${least.toFixed(3)} to ${greatest.toFixed(3)}`;
