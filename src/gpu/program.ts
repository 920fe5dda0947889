// Trace once, plan once, replay forever: one encoder, one compute pass, one submit a run.
import { bindGroup } from "./recorder.ts";
import { checkFunction, checkName, refuseAsync } from "./arguments.ts";
import { checkOptions } from "./options.ts";
import { GpuArray, type Storage } from "./array.ts";
import { checkDevice } from "./check-device.ts";
import type { Device } from "./device.ts";
import { AttributeError, MemoryError, TraceError } from "./errors.ts";
import { explainPlan, type Explanation } from "./inspection/explain.ts";
import { keyPath, show } from "./foreign-text.ts";
import { planTrace, type Plan } from "./plan.ts";

/** How a program is planned. The defaults are what one wants; the rest is for tests. */
export interface ProgramOptions {
  /** Let temporaries whose lives don't overlap share buffers. Default true. */
  readonly share?: boolean;
  /** Called as pipelines get compiled: the first step of a large model spends seconds on it. */
  readonly onCompile?: (done: number, total: number) => void;
}

/** Outputs by name, as `compile`'s function returns them: arrays, or tensors, which stand for theirs. */
export type Outputs = Readonly<Record<string, GpuArray | { readonly array: GpuArray }>>;

/** A program's outputs: arrays by name. */
export type OutputArrays<T extends Outputs> = { readonly [Name in keyof T]: GpuArray };

const IN_FLIGHT = 2;

/**
 * Traces `body` once and returns a program that replays it. Arrays that `body` captures stay alive
 * with the program; what it writes to them, and what it returns, is what the program is for.
 * Throws `TraceError` if `body` reads a value, `GpuError` if a shader doesn't compile.
 */
export async function compile<T extends Outputs>(
  device: Device,
  label: string,
  body: () => T,
  options: ProgramOptions = {},
): Promise<Program<T>> {
  checkDevice("compile", device);
  checkName("compile", label);
  checkFunction(label, body);
  const { share, onCompile } = checkedOptions(label, options);
  let returned: T | undefined;
  const trace = device.record(label, () => {
    returned = body();
    refuseAsync(label, returned);
  });
  const outputs = outputArrays(label, device, returned);
  const plan = planTrace(trace, Object.values<GpuArray>(outputs), {
    share,
    available: device.programBuffers.map((buffer) => buffer.size),
    mostBytes: device.gpu.limits.maxBufferSize,
  });

  device.trim(); // arrays that led here seldom have a temporary's size
  // Before the first await, as compiles may overlap.
  const { buffers, made, shortage } = allocate(device, plan, label, share);
  const entries = [...new Set(plan.dispatches.map((dispatch) => dispatch.pipeline))];
  let done = 0;
  await Promise.all(
    entries.map(async (entry) => {
      await device.pipelines.prepare(entry);
      done += 1;
      onCompile?.(done, entries.length);
    }),
  );
  if (await device.settle(`${label}.memory`, shortage)) {
    giveBack(device, plan, made);
    const bytes = made.reduce((sum, buffer) => sum + buffer.size, 0);
    throw new MemoryError(
      `${label}: the adapter has no memory left for ${bytes} bytes of temporaries and outputs; take a smaller batch, or end what else uses it`,
    );
  }
  device.check();
  return new Program(device, label, plan, outputs, buffers);
}

function checkedOptions(
  label: string,
  options: ProgramOptions,
): ProgramOptions & { share: boolean } {
  checkOptions(label, options, ["share", "onCompile"]);
  const { share = true, onCompile } = options;
  if (onCompile !== undefined) checkFunction(`${label}: onCompile`, onCompile);
  if (typeof share === "boolean") return { share, ...(onCompile ? { onCompile } : {}) };
  throw new AttributeError(`${label}: share must be true or false; got ${show(share)}`);
}

/** The arrays that a traced function returned, by name. Throws `TraceError` if it returned anything else. */
function outputArrays<T extends Outputs>(
  label: string,
  device: Device,
  returned: T | undefined,
): OutputArrays<T> {
  const give = "give each array a name, such as ({ loss })";
  if (returned === undefined || returned === null) {
    throw new TraceError(`${label}: the traced function returned nothing; ${give}`);
  }
  if (typeof returned !== "object" || isArrayLike(returned)) {
    throw new TraceError(`${label}: the traced function returned ${show(returned)}; ${give}`);
  }
  const arrays = Object.entries(returned).map(([name, value]): [string, GpuArray] => {
    const array = isArrayLike(value) && !(value instanceof GpuArray) ? value.array : value;
    if (!(array instanceof GpuArray)) {
      throw new TraceError(
        `${label}: output ${keyPath([name])} must be an array or a tensor; got ${show(array)}`,
      );
    }
    if (array.device !== device) {
      throw new AttributeError(`${label}: output ${keyPath([name])} lives on another device`);
    }
    return [name, array];
  });
  return Object.assign(Object.create(null), Object.fromEntries(arrays));
}

function isArrayLike(value: unknown): value is GpuArray | { readonly array: GpuArray } {
  if (value instanceof GpuArray) return true;
  return (
    typeof value === "object" &&
    value !== null &&
    "array" in value &&
    value.array instanceof GpuArray &&
    "tracked" in value
  );
}

interface Allocated {
  /** The buffer of each slot. */
  readonly buffers: readonly GPUBuffer[];
  /** Those that are new, outputs' own too. */
  readonly made: readonly GPUBuffer[];
  /** What WebGPU says if it has no memory for them. Nothing was submitted with them, so all else is sound then. */
  readonly shortage: Promise<GPUError | null>;
}

/** The buffer of each slot: the device's shared ones first, then new ones; and the outputs' own. */
function allocate(device: Device, plan: Plan, label: string, share: boolean): Allocated {
  const made: GPUBuffer[] = [];
  const make = (name: string, size: number): GPUBuffer => {
    const buffer = device.gpu.createBuffer({ label: name, size, usage: 0x80 | 0x4 | 0x8 });
    made.push(buffer);
    return buffer;
  };
  device.gpu.pushErrorScope("out-of-memory");
  const buffers = share ? device.programBuffers : [];
  plan.slots.slice(buffers.length).forEach((bytes, index) => {
    buffers.push(make(`${label}.temporary${index}`, bytes));
  });
  for (const storage of plan.outputs) storage.buffer = make(storage.label, storage.bytes);
  return { buffers: [...buffers], made, shortage: device.gpu.popErrorScope().catch(() => null) };
}

/** Ends buffers that a program can't have, so that no other one is planned with them. */
function giveBack({ programBuffers }: Device, plan: Plan, made: readonly GPUBuffer[]): void {
  const kept = programBuffers.filter((buffer) => !made.includes(buffer));
  programBuffers.splice(0, programBuffers.length, ...kept);
  for (const storage of plan.outputs) storage.buffer = undefined;
  for (const buffer of made) buffer.destroy();
}

/** A planned step. `run` replays it; `outputs` hold the last run's values. */
export class Program<T extends Outputs = Outputs> {
  readonly label: string;
  readonly plan: Plan;
  readonly outputs: OutputArrays<T>;
  /** Submits a run is cut into: more than one only where a step would outlast a GPU's watchdog. */
  parts = 1;

  /** The buffer of each temporary. */
  readonly planned: ReadonlyMap<Storage, GPUBuffer>;

  readonly #device: Device;
  readonly #bindGroups: readonly GPUBindGroup[];
  readonly #buffers: readonly GPUBuffer[];
  readonly #inFlight: Promise<undefined>[] = [];
  #poison: GPUBuffer | undefined;

  constructor(
    device: Device,
    label: string,
    plan: Plan,
    outputs: OutputArrays<T>,
    buffers: readonly GPUBuffer[],
  ) {
    this.#device = device;
    this.label = label;
    this.plan = plan;
    this.outputs = outputs;
    const planned = new Map<Storage, GPUBuffer>(
      plan.lifetimes.map(({ storage, slot }) => [storage, buffers[slot]!]),
    );
    this.planned = planned;
    this.#buffers = [...new Set(planned.values())];
    this.#bindGroups = plan.dispatches.map((dispatch) => bindGroup(device.gpu, dispatch, planned));
  }

  /** Bytes of every captured array that the program reads or writes. */
  get capturedBytes(): number {
    const captured = new Set<GPUBuffer>();
    for (const { bindings } of this.plan.dispatches) {
      for (const { array } of bindings) {
        const root = array.storage.parent?.storage ?? array.storage;
        if (root.kind !== "temporary" && root.buffer) captured.add(root.buffer);
      }
    }
    return [...captured].reduce((sum, buffer) => sum + buffer.size, 0);
  }

  /**
   * Submits one run. Resolves when no more than one run is still in flight. With `poison` every temporary
   * is filled with NaN first, to show that nothing reads what it didn't write.
   */
  async run(options: { readonly poison?: boolean } = {}): Promise<void> {
    checkOptions(this.label, options, ["poison"]);
    const device = this.#device;
    device.check();
    device.flush();
    const { dispatches } = this.plan;
    const perPart = Math.ceil(dispatches.length / this.parts);
    for (let start = 0; start < dispatches.length; start += perPart) {
      const encoder = device.gpu.createCommandEncoder({ label: this.label });
      if (options.poison && start === 0) this.#fillWithNaN(encoder);
      const pass = encoder.beginComputePass({ label: this.label });
      for (let i = start; i < Math.min(start + perPart, dispatches.length); i += 1) {
        this.encode(pass, i);
      }
      pass.end();
      device.gpu.queue.submit([encoder.finish()]);
    }
    const done = device.gpu.queue.onSubmittedWorkDone();
    done.catch(() => undefined); // it may be refused before, or without, anybody waiting for it
    this.#inFlight.push(done);
    if (this.#inFlight.length >= IN_FLIGHT) {
      await device.settle(this.label, this.#inFlight.shift()!);
    }
    device.check();
  }

  /** Encodes dispatch `index` of the plan, `times` over. */
  encode(pass: GPUComputePassEncoder, index: number, times = 1): void {
    const { pipeline, workgroups } = this.plan.dispatches[index]!;
    pass.setPipeline(this.#device.pipelines.make(pipeline));
    pass.setBindGroup(0, this.#bindGroups[index]!);
    for (let i = 0; i < times; i += 1) pass.dispatchWorkgroups(...workgroups);
  }

  /** The plan in figures: what each dispatch reads, writes and costs, and where its result is kept. */
  explain(): Explanation {
    return explainPlan(this.label, this.plan, {
      state: this.capturedBytes,
      temporaries: this.#buffers.reduce((sum, buffer) => sum + buffer.size, 0),
    });
  }

  #fillWithNaN(encoder: GPUCommandEncoder): void {
    const size = Math.max(4, ...this.#buffers.map((buffer) => buffer.size));
    if (!this.#poison) {
      const { gpu } = this.#device;
      this.#poison = gpu.createBuffer({ label: "NaN", size, usage: 0x4 | 0x8 });
      gpu.queue.writeBuffer(this.#poison, 0, new Float32Array(size / 4).fill(Number.NaN));
    }
    for (const buffer of this.#buffers) {
      encoder.copyBufferToBuffer(this.#poison, 0, buffer, 0, buffer.size);
    }
  }
}
