// Work of the host between a program's launches: what a trace records, and how a program runs it.
import { exactBytes, formatShape, type Storage } from "./array.ts";
import { bufferOf, hostView } from "./binding.ts";
import type { Device } from "./device.ts";
import type { HostCall, HostWork, Trace } from "./dispatch.ts";
import { DTypeError, ShapeError, TraceError } from "./errors.ts";

/** Implements `Device.onHost`. Throws `TraceError` without a trace, `ShapeError` or `DTypeError` if memory doesn't fit. */
export function recordHostWork(label: string, trace: Trace | undefined, work: HostWork): void {
  if (!trace) {
    throw new TraceError(
      `${label}: the host can only work between the launches of a compiled program; call compile`,
    );
  }
  const sides = [
    ...(work.read ?? []).map(({ array, into }) => ({ array, memory: into, types: ["f32", "f16"] })),
    ...(work.write ?? []).map(({ array, from }) => ({ array, memory: from, types: ["f32"] })),
  ];
  for (const { array, memory, types } of sides) {
    if (!types.includes(array.dtype)) {
      throw new DTypeError(`${label}: arrays must be ${types.join(" or ")}; got ${array.dtype}`);
    }
    if (memory.length !== array.size) {
      throw new ShapeError(
        `${label}: shape ${formatShape(array.shape)} takes ${array.size} floats of the host; got ${memory.length}`,
      );
    }
  }
  for (const { array } of work.write ?? []) array.storage.written = true;
  trace.hostCalls.push({ label, before: trace.dispatches.length, work });
}

/** An array that the host reads, and where its copy lies in the staging buffer. */
interface Copy {
  readonly from: GPUBuffer;
  readonly offset: number;
  readonly bytes: number;
  readonly to: number;
  readonly store: (mapped: ArrayBuffer) => void;
}

/** Work of the host in a program. It has a staging buffer of its own, so that a run allocates nothing. */
export class PlannedHostCall {
  readonly #device: Device;
  readonly #call: HostCall;
  readonly #planned: ReadonlyMap<Storage, GPUBuffer>;
  readonly #copies: readonly Copy[];
  readonly #staging: GPUBuffer | undefined;

  constructor(device: Device, call: HostCall, planned: ReadonlyMap<Storage, GPUBuffer>) {
    this.#device = device;
    this.#call = call;
    this.#planned = planned;
    let size = 0;
    this.#copies = (call.work.read ?? []).map(({ array, into }): Copy => {
      const { buffer, offset } = bufferOf(array, call.label, planned);
      const skipped = offset % 4; // 2 if an f16 array starts in the middle of a word
      const bytes = Math.ceil((skipped + exactBytes(array.shape, array.dtype)) / 4) * 4;
      const to = size;
      size += bytes;
      const store = (mapped: ArrayBuffer): void => {
        if (array.dtype === "f32") into.set(new Float32Array(mapped, to, into.length));
        else into.set(hostView(mapped, to + skipped, into.length, array.dtype));
      };
      return { from: buffer, offset: offset - skipped, bytes, to, store };
    });
    this.#staging =
      size === 0
        ? undefined
        : device.gpu.createBuffer({ label: call.label, size, usage: 0x1 | 0x8 }); // MAP_READ | COPY_DST
  }

  get label(): string {
    return this.#call.label;
  }

  /** The dispatch that follows. */
  get before(): number {
    return this.#call.before;
  }

  /** Whether it reads arrays. */
  get reads(): boolean {
    return this.#copies.length > 0;
  }

  /** Whether the launches that follow wait for it. */
  get isAwaited(): boolean {
    return (this.#call.work.write ?? []).length > 0;
  }

  /** Encodes the copies of what the host reads. */
  encode(encoder: GPUCommandEncoder): void {
    for (const { from, offset, bytes, to } of this.#copies) {
      encoder.copyBufferToBuffer(from, offset, this.#staging!, to, bytes);
    }
  }

  /** Does the work, once the copies were submitted and `before`, earlier work of the host, is done. */
  async run(before: Promise<void> | undefined): Promise<void> {
    if (this.#staging) {
      await this.#device.settle(this.label, this.#staging.mapAsync(1));
      const mapped = this.#staging.getMappedRange();
      for (const { store } of this.#copies) store(mapped);
      this.#staging.unmap();
    }
    await before;
    await this.#call.work.run();
    for (const { array, from } of this.#call.work.write ?? []) {
      const { buffer, offset } = bufferOf(array, this.label, this.#planned);
      this.#device.gpu.queue.writeBuffer(buffer, offset, from);
    }
  }
}
