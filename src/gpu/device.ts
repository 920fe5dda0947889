// The device: arrays, launches, reads. A launch is recorded by the open trace, if there is one, or run eagerly.
import { checkFunction, checkGpuArray, checkOffset } from "./arguments.ts";
import {
  byteSize,
  checkShape,
  exactBytes,
  GpuArray,
  type DType,
  type HostArray,
  type HostData,
  type Storage,
} from "./array.ts";
import { bufferOf, bytesOf, checkData, checkNew, checkView, hostView } from "./binding.ts";
import { DTypeError, GpuError, ShapeError, TraceError } from "./errors.ts";
import { show, wordsOf } from "./foreign-text.ts";
import { checkDeviceOptions, type DeviceOptions } from "./device-options.ts";
import { newTrace, type HostWork, type Launch, type Trace } from "./dispatch.ts";
import { Faults } from "./faults.ts";
import { checkBytes, DEVICE_FEATURES, mostBytes, requiredLimits } from "./limits.ts";
import { recordHostWork } from "./host-calls.ts";
import { dispatchOf } from "./launching.ts";
import { Memory } from "./memory.ts";
import { moveInto } from "./move-into.ts";
import { Pipelines } from "./pipelines.ts";
import { Recorder } from "./recorder.ts";
import { StagingPool } from "./staging.ts";
import { storagesIn } from "./storages-in.ts";

/** Opens a device on an adapter. Throws `GpuError` if the adapter refuses. */
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
   * The number of lanes per subgroup if it is always the same and shaders may use subgroups; else 0. Tests set it to
   * see what other adapters would run.
   */
  lanes: number;
  readonly pipelines: Pipelines;
  /** Buffers shared by the temporaries of every program on this device. */
  readonly programBuffers: GPUBuffer[] = [];
  /** The most workgroups per dimension. Tests lower it to reach the launchers' second dimension. */
  maxWorkgroups: number;
  /** The most bytes of workgroup memory. Tests lower it to see which kernels stand back. */
  maxWorkgroupBytes: number;
  /**
   * Words on each side of a new array that are bound with it. Nothing may read or write there, and tests check that. 0
   * except in those tests.
   */
  slack = 0;

  readonly #faults: Faults;
  readonly #memory: Memory;
  readonly #recorder: Recorder;
  readonly #staging: StagingPool;
  readonly #most: number; // the most bytes per array
  #trace: Trace | undefined;

  constructor(gpu: GPUDevice, options: Omit<DeviceOptions, "adapter" | "limits">) {
    this.gpu = gpu;
    this.software = options.software;
    this.#faults = new Faults(gpu, options.wait);
    const { subgroupMinSize: least, subgroupMaxSize: most } = gpu.adapterInfo;
    this.lanes = gpu.features.has("subgroups") && least === most ? (least ?? 0) : 0;
    this.maxWorkgroups = gpu.limits.maxComputeWorkgroupsPerDimension;
    this.maxWorkgroupBytes = gpu.limits.maxComputeWorkgroupStorageSize;
    this.pipelines = new Pipelines(gpu, options.shaderText, this.#faults);
    this.#memory = new Memory(gpu, options.eagerByteBudget ?? 2 ** 31);
    this.#recorder = new Recorder(gpu, this.pipelines);
    this.#staging = new StagingPool(gpu);
    this.#most = mostBytes(gpu.limits);
  }

  /** Throws the loss of the device, or the first error that the GPU reported: after one, no result can be trusted. */
  check(): void {
    this.#faults.check();
  }

  get tracing(): boolean {
    return this.#trace !== undefined;
  }

  /** Bytes that eager arrays hold at the moment. */
  get eagerBytes(): number {
    return this.#memory.eagerBytes;
  }

  /** Returns an array with undefined contents: a temporary inside a trace, else an eager one. */
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
    return new GpuArray(this, this.#memory.eager(fresh), slack, shape, dtype);
  }

  /** Returns an array of zeros that outlives traces and scopes, for parameters, moments, counters and data. */
  persistent(shape: readonly number[], dtype: DType = "f32", label = "state"): GpuArray {
    this.check();
    checkNew(this.gpu, label, shape, dtype);
    checkBytes(label, shape, dtype, this.#most);
    const bytes = byteSize(shape, dtype);
    const fresh = { label, bytes, slack: 0, parent: undefined, written: false };
    return new GpuArray(this, this.#memory.persistent(fresh), 0, shape, dtype);
  }

  /** Copies host data to a new array. Throws `ShapeError` or `DTypeError` if the data doesn't fit. */
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

  /** Returns a part of an array's storage as another array, from any word of it (f16: 16-bit). Throws `ShapeError`. */
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
    const dispatch = dispatchOf(this, launch);
    if (!dispatch) return;
    if (this.#trace) this.#trace.dispatches.push(dispatch);
    else this.#recorder.encode(dispatch);
  }

  /** Records work of the host in the open trace, between the launches so far and the next ones. Throws `TraceError`. */
  onHost(label: string, work: HostWork): void {
    recordHostWork(label, this.#trace, work);
  }

  /** Calls `body` and records its launches instead of running them. Throws `TraceError` inside a trace. */
  record(label: string, body: () => void): Trace {
    checkFunction(label, body);
    this.check();
    if (this.#trace) {
      throw new TraceError(`${label}: another program is being traced (${this.#trace.label})`);
    }
    const trace = newTrace(label);
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
   * Registers `launch` to be called after the traced function has returned, once per `subject`; undefined cancels it.
   * If `again` is false, a call for a known subject changes nothing. Returns true the first time that a trace sees a
   * subject. Outside a trace it does nothing and returns false.
   */
  atTraceEnd(subject: object, launch: (() => void) | undefined, again = true): boolean {
    if (!this.#trace) return false;
    const { last } = this.#trace;
    const isFirst = !last.has(subject);
    if (isFirst || again) last.set(subject, launch ?? (() => undefined));
    return isFirst;
  }

  /**
   * Gives `slot`, a part of an arena, the values of `array`. Inside a trace, a fresh temporary is placed there at no
   * cost; anything else is copied. Throws `ShapeError` if sizes or types differ.
   */
  moveInto(array: GpuArray, slot: GpuArray): void {
    moveInto(this, this.#trace, array, slot);
  }

  /** Returns the workgroups of `size` that cover `count` invocations, in two dimensions if one is too short. */
  linear(count: number, size = 64): [number, number, number] {
    const groups = Math.ceil(count / size);
    if (groups <= this.maxWorkgroups) return [groups, groups === 0 ? 0 : 1, 1];
    const rows = Math.ceil(groups / this.maxWorkgroups);
    return [Math.ceil(groups / rows), rows, 1];
  }

  /** Frees every eager array that `body` makes, except those in its result. `body` must not be async. */
  scope<T>(body: () => T): T {
    return this.#memory.scope(body, (result) => storagesIn(result, Device));
  }

  /** Returns an eager storage's buffer to the pool, or destroys a persistent one's. Its arrays can't be used then. */
  free(storage: Storage): void {
    this.#memory.free(storage);
  }

  /** Destroys the buffers of freed eager arrays, which are kept for reuse. */
  trim(): void {
    this.flush();
    this.#memory.trim();
  }

  /** Overwrites an array. Throws `DTypeError` or `ShapeError` if the data doesn't fit it. */
  write(array: GpuArray, data: HostArray): void {
    this.check();
    checkGpuArray("write", "the first argument", array);
    checkData("write", data, array.shape, array.dtype);
    const { buffer, offset } = bufferOf(array, "write");
    if (offset % 4 !== 0) {
      throw new ShapeError("write: the array must start at a 32-bit word; write to its base array");
    }
    this.flush();
    this.gpu.queue.writeBuffer(buffer, offset, bytesOf(data, array.dtype));
    array.storage.written = true;
  }

  /** Copies an array to the host. Throws `TraceError` inside a trace, and `DTypeError` if it has another type. */
  async read<D extends DType>(array: GpuArray, dtype: D): Promise<HostData[D]> {
    checkGpuArray("read", "the first argument", array);
    if (this.#trace) {
      throw new TraceError(
        `read: ${array.storage.label} has no value while "${this.#trace.label}" is being traced; return it from the program and read it after a run`,
      );
    }
    if (array.dtype !== dtype) {
      throw new DTypeError(
        `read: the values are ${array.dtype}; got a request for ${show(dtype)}: read a tensor without a type, or cast it`,
      );
    }
    this.check();
    const { buffer, offset } = bufferOf(array, "read");
    const first = offset % 4; // 2 if an f16 array starts in the middle of a word
    const exact = first + exactBytes(array.shape, array.dtype);
    const bytes = Math.max(4, Math.ceil(exact / 4) * 4);
    const wait = async (owed: Promise<undefined>): Promise<void> => {
      await this.settle("read", owed);
      this.check();
    };
    const copy = await this.#staging.read(this.#recorder, buffer, offset - first, bytes, wait);
    return hostView(copy, first, array.size, dtype);
  }

  /** Waits for a promise of the GPU. Throws `DeviceLostError` as soon as the device is lost, `GpuError` on a rejection. */
  settle<T>(op: string, owed: Promise<T>): Promise<T> {
    return this.#faults.settle(op, owed);
  }

  /** Submits what the eager recorder has encoded. */
  flush(): void {
    this.#recorder.flush();
  }

  /** Waits until the GPU has done all submitted work. Throws what the GPU reported. */
  async idle(): Promise<void> {
    this.check();
    this.flush();
    await this.settle("idle", this.gpu.queue.onSubmittedWorkDone());
    this.check();
  }

  /** Destroys the device and every array on it. */
  destroy(): void {
    this.gpu.destroy();
  }
}
