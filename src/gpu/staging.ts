// Buffers that arrays are read through, kept for the next read. A destroyed buffer's memory stays until its wrapper is
// collected, and the collector doesn't know how much that is: a new buffer per read grew a process by 12 KB each time.
import { sizeClass } from "./pool.ts";
import type { Recorder } from "./recorder.ts";

const USAGE = 0x1 | 0x8; // MAP_READ | COPY_DST
const KEPT_BYTES = 2 ** 22;

/** A free list of mappable buffers, by size class. */
export class StagingPool {
  readonly #device: GPUDevice;
  readonly #free = new Map<number, GPUBuffer[]>();
  #bytes = 0;

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** Returns an unmapped buffer of at least `bytes` bytes. */
  take(bytes: number): GPUBuffer {
    const size = sizeClass(bytes, this.#device.limits.maxBufferSize);
    const kept = this.#free.get(size)?.pop();
    if (!kept) return this.#device.createBuffer({ label: "read", size, usage: USAGE });
    this.#bytes -= size;
    return kept;
  }

  /** Takes back an unmapped buffer, and destroys it if enough are kept. */
  give(buffer: GPUBuffer): void {
    if (this.#bytes + buffer.size > KEPT_BYTES) return buffer.destroy();
    this.#bytes += buffer.size;
    const list = this.#free.get(buffer.size);
    if (list) list.push(buffer);
    else this.#free.set(buffer.size, [buffer]);
  }

  /** Returns bytes of a buffer after all launches so far. `wait` waits for the GPU and throws the errors that it reports. */
  async read(
    recorder: Recorder,
    from: GPUBuffer,
    offset: number,
    bytes: number,
    wait: (owed: Promise<undefined>) => Promise<void>,
  ): Promise<ArrayBuffer> {
    const staging = this.take(bytes);
    recorder.copy(from, offset, staging, bytes);
    try {
      await wait(staging.mapAsync(1, 0, bytes));
      const copy = staging.getMappedRange(0, bytes).slice(0);
      staging.unmap();
      this.give(staging);
      return copy;
    } catch (error) {
      staging.destroy();
      throw error;
    }
  }
}
