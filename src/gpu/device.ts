// The device: arrays, launches, reads. A launch is recorded by the open trace, or run eagerly.
import {
  byteSize,
  formatShape,
  GpuArray,
  locate,
  sizeOf,
  type DType,
  type HostArray,
  type HostData,
  type Storage,
} from "./array.ts";
import {
  AttributeError,
  DeviceLostError,
  DTypeError,
  GpuError,
  MemoryError,
  ShapeError,
  TraceError,
  type LonghandError,
} from "./errors.ts";
import {
  conflicts,
  refuseAliases,
  type Binding,
  type Dispatch,
  type Launch,
  type Trace,
  type Variant,
} from "./dispatch.ts";
import { Pipelines } from "./pipelines.ts";
import { BufferPool } from "./pool.ts";

/** What `openDevice` needs: an adapter, and where the text of `shaders/` is found. */
export interface DeviceOptions {
  readonly adapter: GPUAdapter;
  readonly shaderText: (path: string) => string;
  /** True on an adapter that runs on the CPU: chooses the default variants of kernels. */
  readonly software: boolean;
  /** Ask for no more than WebGPU's default limits (the default), or for all that the adapter has. */
  readonly limits?: "default" | "adapter";
  /** Eager arrays may hold this many bytes at once before an op throws `MemoryError`. Default 2 GiB. */
  readonly eagerByteBudget?: number;
}

const EAGER_BATCH = 256; // dispatches encoded before an eager submit
const STORAGE_USAGE = 0x80 | 0x4 | 0x8; // STORAGE | COPY_SRC | COPY_DST
const STAGING_USAGE = 0x1 | 0x8; // MAP_READ | COPY_DST

/** Opens a device on an adapter. Throws `GpuError` when the adapter refuses. */
export async function openDevice(options: DeviceOptions): Promise<Device> {
  const { adapter } = options;
  const wanted: GPUFeatureName[] = ["timestamp-query", "subgroups", "shader-f16"];
  const all = options.limits === "adapter";
  const requiredLimits: Record<string, number> = {};
  for (const name of [
    "maxStorageBufferBindingSize",
    "maxBufferSize",
    ...(all
      ? (["maxComputeWorkgroupStorageSize", "maxStorageBuffersPerShaderStage"] as const)
      : []),
  ] as const) {
    if (all) requiredLimits[name] = adapter.limits[name];
  }
  try {
    const gpu = await adapter.requestDevice({
      label: "longhand",
      requiredFeatures: wanted.filter((feature) => adapter.features.has(feature)),
      requiredLimits,
    });
    return new Device(gpu, options);
  } catch (error) {
    throw new GpuError(
      `device: the adapter refused (${error instanceof Error ? error.message : error})`,
    );
  }
}

/** A WebGPU device with its arrays, pipelines and recorder. Made by `openDevice`. */
export class Device {
  readonly gpu: GPUDevice;
  readonly software: boolean;
  readonly pipelines: Pipelines;
  /** Buffers shared by the temporaries of every program on this device. */
  readonly programBuffers: GPUBuffer[] = [];
  /** Workgroups a dimension; tests lower it to reach the launchers' second dimension. */
  maxWorkgroups: number;
  /**
   * Which of a kernel's entry points to launch in place of its default, by shader. A launcher passes
   * over one that can't serve the shapes at hand.
   */
  readonly variants: Map<string, Variant> = new Map();

  readonly #pool: BufferPool;
  readonly #budget: number;
  readonly #collected: FinalizationRegistry<GPUBuffer>;
  #trace: Trace | undefined;
  #scope: Set<Storage> | undefined;
  #encoder: GPUCommandEncoder | undefined;
  #pass: GPUComputePassEncoder | undefined;
  #encoded = 0;
  #fault: LonghandError | undefined;

  constructor(gpu: GPUDevice, options: DeviceOptions) {
    this.gpu = gpu;
    this.software = options.software;
    this.maxWorkgroups = gpu.limits.maxComputeWorkgroupsPerDimension;
    this.pipelines = new Pipelines(gpu, options.shaderText);
    this.#pool = new BufferPool(gpu);
    this.#budget = options.eagerByteBudget ?? 2 ** 31;
    this.#collected = new FinalizationRegistry((buffer) => this.#pool.give(buffer));
    gpu.addEventListener("uncapturederror", (event) => {
      event.preventDefault?.();
      this.#fault ??= new GpuError(`gpu: ${oneLine(event.error.message)}`);
    });
    void gpu.lost.then((info) => {
      this.#fault ??= new DeviceLostError(
        `device: lost (${info.reason}): ${info.message.trim() || "no reason given"}; start again from the last checkpoint`,
      );
    });
  }

  /** Throws the first error that the GPU reported, if any: after one, no result can be trusted. */
  check(): void {
    if (this.#fault) throw this.#fault;
  }

  get tracing(): boolean {
    return this.#trace !== undefined;
  }

  /** Bytes held by eager arrays at the moment. */
  get eagerBytes(): number {
    return this.#pool.bytes;
  }

  /** An array with undefined contents: a temporary inside a trace, else eager. */
  empty(shape: readonly number[], dtype: DType = "f32", label = "array"): GpuArray {
    const bytes = byteSize(shape, dtype);
    if (this.#trace) {
      const storage: Storage = {
        label,
        bytes,
        kind: "temporary",
        buffer: undefined,
        parent: undefined,
      };
      this.#trace.temporaries.add(storage);
      return new GpuArray(this, storage, 0, shape, dtype);
    }
    if (this.#pool.bytes + bytes > this.#budget) {
      throw new MemoryError(
        `${label}: eager arrays hold ${this.#pool.bytes} bytes and ${bytes} more would pass the budget of ${this.#budget}; wrap the loop's body in device.scope(() => …) so that its arrays are given back`,
      );
    }
    const buffer = this.#pool.take(bytes, label);
    const storage: Storage = { label, bytes, kind: "eager", buffer, parent: undefined };
    this.#collected.register(storage, buffer, storage);
    this.#scope?.add(storage);
    return new GpuArray(this, storage, 0, shape, dtype);
  }

  /** An array that outlives traces and scopes, zero at first: parameters, moments, counters, data. */
  persistent(shape: readonly number[], dtype: DType = "f32", label = "state"): GpuArray {
    const bytes = byteSize(shape, dtype);
    const limit = this.gpu.limits.maxStorageBufferBindingSize;
    if (bytes > limit) {
      throw new MemoryError(
        `${label}: ${formatShape(shape)} takes ${bytes} bytes; this device binds at most ${limit}`,
      );
    }
    const buffer = this.gpu.createBuffer({ label, size: bytes, usage: STORAGE_USAGE });
    const storage: Storage = { label, bytes, kind: "persistent", buffer, parent: undefined };
    return new GpuArray(this, storage, 0, shape, dtype);
  }

  /** Copies host data to a new array. Throws `ShapeError` if the count doesn't fit the shape. */
  upload<D extends DType>(
    data: HostData[D],
    shape: readonly number[],
    dtype: D,
    label = "data",
  ): GpuArray {
    if (data.length !== sizeOf(shape)) {
      throw new ShapeError(
        `${label}: got ${data.length} values for shape ${formatShape(shape)}, which takes ${sizeOf(shape)}`,
      );
    }
    const array = this.#trace
      ? this.persistent(shape, dtype, label)
      : this.empty(shape, dtype, label);
    array.write(data);
    return array;
  }

  /** Part of an array's storage as an array of its own. The byte offset must be a multiple of 256. */
  viewAt(
    array: GpuArray,
    byteOffset: number,
    shape: readonly number[],
    dtype: DType = "f32",
  ): GpuArray {
    const start = array.byteOffset + byteOffset;
    if (start % 256 !== 0 || start + byteSize(shape, dtype) > array.storage.bytes) {
      throw new ShapeError(
        `view: ${formatShape(shape)} at byte ${start} of ${array.storage.label}; offsets are multiples of 256 inside its ${array.storage.bytes} bytes`,
      );
    }
    return new GpuArray(this, array.storage, start, shape, dtype);
  }

  /** Records a kernel launch in the open trace, or encodes it. */
  launch(launch: Launch): void {
    this.check();
    if (launch.workgroups.some((count) => count === 0)) return; // nothing to compute
    if (launch.workgroups.some((count) => count > this.maxWorkgroups)) {
      throw new GpuError(
        `${launch.shader}.${launch.entry}: ${launch.workgroups.join(" × ")} workgroups, a dimension takes ${this.maxWorkgroups}`,
      );
    }
    const pipeline = this.pipelines.entry({ ...launch, names: Object.keys(launch.bind) });
    const bindings = pipeline.bindings.map(({ name, binding, access }): Binding => {
      const array = launch.bind[name]!;
      if (array.device !== this) {
        throw new AttributeError(
          `${pipeline.label}: ${name} lives on another device; move it by reading and uploading it`,
        );
      }
      return { binding, access, array };
    });
    refuseAliases(pipeline.label, bindings);
    const dispatch: Dispatch = {
      label: pipeline.label,
      pipeline,
      bindings,
      workgroups: launch.workgroups,
      flop: launch.flop ?? 0,
    };
    if (this.#trace) this.#trace.dispatches.push(dispatch);
    else this.#encode(dispatch);
  }

  /** Runs `body` with launches recorded instead of run. */
  record(label: string, body: () => void): Trace {
    if (this.#trace) {
      throw new TraceError(`${label}: a program is being traced already (${this.#trace.label})`);
    }
    const trace: Trace = { label, dispatches: [], temporaries: new Set() };
    this.#trace = trace;
    try {
      body();
    } finally {
      this.#trace = undefined;
    }
    return trace;
  }

  /**
   * Makes several arrays parts of one arena, which starts at `arena`'s first byte. Inside a trace a
   * fresh temporary simply moves in, at no cost; anything else is copied. Throws `ShapeError` on a
   * size that differs.
   */
  place(array: GpuArray, slot: GpuArray): void {
    if (array.size !== slot.size || array.dtype !== slot.dtype) {
      throw new ShapeError(
        `place: ${formatShape(array.shape)} does not fit ${formatShape(slot.shape)}`,
      );
    }
    const { storage } = array;
    const whole = array.byteOffset === 0 && storage.bytes === byteSize(array.shape, array.dtype);
    if (this.#trace?.temporaries.has(storage) && whole && !conflicts(this.#trace, storage, slot)) {
      storage.parent = { storage: slot.storage, byteOffset: slot.byteOffset };
      this.#trace.temporaries.delete(storage);
      return;
    }
    const [from, to] = [array, slot].map((end) => locate(end.storage, end.byteOffset));
    if (from!.root !== to!.root) {
      this.#copy(array, slot);
    } else if (from!.byteOffset !== to!.byteOffset) {
      // In the arena already, as another part of it: no dispatch may read and write one buffer.
      const between = this.empty(array.shape, array.dtype, storage.label);
      this.#copy(array, between);
      this.#copy(between, slot);
    }
  }

  #copy(array: GpuArray, slot: GpuArray): void {
    const count = array.size;
    this.launch({
      shader: "copy",
      entry: "copy",
      constants: { COUNT: count },
      bind: { inp: array, out: slot },
      workgroups: this.linear(count),
    });
  }

  /** Workgroups that cover `count` invocations of 64, in two dimensions where one is too short. */
  linear(count: number, size = 64): [number, number, number] {
    const groups = Math.ceil(count / size);
    if (groups <= this.maxWorkgroups) return [groups, groups === 0 ? 0 : 1, 1];
    const rows = Math.ceil(groups / this.maxWorkgroups);
    return [Math.ceil(groups / rows), rows, 1];
  }

  /** Gives back every eager array made by `body`, but those in its result. Nothing async inside. */
  scope<T>(body: () => T): T {
    const outer = this.#scope;
    const made = new Set<Storage>();
    this.#scope = made;
    let result: T;
    try {
      result = body();
    } finally {
      this.#scope = outer;
    }
    for (const kept of storagesIn(result)) {
      if (made.delete(kept)) outer?.add(kept);
    }
    for (const storage of made) this.free(storage);
    return result;
  }

  /** Gives an eager storage's buffer back to the pool. Arrays on it can't be used any more. */
  free(storage: Storage): void {
    if (storage.kind !== "eager" || !storage.buffer) return;
    this.#collected.unregister(storage);
    this.#pool.give(storage.buffer);
    storage.buffer = undefined;
  }

  write(array: GpuArray, data: HostArray): void {
    this.check();
    if (data.length !== array.size) {
      throw new ShapeError(
        `write: got ${data.length} values for ${formatShape(array.shape)}, which takes ${array.size}`,
      );
    }
    const { buffer, offset } = bufferOf(array, "write");
    this.flush();
    // A copy where Dawn needs one: it crashes on shared memory and takes whole words only.
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const plain = data.buffer instanceof ArrayBuffer && bytes.length % 4 === 0;
    const whole = plain ? bytes : new Uint8Array(Math.ceil(bytes.length / 4) * 4);
    if (!plain) whole.set(bytes);
    this.gpu.queue.writeBuffer(buffer, offset, whole);
  }

  /** Copies an array to the host. Throws `TraceError` inside a trace, `DTypeError` on a wrong type. */
  async read<D extends DType>(array: GpuArray, dtype: D): Promise<HostData[D]> {
    if (this.#trace) {
      throw new TraceError(
        `read: ${array.storage.label} has no value while "${this.#trace.label}" is being traced; return it from the program and read it after a run`,
      );
    }
    if (array.dtype !== dtype) {
      throw new DTypeError(`read: the array is ${array.dtype}, got a request for ${dtype}`);
    }
    this.check();
    const bytes = byteSize(array.shape, array.dtype);
    const { buffer, offset } = bufferOf(array, "read");
    const staging = this.gpu.createBuffer({ label: "read", size: bytes, usage: STAGING_USAGE });
    this.#end();
    const encoder = this.#encoder ?? this.gpu.createCommandEncoder({ label: "read" });
    this.#encoder = encoder;
    encoder.copyBufferToBuffer(buffer, offset, staging, 0, bytes);
    this.flush();
    try {
      await this.settle("read", staging.mapAsync(1));
      const copy = staging.getMappedRange().slice(0);
      staging.unmap();
      this.check();
      return hostView(copy, array.size, dtype);
    } finally {
      staging.destroy();
    }
  }

  /** Waits for something that the GPU owes. Throws what the device reported if that is refused. */
  async settle(op: string, owed: Promise<undefined>): Promise<void> {
    try {
      await owed;
    } catch (error) {
      // Browsers say that the device is lost just after they refuse what was under way on it.
      await Promise.race([this.gpu.lost, new Promise((resolve) => setTimeout(resolve, 500))]);
      this.check();
      throw new GpuError(`${op}: ${error instanceof Error ? error.message : error}`);
    }
  }

  /** Submits what the eager recorder holds. */
  flush(): void {
    this.#end();
    if (!this.#encoder) return;
    this.gpu.queue.submit([this.#encoder.finish()]);
    this.#encoder = undefined;
    this.#encoded = 0;
  }

  /** Waits until the GPU has done all that was submitted. Throws what it reported. */
  async idle(): Promise<void> {
    this.flush();
    await this.settle("idle", this.gpu.queue.onSubmittedWorkDone());
    this.check();
  }

  /** Ends the device; every array on it is gone. */
  destroy(): void {
    this.gpu.destroy();
  }

  /**
   * The bind group of a dispatch. Its label names the dispatch in every GPU error. `planned` says
   * which buffer a program gave to a temporary.
   */
  bindGroup(dispatch: Dispatch, planned?: ReadonlyMap<Storage, GPUBuffer>): GPUBindGroup {
    return this.gpu.createBindGroup({
      label: dispatch.label,
      layout: dispatch.pipeline.layout,
      entries: dispatch.bindings.map(({ binding, array }) => {
        const { buffer, offset } = bufferOf(array, dispatch.label, planned);
        return {
          binding,
          resource: { buffer, offset, size: byteSize(array.shape, array.dtype) },
        };
      }),
    });
  }

  #encode(dispatch: Dispatch): void {
    this.#encoder ??= this.gpu.createCommandEncoder({ label: "eager" });
    this.#pass ??= this.#encoder.beginComputePass({ label: "eager" });
    this.#pass.setPipeline(this.pipelines.make(dispatch.pipeline));
    this.#pass.setBindGroup(0, this.bindGroup(dispatch));
    this.#pass.dispatchWorkgroups(...dispatch.workgroups);
    this.#encoded += 1;
    if (this.#encoded >= EAGER_BATCH) this.flush();
  }

  #end(): void {
    this.#pass?.end();
    this.#pass = undefined;
  }
}

/** The buffer and byte offset behind an array. Throws if it was given back, or isn't planned yet. */
export function bufferOf(
  array: GpuArray,
  op: string,
  planned?: ReadonlyMap<Storage, GPUBuffer>,
): { buffer: GPUBuffer; offset: number } {
  const { root, byteOffset } = locate(array.storage, array.byteOffset);
  const buffer = planned?.get(root) ?? root.buffer;
  if (buffer) return { buffer, offset: byteOffset };
  throw new TraceError(
    root.kind === "eager"
      ? `${op}: ${root.label} ${formatShape(array.shape)} was given back at the end of its scope; return it from the scope to keep it`
      : `${op}: ${root.label} ${formatShape(array.shape)} is a temporary of a program; return it from the program to read it`,
  );
}

function hostView<D extends DType>(bytes: ArrayBuffer, count: number, dtype: D): HostData[D] {
  const views: { readonly [K in DType]: () => HostData[K] } = {
    f32: () => new Float32Array(bytes, 0, count),
    i32: () => new Int32Array(bytes, 0, count),
    u32: () => new Uint32Array(bytes, 0, count),
    u8: () => new Uint8Array(bytes, 0, count),
  };
  return views[dtype]();
}

/** Every storage reachable from a scope's result: arrays, tensors, and plain objects of them. */
function storagesIn(
  value: unknown,
  found = new Set<Storage>(),
  seen = new Set<object>(),
): Set<Storage> {
  if (typeof value !== "object" || value === null || seen.has(value)) return found;
  if (value instanceof Device || ArrayBuffer.isView(value)) return found;
  seen.add(value);
  if (value instanceof GpuArray) found.add(value.storage);
  else for (const child of Object.values(value)) storagesIn(child, found, seen);
  return found;
}

/** What Dawn says, and of which object: its first line, and the last of those that name the call. */
function oneLine(message: string): string {
  const lines = message.trim().split("\n");
  const call = lines.findLast((line) => /^\s*- While /.test(line));
  return [lines[0]!, ...(call ? [call.trim().slice(2)] : [])].join(" ");
}
