// The device: arrays, launches, reads. A launch is recorded by the open trace, or run eagerly.
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
import type { Launch, Trace } from "./dispatch.ts";

import { Faults } from "./faults.ts";
import { checkBytes, DEVICE_FEATURES, mostBytes, requiredLimits } from "./limits.ts";
import { dispatchOf } from "./launching.ts";
import { Memory } from "./memory.ts";
import { moveInto } from "./move-into.ts";
import { Pipelines } from "./pipelines.ts";
import { Recorder } from "./recorder.ts";
import { StagingPool } from "./staging.ts";
import { storagesIn } from "./storages-in.ts";

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

  readonly #faults: Faults;
  readonly #memory: Memory;
  readonly #recorder: Recorder;
  readonly #staging: StagingPool;
  readonly #most: number; // bytes of an array
  #trace: Trace | undefined;

  constructor(gpu: GPUDevice, options: Omit<DeviceOptions, "adapter" | "limits">) {
    this.gpu = gpu;
    this.software = options.software;
    this.#faults = new Faults(gpu, options.wait);
    const { subgroupMinSize: least, subgroupMaxSize: most } = gpu.adapterInfo;
    this.lanes = gpu.features.has("subgroups") && least === most ? (least ?? 0) : 0;
    this.maxWorkgroups = gpu.limits.maxComputeWorkgroupsPerDimension;
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

  /** Bytes held by eager arrays at the moment. */
  get eagerBytes(): number {
    return this.#memory.eagerBytes;
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
    return new GpuArray(this, this.#memory.eager(fresh), slack, shape, dtype);
  }

  /** An array that outlives traces and scopes, zero at first: parameters, moments, counters, data. */
  persistent(shape: readonly number[], dtype: DType = "f32", label = "state"): GpuArray {
    this.check();
    checkNew(this.gpu, label, shape, dtype);
    checkBytes(label, shape, dtype, this.#most);
    const bytes = byteSize(shape, dtype);
    const fresh = { label, bytes, slack: 0, parent: undefined, written: false };
    return new GpuArray(this, this.#memory.persistent(fresh), 0, shape, dtype);
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
    const dispatch = dispatchOf(this, launch);
    if (!dispatch) return;
    if (this.#trace) this.#trace.dispatches.push(dispatch);
    else this.#recorder.encode(dispatch);
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
   * `again` says whether a later call counts where one was before.
   */
  atTraceEnd(subject: object, launch: (() => void) | undefined, again = true): boolean {
    if (!this.#trace) return false;
    const { last } = this.#trace;
    const isFirst = !last.has(subject);
    if (isFirst || again) last.set(subject, launch ?? (() => undefined));
    return isFirst;
  }

  /**
   * Makes an array's values those of `slot`, a part of an arena. Inside a trace a fresh temporary moves in at no
   * cost; anything else is copied. Throws `ShapeError` on a size that differs.
   */
  moveInto(array: GpuArray, slot: GpuArray): void {
    moveInto(this, this.#trace, array, slot);
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
    return this.#memory.scope(body, (result) => storagesIn(result, Device));
  }

  /** Gives an eager storage's buffer back to the pool, ends a persistent one's. Its arrays are void then. */
  free(storage: Storage): void {
    this.#memory.free(storage);
  }

  /** Ends the buffers of eager arrays that were given back, which are kept for the next ones. */
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
    const wait = async (owed: Promise<undefined>): Promise<void> => {
      await this.settle("read", owed);
      this.check();
    };
    const copy = await this.#staging.read(this.#recorder, buffer, offset - first, bytes, wait);
    return hostView(copy, first, array.size, dtype);
  }

  /** Waits for something that the GPU owes. Throws `DeviceLostError` once the device is lost, `GpuError` on a refusal. */
  settle<T>(op: string, owed: Promise<T>): Promise<T> {
    return this.#faults.settle(op, owed);
  }

  /** Submits what the eager recorder holds. */
  flush(): void {
    this.#recorder.flush();
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
}
