// A GIF reader for tests, after the GIF89a specification: the header, the loop extension, and each
// frame's delay and pixels (LZW, one global palette, no interlacing or transparency).

/** The contents of a GIF; gray levels are the palette's red. */
export interface DecodedGif {
  width: number;
  height: number;
  /** 0: forever; undefined: the file doesn't say. */
  loops: number | undefined;
  frames: { delayMs: number; pixels: Uint8Array }[];
}

/** Reads a GIF. Throws `Error` on anything that `encodeGif` can't have written. */
export function decodeGif(bytes: Uint8Array): DecodedGif {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const signature = String.fromCharCode(...bytes.subarray(0, 6));
  if (signature !== "GIF89a") throw new Error(`signature ${signature}`);
  const width = view.getUint16(6, true);
  const height = view.getUint16(8, true);
  const flags = bytes[10]!;
  if (!(flags & 0x80)) throw new Error("no global palette");
  const colours = 2 << (flags & 7);
  let at = 13 + 3 * colours;
  const palette = bytes.subarray(13, at);

  const gif: DecodedGif = { width, height, loops: undefined, frames: [] };
  let delayMs = 0;
  for (;;) {
    const block = bytes[at++];
    if (block === 0x3b) {
      if (at !== bytes.length) throw new Error("bytes after the trailer");
      return gif;
    }
    if (block === 0x21) {
      const label = bytes[at++];
      if (label === 0xf9) delayMs = 10 * view.getUint16(at + 2, true);
      // NETSCAPE2.0: eleven bytes of name, then 3, 1, and the count.
      if (label === 0xff) gif.loops = view.getUint16(at + 14, true);
      at = skipSubBlocks(bytes, at);
    } else if (block === 0x2c) {
      if (view.getUint16(at + 4, true) !== width || view.getUint16(at + 6, true) !== height) {
        throw new Error("a frame smaller than the screen");
      }
      if (bytes[at + 8] !== 0) throw new Error("a local palette or interlacing");
      const codeBits = bytes[at + 9]!;
      const start = at + 10;
      at = skipSubBlocks(bytes, start);
      const indices = decodeLzw(joinSubBlocks(bytes, start), codeBits);
      if (indices.length !== width * height) throw new Error(`${indices.length} pixels`);
      const pixels = Uint8Array.from(indices, (index) => {
        const [red, green, blue] = palette.subarray(3 * index);
        if (red !== green || red !== blue) throw new Error("a colour that isn't gray");
        return red!;
      });
      gif.frames.push({ delayMs, pixels });
    } else {
      throw new Error(`block ${block} at ${at - 1}`);
    }
  }
}

function skipSubBlocks(bytes: Uint8Array, start: number): number {
  let at = start;
  while (bytes[at] !== 0) at += 1 + bytes[at]!;
  return at + 1;
}

function joinSubBlocks(bytes: Uint8Array, start: number): Uint8Array {
  const joined: number[] = [];
  for (let at = start; bytes[at] !== 0; at += 1 + bytes[at]!) {
    joined.push(...bytes.subarray(at + 1, at + 1 + bytes[at]!));
  }
  return Uint8Array.from(joined);
}

function decodeLzw(data: Uint8Array, minimumBits: number): number[] {
  const clear = 1 << minimumBits;
  const end = clear + 1;
  let table: number[][] = [];
  let bits = 0;
  let previous: number[] | undefined;
  const restart = (): void => {
    table = Array.from({ length: clear + 2 }, (_, index) => (index < clear ? [index] : []));
    bits = minimumBits + 1;
    previous = undefined;
  };
  restart();

  const out: number[] = [];
  for (let bit = 0; bit + bits <= data.length * 8;) {
    let code = 0;
    for (let i = 0; i < bits; i++, bit++) code |= ((data[bit >> 3]! >> (bit & 7)) & 1) << i;
    if (code === end) return out;
    if (code === clear) {
      restart();
      continue;
    }
    // The only code that may be missing in the table is the previous string followed by its own first index.
    const entry: number[] | undefined = table[code] ?? (previous && [...previous, previous[0]!]);
    if (!entry) throw new Error(`code ${code}`);
    out.push(...entry);
    if (previous && table.length < 4096) table.push([...previous, entry[0]!]);
    if (table.length === 1 << bits && bits < 12) bits++;
    previous = entry;
  }
  throw new Error("no end code");
}
