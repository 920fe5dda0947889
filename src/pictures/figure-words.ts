// A figure as people read it, with few digits: on plots, in tables and in lines.

/** Formats a figure with few digits: `0.0123`, `4.57`, `1,234`; NaN is a dash. */
export function formatFigure(value: number): string {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size >= 1000) return Math.round(value).toLocaleString("en");
  if (size >= 100) return value.toFixed(0);
  if (size >= 10) return value.toFixed(1);
  if (size >= 1) return value.toFixed(2);
  if (size >= 0.01 || size === 0) return value.toFixed(3);
  return size >= 0.0001 ? value.toFixed(5) : value.toExponential(1).replace("e-", "e−");
}
