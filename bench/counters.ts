// Counts a program's calls of WebGPU by wrapping the methods of WebGPU's own classes. The calls of every library are
// counted the same way, in Node and in a browser.

/** The calls since the last `take`. */
export interface Counts {
  dispatches: number;
  submits: number;
  passes: number;
  encoders: number;
  buffers: number;
  /** Bytes of the buffers created. */
  bufferBytes: number;
  bindGroups: number;
  pipelines: number;
  /** Bytes passed to `writeBuffer`, to `writeTexture` and to buffers mapped for writing. */
  uploadedBytes: number;
}

/** A running count. */
export interface Counters {
  /** Returns what was counted since the last call, and restarts from 0. */
  readonly take: () => Counts;
  /** Bytes of buffers created and not destroyed; a buffer that is only dropped still counts. */
  readonly liveBytes: () => number;
  /** The largest value of `liveBytes` so far. */
  readonly peakBytes: () => number;
  /** Restores WebGPU's own methods. */
  readonly stop: () => void;
}

const none = (): Counts => ({
  dispatches: 0,
  submits: 0,
  passes: 0,
  encoders: 0,
  buffers: 0,
  bufferBytes: 0,
  bindGroups: 0,
  pipelines: 0,
  uploadedBytes: 0,
});

const MAP_WRITE = 2;

type Seen = (args: readonly unknown[], self: object, result: unknown) => void;

/** Calls `seen` after each call of a method. Returns a function that ends this. */
function observe(owner: { readonly prototype: object }, name: string, seen: Seen): () => void {
  const { prototype } = owner;
  const original: unknown = Reflect.get(prototype, name);
  if (typeof original !== "function") throw new Error(`counters: WebGPU has no ${name} here`);
  const observed = function (this: object, ...args: unknown[]): unknown {
    const result: unknown = Reflect.apply(original, this, args);
    seen(args, this, result);
    return result;
  };
  Reflect.set(prototype, name, observed);
  return () => void Reflect.set(prototype, name, original);
}

/** Returns an object's property if it is a number, otherwise 0. */
function numberIn(value: unknown, key: string): number {
  if (typeof value !== "object" || value === null) return 0;
  const found: unknown = Reflect.get(value, key);
  return typeof found === "number" ? found : 0;
}

/**
 * Returns the bytes that `writeBuffer`'s arguments write: offsets and sizes are in elements if the data is a typed
 * array.
 */
function writtenBytes([, , data, from, count]: readonly unknown[]): number {
  const element = numberIn(data, "BYTES_PER_ELEMENT") || 1;
  if (typeof count === "number") return count * element;
  return numberIn(data, "byteLength") - (typeof from === "number" ? from * element : 0);
}

/** Starts to count every call in this process or page. WebGPU's classes must already be global. */
export function countCalls(): Counters {
  let counts = none();
  let live = 0;
  let peak = 0;
  const sizes = new WeakMap<object, number>();
  const add =
    (key: keyof Counts): Seen =>
    () => {
      counts[key] += 1;
    };
  const { prototype } = GPUDevice;
  const ends = [
    observe(GPUDevice, "createBuffer", ([descriptor], _, buffer) => {
      const size = numberIn(descriptor, "size");
      counts.buffers += 1;
      counts.bufferBytes += size;
      if (numberIn(descriptor, "usage") && Reflect.get(Object(descriptor), "mappedAtCreation")) {
        counts.uploadedBytes += size;
      }
      live += size;
      peak = Math.max(peak, live);
      if (typeof buffer === "object" && buffer !== null) sizes.set(buffer, size);
    }),
    observe(GPUBuffer, "destroy", (_, buffer) => {
      live -= sizes.get(buffer) ?? 0;
      sizes.delete(buffer);
    }),
    observe(GPUBuffer, "mapAsync", ([mode, , size], buffer) => {
      if (mode !== MAP_WRITE) return;
      counts.uploadedBytes += typeof size === "number" ? size : (sizes.get(buffer) ?? 0);
    }),
    observe(GPUQueue, "writeBuffer", (args) => {
      counts.uploadedBytes += writtenBytes(args);
    }),
    observe(GPUQueue, "writeTexture", ([, data]) => {
      counts.uploadedBytes += numberIn(data, "byteLength");
    }),
    observe(GPUQueue, "submit", add("submits")),
    observe(GPUCommandEncoder, "beginComputePass", add("passes")),
    observe(GPUComputePassEncoder, "dispatchWorkgroups", add("dispatches")),
    observe(GPUComputePassEncoder, "dispatchWorkgroupsIndirect", add("dispatches")),
    observe(GPUDevice, "createCommandEncoder", add("encoders")),
    observe(GPUDevice, "createBindGroup", add("bindGroups")),
    ...["createComputePipeline", "createComputePipelineAsync"]
      .filter((name) => name in prototype)
      .map((name) => observe(GPUDevice, name, add("pipelines"))),
  ];
  return {
    take() {
      const taken = counts;
      counts = none();
      return taken;
    },
    liveBytes: () => live,
    peakBytes: () => peak,
    stop() {
      for (const end of ends) end();
    },
  };
}
