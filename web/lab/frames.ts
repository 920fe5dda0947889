// The timeline: samples of earlier steps, as bytes.

/** The samples after a step. */
export interface Frame {
  readonly step: number;
  /** (count, height, width): 0 is black. */
  readonly pixels: Uint8Array;
}

const MOST = 240;
const HEAD = 2; // numbers before the steps: how many frames there are, and the bytes of each

/** Returns frames as a file's bytes. */
export function packFrames(frames: readonly Frame[]): Uint8Array<ArrayBuffer> {
  const size = frames[0]?.pixels.length ?? 0;
  const numbers = Uint32Array.of(frames.length, size, ...frames.map(({ step }) => step));
  const bytes = new Uint8Array(numbers.byteLength + frames.length * size);
  bytes.set(new Uint8Array(numbers.buffer));
  frames.forEach(({ pixels }, index) => bytes.set(pixels, numbers.byteLength + index * size));
  return bytes;
}

/** Reads what `packFrames` wrote, up to a step. A damaged file has no frames: they are only pictures. */
export function unpackFrames(bytes: Uint8Array | undefined, last: number): readonly Frame[] {
  if (!bytes || bytes.length < 4 * HEAD) return [];
  const numbers = new Uint32Array(Uint8Array.from(bytes).buffer, 0, bytes.length >> 2);
  const [count = 0, size = 0] = numbers;
  const start = 4 * (HEAD + count);
  if (count > MOST || bytes.length !== start + count * size) return [];
  return Array.from({ length: count }, (_, index) => ({
    step: numbers[HEAD + index]!,
    pixels: bytes.slice(start + index * size, start + (index + 1) * size),
  })).filter(({ step }) => step <= last);
}

/** The frames of a run in order. Once there are many, every second one is dropped, except the first and the newest. */
export class Frames {
  list: Frame[] = [];

  /** Adds a frame, or replaces the one of the same step. */
  add(frame: Frame): void {
    if (this.list.at(-1)?.step === frame.step) this.list.pop();
    if (this.list.length >= MOST) this.list = this.list.filter((_, index) => index % 2 === 0);
    this.list.push(frame);
  }

  /** Returns the newest frame that is no later than `step`; the first one if there is none. */
  at(step: number): Frame | undefined {
    return this.list.findLast((frame) => frame.step <= step) ?? this.list[0];
  }
}
