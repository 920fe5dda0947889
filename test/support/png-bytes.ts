// Makes PNG files for tests, chunk by chunk and of every kind that a reader must handle, without the library that
// writes Longhand's PNGs.

import { crc32, deflateSync } from "node:zlib";

/** The fields of a PNG's header that vary. */
export interface PngKind {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colour: number;
  readonly interlaced?: boolean;
}

/** Chunks around the pixels, and bytes after the end. */
export interface PngExtras {
  readonly before?: readonly Uint8Array[];
  readonly after?: Uint8Array;
  /** The filter of row y of a pass (default: 0). */
  readonly filter?: (y: number) => number;
  /** Bytes per IDAT chunk (default: all in one). */
  readonly split?: number;
}

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const SAMPLES: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const PASSES = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/** Returns a chunk with its length and checksum. */
export function chunk(type: string, body: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(body.length + 12);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, body.length);
  bytes.set(new TextEncoder().encode(type), 4);
  bytes.set(Uint8Array.from(body), 8);
  view.setUint32(body.length + 8, crc32(bytes.subarray(4, body.length + 8)));
  return bytes;
}

const joined = (parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

/** Returns a PNG with `deflated` as the contents of IDAT. */
export function pngOf(kind: PngKind, deflated: Uint8Array, extras: PngExtras = {}): Uint8Array {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, kind.width);
  view.setUint32(4, kind.height);
  header.set([kind.depth, kind.colour, 0, 0, kind.interlaced ? 1 : 0], 8);
  const { before = [], after = new Uint8Array(0), split = deflated.length } = extras;
  const data: Uint8Array[] = [];
  for (let at = 0; at < deflated.length; at += split) {
    data.push(chunk("IDAT", deflated.subarray(at, at + split)));
  }
  return joined([SIGNATURE, chunk("IHDR", header), ...before, ...data, chunk("IEND", []), after]);
}

/** Returns the PNG of raw rows, including the filter bytes. */
export const pngBytes = (kind: PngKind, raw: Uint8Array, extras: PngExtras = {}): Uint8Array =>
  pngOf(kind, deflateSync(raw), extras);

/** Returns the PNG of samples: `sample(x, y, c)` is sample c of pixel (x, y), in the range of the bit depth. */
export function pngFrom(
  kind: PngKind,
  sample: (x: number, y: number, c: number) => number,
  extras: PngExtras = {},
): Uint8Array {
  const passes = kind.interlaced ? PASSES : ([[0, 0, 1, 1]] as const);
  const rows: Uint8Array[] = [];
  for (const [left, top, dx, dy] of passes) {
    const columns = Math.ceil((kind.width - left) / dx);
    if (columns <= 0) continue;
    let above = new Uint8Array(0);
    for (let y = top; y < kind.height; y += dy) {
      const row = packed(kind, columns, (i, c) => sample(left + i * dx, y, c));
      const filter = extras.filter?.(rows.length) ?? 0;
      rows.push(Uint8Array.of(filter), filtered(row, above, filter, kind));
      above = row;
    }
  }
  return pngBytes(kind, joined(rows), extras);
}

function packed(
  { depth, colour }: PngKind,
  columns: number,
  sample: (i: number, c: number) => number,
): Uint8Array<ArrayBuffer> {
  const per = SAMPLES[colour]!;
  const row = new Uint8Array(Math.ceil((columns * per * depth) / 8));
  for (let i = 0; i < columns * per; i += 1) {
    const value = sample(Math.floor(i / per), i % per);
    if (depth === 16) row.set([value >> 8, value & 255], 2 * i);
    else row[(i * depth) >> 3]! |= value << (8 - depth - ((i * depth) & 7));
  }
  return row;
}

function filtered(
  row: Uint8Array,
  above: Uint8Array,
  filter: number,
  { depth, colour }: PngKind,
): Uint8Array {
  const apart = Math.max(1, (depth * SAMPLES[colour]!) >> 3);
  return row.map((value, i) => {
    const [a, b, c] = [row[i - apart] ?? 0, above[i] ?? 0, (i >= apart && above[i - apart]) || 0];
    const guess = a + b - c;
    const nearest = [a, b, c].toSorted((p, q) => Math.abs(guess - p) - Math.abs(guess - q))[0]!;
    return value - [0, a, b, (a + b) >> 1, nearest][filter]!;
  });
}
