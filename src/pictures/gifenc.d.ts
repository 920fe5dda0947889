// The part of gifenc 1.0.3 that gif.ts uses; the package ships no types.
// Its main file is CommonJS, whose default export Node, tsx and vitest each read differently. All of
// them read the ES module next to it alike.

declare module "gifenc/dist/gifenc.esm.js" {
  interface FrameOptions {
    /** Up to 256 colours [red, green, blue]; on the first frame it becomes the file's palette, later the frame's. */
    palette?: number[][];
    /** Milliseconds, kept to the nearest 10. */
    delay?: number;
    /** Bits per index, as many as the palette needs. */
    colorDepth?: number;
    /** 0 means forever. */
    repeat?: number;
  }

  interface Encoder {
    writeFrame(indices: Uint8Array, width: number, height: number, options?: FrameOptions): void;
    finish(): void;
    bytes(): Uint8Array;
  }

  export function GIFEncoder(): Encoder;

  /** Returns up to so many colours for pixels of red, green, blue and alpha. */
  export function quantize(rgba: Uint8Array, most: number): number[][];

  /** Returns the nearest of the colours for each pixel. */
  export function applyPalette(rgba: Uint8Array, palette: number[][]): Uint8Array;
}
