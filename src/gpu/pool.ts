// Buffers by size class, kept for reuse. Reuse is safe without waiting: the queue runs in order.
import { MemoryError } from "./errors.ts";

const USAGE = 0x80 | 0x4 | 0x8; // STORAGE | COPY_SRC | COPY_DST

/**
 * Rounds a byte count up to its size class: four classes an octave, so at most a quarter is wasted. None is larger than
 * the device's largest buffer, `most`.
 */
export function sizeClass(bytes: number, most: number): number {
  if (bytes <= 256) return 256;
  const octave = 2 ** Math.floor(Math.log2(bytes - 1));
  const step = Math.max(256, octave / 4);
  const size = Math.ceil(bytes / step) * step;
  return size > most ? bytes : size;
}

/** A free list of storage buffers by size class. `bytes` counts what is handed out at the moment. */
export class BufferPool {
  readonly #device: GPUDevice;
  readonly #most: number;
  readonly #budget: number;
  readonly #free = new Map<number, GPUBuffer[]>();
  bytes = 0;

  /** At most `budget` bytes are handed out at once. */
  constructor(device: GPUDevice, budget: number) {
    this.#budget = budget;
    this.#device = device;
    this.#most = device.limits.maxBufferSize;
  }

  /** A buffer of so many bytes or more. Throws `MemoryError` past the budget. */
  take(bytes: number, label: string): GPUBuffer {
    if (this.bytes + bytes > this.#budget) {
      throw new MemoryError(
        `${label}: eager arrays hold ${this.bytes} bytes and ${bytes} more would pass the budget of ${this.#budget}; wrap the loop's body in device.scope(() => …) so that its arrays are given back`,
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

  /** Ends the buffers that nobody holds. What was submitted with them still runs. */
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
