// Undoes the filters of PNG rows.
// Source: PNG, third edition (W3C 2025), section 9.

/**
 * Undoes a row's filter in place. The row's first byte names the filter, and apart is the number of bytes per pixel.
 * Returns false for an unknown filter.
 */
export function unfilter(row: Uint8Array, above: Uint8Array, apart: number): boolean {
  const filter = row[0]!;
  if (filter === 0) return true;
  for (let i = 1; i < row.length; i += 1) {
    const left = i > apart ? row[i - apart]! : 0;
    const up = above[i]!;
    if (filter === 1) row[i]! += left;
    else if (filter === 2) row[i]! += up;
    else if (filter === 3) row[i]! += (left + up) >> 1;
    else if (filter === 4) row[i]! += paeth(left, up, i > apart ? above[i - apart]! : 0);
  }
  return filter <= 4;
}

/** Returns the one of left, up and corner that is nearest to left + up − corner. */
function paeth(left: number, up: number, corner: number): number {
  const [a, b, c] = [
    Math.abs(up - corner),
    Math.abs(left - corner),
    Math.abs(left + up - 2 * corner),
  ];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}
