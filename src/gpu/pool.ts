// Buffers by size class, kept for reuse. Reuse needs no waiting, because the queue runs in order.
import { MemoryError } from "./errors.ts";

const USAGE = 0x80 | 0x4 | 0x8; // STORAGE | COPY_SRC | COPY_DST

/**
 * Rounds a byte count up to its size class. There are four classes per octave, so at most a quarter of the count is
 * wasted. No class is larger than `most`, the device's largest buffer.
 */
export function sizeClass(bytes: number, most: number): number {
  if (bytes <= 256) return 256;
  const octave = 2 ** Math.floor(Math.log2(bytes - 1));
  const step = Math.max(256, octave / 4);
  const size = Math.ceil(bytes / step) * step;
  return size > most ? bytes : size;
}

/** A free list of storage buffers by size class. `bytes` counts the bytes that are in use. */
export class BufferPool {
  readonly #device: GPUDevice;
  readonly #most: number;
  readonly #budget: number;
  readonly #free = new Map<number, GPUBuffer[]>();
  bytes = 0;

  /** At most `budget` bytes may be in use at the same time. */
  constructor(device: GPUDevice, budget: number) {
    this.#budget = budget;
    this.#device = device;
    this.#most = device.limits.maxBufferSize;
  }

  /** Returns a buffer of at least `bytes` bytes. Throws `MemoryError` past the budget. */
  take(bytes: number, label: string): GPUBuffer {
    if (this.bytes + bytes > this.#budget) {
      throw new MemoryError(
        `${label}: eager arrays hold ${this.bytes} bytes, and ${bytes} more would exceed the budget of ${this.#budget}; wrap the loop's body in device.scope(() => …), which frees its arrays`,
      );
    }
    const size = sizeClass(bytes, this.#most);
    this.bytes += size;
    const buffer = this.#free.get(size)?.pop();
    if (buffer) {
      buffer.label = label;
      return buffer;
    }
    return this.#device.createBuffer({ label, size, usage: USAGE });
  }

  /** Destroys the unused buffers. Work that was submitted with them still runs. */
  trim(): void {
    for (const list of this.#free.values()) for (const buffer of list) buffer.destroy();
    this.#free.clear();
  }

  give(buffer: GPUBuffer): void {
    this.bytes -= buffer.size;
    const list = this.#free.get(buffer.size);
    if (list) list.push(buffer);
    else this.#free.set(buffer.size, [buffer]);
  }
}
