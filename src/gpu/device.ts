// The device: arrays, launches, reads. A launch is recorded by the open trace, or run eagerly.
import { checkFunction, checkGpuArray, checkOffset, refuseAsync } from "./arguments.ts";
import {
  byteSize,
  checkShape,
  exactBytes,
  formatShape,
  GpuArray,
  locate,
  type DType,
  type HostArray,
  type HostData,
  type Storage,
} from "./array.ts";
import {
  bufferOf,
  bytesOf,
  checkData,
  checkDeviceOptions,
  checkNew,
  checkView,
  hostView,
  rangeOf,
  wordsIntoBinding,
} from "./binding.ts";
import { AttributeError, DTypeError, GpuError, ShapeError, TraceError } from "./errors.ts";
import { show, wordsOf } from "./foreign-text.ts";
import {
  conflicts,
  refuseAliases,
  type Binding,
  type Dispatch,
  type Launch,
  type Trace,
  type Variant,
  type Workload,
} from "./dispatch.ts";
import { Faults, type Wait } from "./faults.ts";
import {
  checkBytes,
  DEVICE_FEATURES,
  mostBytes,
  requiredLimits,
  type LimitRequest,
} from "./limits.ts";
import { Pipelines } from "./pipelines.ts";
import { BufferPool } from "./pool.ts";
import { StagingPool } from "./staging.ts";
import { storagesIn } from "./storages-in.ts";

/** What `openDevice` needs: an adapter, and where the text of `shaders/` is found. */
export interface DeviceOptions {
  readonly adapter: GPUAdapter;
  readonly shaderText: (path: string) => string;
  /** True on an adapter that runs on the CPU: chooses the default variants of kernels. */
  readonly software: boolean;
  /** How to wait for what the GPU owes, where `await` alone keeps a CPU core busy. Default: that. */
  readonly wait?: Wait;
  /** Which limits to ask the adapter for. Default: WebGPU's defaults. */
  readonly limits?: LimitRequest;
  /** Eager arrays may hold this many bytes at once before an op throws `MemoryError`. Default 2 GiB. */
  readonly eagerByteBudget?: number;
}

const EAGER_BATCH = 256; // dispatches encoded before an eager submit
const STORAGE_USAGE = 0x80 | 0x4 | 0x8; // STORAGE | COPY_SRC | COPY_DST

/** Opens a device on an adapter. Throws `GpuError` when the adapter refuses. */
export async function openDevice(options: DeviceOptions): Promise<Device> {
  checkDeviceOptions(options);
  const { adapter } = options;
  try {
    const gpu = await adapter.requestDevice({
      label: "longhand",
      requiredFeatures: DEVICE_FEATURES.filter((feature) => adapter.features.has(feature)),
      requiredLimits: requiredLimits(options.limits ?? "default", adapter.limits),
    });
    return new Device(gpu, options);
  } catch (error) {
    throw new GpuError(`device: the adapter refused (${wordsOf(error)})`);
  }
}

/** A WebGPU device with its arrays, pipelines and recorder. Made by `openDevice`. */
export class Device {
  readonly gpu: GPUDevice;
  readonly software: boolean;
  /**
   * Lanes of every subgroup, where they are always as many and shaders may use them; else 0. Tests set
   * it to see what other adapters would run.
   */
  lanes: number;
  readonly pipelines: Pipelines;
  /** Buffers shared by the temporaries of every program on this device. */
  readonly programBuffers: GPUBuffer[] = [];
  /** Workgroups a dimension; tests lower it to reach the launchers' second dimension. */
  maxWorkgroups: number;
  /**
   * Words that new arrays get on either side, bound with them: nothing may read or write there. 0, but
   * for tests that show it.
   */
  slack = 0;
  /**
   * Which of a kernel's entry points to launch in place of its default, by shader. A launcher passes
   * over one that can't serve the shapes at hand.
   */
  readonly variants: Map<string, Variant> = new Map();
  /** Variants by `Workload.key`, as measured on this adapter: they go before a kernel's default. */
  readonly choices: Map<string, Variant> = new Map();
  /** Told of each launch that has several variants to choose from. */
  onChoice: ((workload: Workload) => void) | undefined;

  readonly #faults: Faults;
  readonly #pool: BufferPool;
  readonly #staging: StagingPool;
  readonly #most: number; // bytes of an array
  readonly #collected: FinalizationRegistry<GPUBuffer>;
  #trace: Trace | undefined;
  #scope: Set<Storage> | undefined;
  #encoder: GPUCommandEncoder | undefined;
  #pass: GPUComputePassEncoder | undefined;
  #encoded = 0;

  constructor(gpu: GPUDevice, options: Omit<DeviceOptions, "adapter" | "limits">) {
    this.gpu = gpu;
    this.software = options.software;
    this.#faults = new Faults(gpu, options.wait);
    const { subgroupMinSize: least, subgroupMaxSize: most } = gpu.adapterInfo;
    this.lanes = gpu.features.has("subgroups") && least === most ? (least ?? 0) : 0;
    this.maxWorkgroups = gpu.limits.maxComputeWorkgroupsPerDimension;
    this.pipelines = new Pipelines(gpu, options.shaderText, this.#faults);
    this.#pool = new BufferPool(gpu, options.eagerByteBudget ?? 2 ** 31);
    this.#staging = new StagingPool(gpu);
    this.#most = mostBytes(gpu.limits);
    this.#collected = new FinalizationRegistry((buffer) => this.#pool.give(buffer));
  }

  /** Throws the loss of the device, or the first error that the GPU reported: after one, no result can be trusted. */
  check(): void {
    this.#faults.check();
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
    this.check();
    checkNew(this.gpu, label, shape, dtype);
    const slack = this.slack * 4;
    checkBytes(label, shape, dtype, this.#most, 2 * slack);
    const bytes = byteSize(shape, dtype) + 2 * slack;
    const fresh = { label, bytes, slack, parent: undefined, written: false };
    if (this.#trace) {
      const storage: Storage = { ...fresh, kind: "temporary", buffer: undefined };
      this.#trace.temporaries.add(storage);
      return new GpuArray(this, storage, slack, shape, dtype);
    }
    const buffer = this.#pool.take(bytes, label);
    const storage: Storage = { ...fresh, kind: "eager", buffer };
    this.#collected.register(storage, buffer, storage);
    this.#scope?.add(storage);
    return new GpuArray(this, storage, slack, shape, dtype);
  }

  /** An array that outlives traces and scopes, zero at first: parameters, moments, counters, data. */
  persistent(shape: readonly number[], dtype: DType = "f32", label = "state"): GpuArray {
    this.check();
    checkNew(this.gpu, label, shape, dtype);
    checkBytes(label, shape, dtype, this.#most);
    const bytes = byteSize(shape, dtype);
    const buffer = this.gpu.createBuffer({ label, size: bytes, usage: STORAGE_USAGE });
    const kind = "persistent" as const;
    const storage: Storage = {
      label,
      bytes,
      slack: 0,
      kind,
      buffer,
      parent: undefined,
      written: false,
    };
    return new GpuArray(this, storage, 0, shape, dtype);
  }

  /** Copies host data to a new array. Throws `ShapeError` or `DTypeError` if it doesn't fit. */
  upload<D extends DType>(
    data: HostData[D],
    shape: readonly number[],
    dtype: D,
    label = "data",
  ): GpuArray {
    checkData(label, data, shape, dtype);
    const array = this.#trace
      ? this.persistent(shape, dtype, label)
      : this.empty(shape, dtype, label);
    array.write(data);
    return array;
  }

  /** Part of an array's storage as an array of its own, from any word of it (f16: half). Throws `ShapeError`. */
  viewAt(
    array: GpuArray,
    byteOffset: number,
    shape: readonly number[],
    dtype: DType = "f32",
  ): GpuArray {
    checkGpuArray("view", "the first argument", array);
    checkShape("view", shape);
    checkOffset("view", byteOffset);
    const view = new GpuArray(this, array.storage, array.byteOffset + byteOffset, shape, dtype);
    checkView(view);
    return view;
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
    const names = Object.keys(launch.bind);
    const starts = Object.fromEntries(
      names.map((name) => [name, wordsIntoBinding(launch.bind[name]!)]),
    );
    const f16Bindings = names.filter((name) => launch.bind[name]!.dtype === "f16");
    const pipeline = this.pipelines.entry({ ...launch, starts, names, f16Bindings });
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
    for (const { access, array } of bindings) array.storage.written ||= access === "read_write";
    const dispatch: Dispatch = {
      label: pipeline.label,
      pipeline,
      bindings,
      workgroups: launch.workgroups,
      flop: launch.flop ?? 0,
      done: launch.done,
      bytesRead: launch.bytesRead,
    };
    if (this.#trace) this.#trace.dispatches.push(dispatch);
    else this.#encode(dispatch);
  }

  /** Runs `body` with launches recorded instead of run. */
  record(label: string, body: () => void): Trace {
    checkFunction(label, body);
    this.check();
    if (this.#trace) {
      throw new TraceError(`${label}: a program is being traced already (${this.#trace.label})`);
    }
    const trace: Trace = { label, dispatches: [], temporaries: new Set(), last: new Map() };
    this.#trace = trace;
    try {
      body();
      for (const launch of trace.last.values()) launch();
    } finally {
      this.#trace = undefined;
    }
    return trace;
  }

  /**
   * Has `launch` called when the function that is being traced has returned, once for each `subject`; undefined takes
   * that back. True the first time that a trace hears of a subject; outside a trace nothing happens, and it is false.
   */
  atTraceEnd(subject: object, launch: (() => void) | undefined): boolean {
    if (!this.#trace) return false;
    const { last } = this.#trace;
    const isFirst = !last.has(subject);
    last.set(subject, launch ?? (() => undefined));
    return isFirst;
  }

  /**
   * Makes several arrays parts of one arena, which starts at `arena`'s first byte. Inside a trace a
   * fresh temporary simply moves in, at no cost; anything else is copied. Throws `ShapeError` on a
   * size that differs.
   */
  moveInto(array: GpuArray, slot: GpuArray): void {
    checkGpuArray("moveInto", "what is to be moved", array);
    checkGpuArray("moveInto", "its place", slot);
    if (array.size !== slot.size || array.dtype !== slot.dtype) {
      throw new ShapeError(
        `moveInto: ${formatShape(array.shape)} does not fit ${formatShape(slot.shape)}`,
      );
    }
    const { storage } = array;
    const whole =
      array.byteOffset === 0 &&
      storage.bytes === byteSize(array.shape, array.dtype) &&
      wordsIntoBinding(slot) === 0; // pipelines know where their arrays start
    if (this.#trace?.temporaries.has(storage) && whole && !conflicts(this.#trace, storage, slot)) {
      storage.parent = { storage: slot.storage, byteOffset: slot.byteOffset };
      slot.storage.written = true;
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
    const count = Math.ceil(exactBytes(array.shape, array.dtype) / 4); // words, as smaller types are packed
    const words = (of: GpuArray): GpuArray => this.viewAt(of, 0, [count], "u32");
    this.launch({
      shader: "move",
      entry: "copy",
      constants: { COUNT: count, SHAPE: [1, 1, 1, 1, 1, 1, 1, count] },
      bind: { inp: words(array), out: words(slot) },
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
    checkFunction("scope", body);
    this.#scope = made;
    let result: T;
    try {
      result = body();
    } finally {
      this.#scope = outer;
    }
    for (const kept of storagesIn(result, Device)) {
      if (made.delete(kept)) outer?.add(kept);
    }
    for (const storage of made) this.free(storage);
    refuseAsync("scope", result);
    return result;
  }

  /** Gives an eager storage's buffer back to the pool, ends a persistent one's. Its arrays are void then. */
  free(storage: Storage): void {
    if (storage.kind === "temporary" || !storage.buffer) return;
    this.#collected.unregister(storage);
    if (storage.kind === "eager") this.#pool.give(storage.buffer);
    else storage.buffer.destroy();
    storage.buffer = undefined;
  }

  /** Ends the buffers of eager arrays that were given back, which are kept for the next ones. */
  trim(): void {
    this.flush();
    this.#pool.trim();
  }

  /** Overwrites an array. Throws `DTypeError` or `ShapeError` if the data doesn't fit it. */
  write(array: GpuArray, data: HostArray): void {
    this.check();
    checkGpuArray("write", "the first argument", array);
    checkData("write", data, array.shape, array.dtype);
    const { buffer, offset } = bufferOf(array, "write");
    if (offset % 4 !== 0) {
      throw new ShapeError("write: the array starts inside a 32-bit word; write to what it is of");
    }
    this.flush();
    this.gpu.queue.writeBuffer(buffer, offset, bytesOf(data, array.dtype));
    array.storage.written = true;
  }

  /** Copies an array to the host. Throws `TraceError` inside a trace, `DTypeError` on a wrong type. */
  async read<D extends DType>(array: GpuArray, dtype: D): Promise<HostData[D]> {
    checkGpuArray("read", "the first argument", array);
    if (this.#trace) {
      throw new TraceError(
        `read: ${array.storage.label} has no value while "${this.#trace.label}" is being traced; return it from the program and read it after a run`,
      );
    }
    if (array.dtype !== dtype) {
      throw new DTypeError(`read: the array is ${array.dtype}, got a request for ${show(dtype)}`);
    }
    this.check();
    const { buffer, offset } = bufferOf(array, "read");
    const first = offset % 4; // of an f16 in the middle of a word
    const exact = first + exactBytes(array.shape, array.dtype);
    const bytes = Math.max(4, Math.ceil(exact / 4) * 4);
    const staging = this.#staging.take(bytes);
    this.#end();
    const encoder = this.#encoder ?? this.gpu.createCommandEncoder({ label: "read" });
    this.#encoder = encoder;
    encoder.copyBufferToBuffer(buffer, offset - first, staging, 0, bytes);
    this.flush();
    try {
      await this.settle("read", staging.mapAsync(1, 0, bytes));
      const copy = staging.getMappedRange(0, bytes).slice(0);
      staging.unmap();
      this.check();
      this.#staging.give(staging);
      return hostView(copy, first, array.size, dtype);
    } catch (error) {
      staging.destroy();
      throw error;
    }
  }

  /** Waits for something that the GPU owes. Throws `DeviceLostError` once the device is lost, `GpuError` on a refusal. */
  settle<T>(op: string, owed: Promise<T>): Promise<T> {
    return this.#faults.settle(op, owed);
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
    this.check();
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
      entries: dispatch.bindings.map(({ binding, array }) => ({
        binding,
        resource: rangeOf(array, dispatch.label, planned),
      })),
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
