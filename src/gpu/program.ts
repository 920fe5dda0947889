// Programs: traced once, planned once, replayed many times with one encoder, one compute pass and one submit per run.
import { bindGroup } from "./recorder.ts";
import { checkFunction, checkName, refuseAsync } from "./arguments.ts";
import { checkOptions } from "./options.ts";
import { GpuArray, type Storage } from "./array.ts";
import { checkDevice } from "./check-device.ts";
import type { Device } from "./device.ts";
import { AttributeError, MemoryError } from "./errors.ts";
import { PlannedHostCall } from "./host-calls.ts";
import { explainPlan, type Explanation } from "./inspection/explain.ts";
import { show } from "./foreign-text.ts";
import { outputArrays, type OutputArrays, type Outputs } from "./outputs.ts";
import { planTrace, type Plan } from "./plan.ts";

export type { OutputArrays, Outputs } from "./outputs.ts";

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
  readonly #hostCalls: readonly PlannedHostCall[];
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
    this.#hostCalls = plan.hostCalls.map((call) => new PlannedHostCall(device, call, planned));
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
    const device = this.#device;
    device.check();
    device.flush();
    let first = 0;
    let host: Promise<void> | undefined;
    for (const call of this.#hostCalls) {
      this.#submit(first, call.before, options, call);
      first = call.before;
      host = call.run(host);
      host.catch(() => undefined); // if nothing waits for it yet
      if (call.isAwaited) await host;
    }
    this.#submit(first, this.plan.dispatches.length, options);
    if (host) await host; // without such work, nothing is waited for before the limit of runs in flight
    const done = device.gpu.queue.onSubmittedWorkDone();
    done.catch(() => undefined); // it may be rejected when nobody waits for it
    this.#inFlight.push(done);
    if (this.#inFlight.length >= IN_FLIGHT) {
      await device.settle(this.label, this.#inFlight.shift()!);
    }
    device.check();
  }

  /**
   * Submits dispatches `first` to `end`, then copies what `call` reads. With `onDispatch`, submits each dispatch alone;
   * otherwise as many at once as `parts` says.
   */
  #submit(
    first: number,
    end: number,
    { poison, onDispatch }: RunOptions,
    call?: PlannedHostCall,
  ): void {
    const { gpu } = this.#device;
    const { length } = this.plan.dispatches;
    const perPart = Math.ceil(length / (onDispatch ? length : this.parts));
    if (first === end && !call?.reads) return;
    let start = first;
    do {
      const encoder = gpu.createCommandEncoder({ label: this.label });
      if (poison && start === 0) this.#fillWithNaN(encoder);
      const last = Math.min(start + perPart, end);
      if (last > start) {
        const pass = encoder.beginComputePass({ label: this.label });
        for (let i = start; i < last; i += 1) this.encode(pass, i);
        pass.end();
      }
      if (last === end) call?.encode(encoder);
      gpu.queue.submit([encoder.finish()]);
      if (onDispatch && last > start) {
        const submitted = gpu.queue.onSubmittedWorkDone();
        submitted.then(
          () => onDispatch(last, length),
          () => undefined, // the device is lost, which is reported below
        );
      }
      start += perPart;
    } while (start < end);
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
