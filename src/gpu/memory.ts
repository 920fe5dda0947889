// The buffers of arrays: eager ones, which come from a pool and return to it, and persistent ones.
import { checkFunction, refuseAsync } from "./arguments.ts";
import type { Storage } from "./array.ts";
import { BufferPool } from "./pool.ts";

const STORAGE_USAGE = 0x80 | 0x4 | 0x8; // STORAGE | COPY_SRC | COPY_DST

/** A storage that has no buffer yet. */
export type NewStorage = Omit<Storage, "kind" | "buffer">;

/** The buffers that a device's arrays hold. */
export class Memory {
  readonly #gpu: GPUDevice;
  readonly #pool: BufferPool;
  readonly #collected: FinalizationRegistry<GPUBuffer>;
  #scope: Set<Storage> | undefined;

  constructor(gpu: GPUDevice, eagerByteBudget: number) {
    this.#gpu = gpu;
    this.#pool = new BufferPool(gpu, eagerByteBudget);
    this.#collected = new FinalizationRegistry((buffer) => this.#pool.give(buffer));
  }

  /** Bytes that eager arrays hold at the moment. */
  get eagerBytes(): number {
    return this.#pool.bytes;
  }

  /** Returns an eager storage. Its buffer returns to the pool when it is collected, freed, or its scope ends. */
  eager(fresh: NewStorage): Storage {
    const buffer = this.#pool.take(fresh.bytes, fresh.label);
    const storage: Storage = { ...fresh, kind: "eager", buffer };
    this.#collected.register(storage, buffer, storage);
    this.#scope?.add(storage);
    return storage;
  }

  /** Returns a storage of zeros that outlives traces and scopes. */
  persistent(fresh: NewStorage): Storage {
    const { label, bytes } = fresh;
    const buffer = this.#gpu.createBuffer({ label, size: bytes, usage: STORAGE_USAGE });
    return { ...fresh, kind: "persistent", buffer };
  }

  /** Returns an eager storage's buffer to the pool, or destroys a persistent one's. */
  free(storage: Storage): void {
    if (storage.kind === "temporary" || !storage.buffer) return;
    this.#collected.unregister(storage);
    if (storage.kind === "eager") this.#pool.give(storage.buffer);
    else storage.buffer.destroy();
    storage.buffer = undefined;
  }

  /** Frees every eager storage that `body` made, except those that `keptIn` finds in its result. */
  scope<T>(body: () => T, keptIn: (result: T) => Iterable<Storage>): T {
    const outer = this.#scope;
    const made = new Set<Storage>();
    checkFunction("scope", body);
    this.#scope = made;
    let result: T;
    try {
      result = body();
    } finally {
      this.#scope = outer;
    }
    for (const kept of keptIn(result)) {
      if (made.delete(kept)) outer?.add(kept);
    }
    for (const storage of made) this.free(storage);
    refuseAsync("scope", result);
    return result;
  }

  /** Destroys the unused buffers in the pool. */
  trim(): void {
    this.#pool.trim();
  }
}
