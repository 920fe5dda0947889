// Buffers that arrays are read through, kept for the next read. One that is ended lives on until its wrapper is
// collected, and the collector doesn't know how much memory that holds: a buffer a read grew a process by 12 KB each time.
import { sizeClass } from "./pool.ts";

const USAGE = 0x1 | 0x8; // MAP_READ | COPY_DST
const KEPT_BYTES = 2 ** 22;

/** A free list of buffers to map, by size class. */
export class StagingPool {
  readonly #device: GPUDevice;
  readonly #free = new Map<number, GPUBuffer[]>();
  #bytes = 0;

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** A buffer of at least so many bytes, not mapped. */
  take(bytes: number): GPUBuffer {
    const size = sizeClass(bytes, this.#device.limits.maxBufferSize);
    const kept = this.#free.get(size)?.pop();
    if (!kept) return this.#device.createBuffer({ label: "read", size, usage: USAGE });
    this.#bytes -= size;
    return kept;
  }

  /** Takes back a buffer that isn't mapped; ends it where enough are kept. */
  give(buffer: GPUBuffer): void {
    if (this.#bytes + buffer.size > KEPT_BYTES) return buffer.destroy();
    this.#bytes += buffer.size;
    const list = this.#free.get(buffer.size);
    if (list) list.push(buffer);
    else this.#free.set(buffer.size, [buffer]);
  }
}
