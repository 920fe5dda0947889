// Programs: traced once, planned once, replayed many times with one encoder, one compute pass and one submit per run.
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

/** How a program is planned. `share` is only changed by tests. */
export interface ProgramOptions {
  /** Whether temporaries whose lifetimes don't overlap share buffers. Default true. */
  readonly share?: boolean;
  /** Called as pipelines are compiled, which takes seconds for a large model. */
  readonly onCompile?: (done: number, total: number) => void;
}

/** How a program runs. */
export interface RunOptions {
  /** Whether temporaries are filled with NaN first. Only tests do so. */
  readonly poison?: boolean;
  /** Called as the GPU finishes each dispatch, which takes seconds if the driver compiles it at that moment. */
  readonly onDispatch?: (done: number, total: number) => void;
}

/** Outputs by name, as `compile`'s function returns them: arrays, or tensors, of which the arrays are used. */
export type Outputs = Readonly<Record<string, GpuArray | { readonly array: GpuArray }>>;

/** A program's outputs: arrays by name. */
export type OutputArrays<T extends Outputs> = { readonly [Name in keyof T]: GpuArray };

const IN_FLIGHT = 2;

/**
 * Traces `body` once and returns a program that replays it. Arrays that `body` captures live as long as the program.
 * The program's results are the arrays that `body` returns, and what it writes to captured arrays. Throws `TraceError`
 * if `body` reads a value, `GpuError` if a shader doesn't compile, and `MemoryError` if the adapter has too little
 * memory.
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

  device.trim(); // the eager arrays so far seldom have a temporary's size
  // Before the first await, because calls of `compile` may overlap.
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
      `${label}: the adapter has no memory left for ${bytes} bytes of temporaries and outputs; use a smaller batch, or close other programs that use it`,
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

/** Returns the arrays that a traced function returned, by name. Throws `TraceError` if it returned anything else. */
function outputArrays<T extends Outputs>(
  label: string,
  device: Device,
  returned: T | undefined,
): OutputArrays<T> {
  const give = "return an object of named arrays, such as ({ loss })";
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
      throw new AttributeError(`${label}: output ${keyPath([name])} is on a different device`);
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
  /** The new ones, including those of outputs. */
  readonly made: readonly GPUBuffer[];
  /** WebGPU's error if there is no memory for them. Nothing was submitted with them, so all else remains valid. */
  readonly shortage: Promise<GPUError | null>;
}

/** Allocates the buffers of slots, using the device's shared ones first, and the outputs' own buffers. */
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

/** Destroys the buffers of a program that can't have all it needs, so that no other program is planned with them. */
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
  /** How many submits a run is divided into: more than one only if a step would exceed a GPU's watchdog time. */
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

  /** The bytes of all captured arrays that the program reads or writes. */
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
   * Submits one run. Resolves when at most one run is still in flight. With `poison`, every temporary is filled with
   * NaN first, which shows whether anything is read before it was written. With `onDispatch`, each dispatch is submitted
   * alone, and the function is called as the GPU finishes each: for a first run, in which some drivers compile kernels.
   */
  async run(options: RunOptions = {}): Promise<void> {
    checkOptions(this.label, options, ["poison", "onDispatch"]);
    const { onDispatch } = options;
    const device = this.#device;
    device.check();
    device.flush();
    const { dispatches } = this.plan;
    const parts = onDispatch ? dispatches.length : this.parts;
    const perPart = Math.ceil(dispatches.length / parts);
    for (let start = 0; start < dispatches.length; start += perPart) {
      const encoder = device.gpu.createCommandEncoder({ label: this.label });
      if (options.poison && start === 0) this.#fillWithNaN(encoder);
      const pass = encoder.beginComputePass({ label: this.label });
      for (let i = start; i < Math.min(start + perPart, dispatches.length); i += 1) {
        this.encode(pass, i);
      }
      pass.end();
      device.gpu.queue.submit([encoder.finish()]);
      if (!onDispatch) continue;
      const submitted = device.gpu.queue.onSubmittedWorkDone();
      submitted.then(
        () => onDispatch(start + 1, dispatches.length),
        () => undefined, // the device is lost, which is reported below
      );
    }
    const done = device.gpu.queue.onSubmittedWorkDone();
    done.catch(() => undefined); // it may be rejected when nobody waits for it
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

  /** Returns the plan in figures: what each dispatch reads, writes and costs, and where its result is stored. */
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
