// The filters of PNG rows, for whoever reads PNGs.
// Source: PNG, third edition (W3C 2025), section 9.

/** Undoes a row's filter, which its first byte names, in place. False for a filter that PNG doesn't have. */
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

/** Of left, up and corner the one nearest to left + up − corner. */
function paeth(left: number, up: number, corner: number): number {
  const [a, b, c] = [
    Math.abs(up - corner),
    Math.abs(left - corner),
    Math.abs(left + up - 2 * corner),
  ];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}
