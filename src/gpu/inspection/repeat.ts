// Times one launch, or the few that make up an op, repeated in one compute pass.
import { bindGroup } from "../recorder.ts";
import type { GpuArray, Storage } from "../array.ts";
import type { Device } from "../device.ts";
import { planTrace, type Plan } from "../plan.ts";

/** Traced launches, compiled and with their own buffers, that can run many times. */
export interface Repeated {
  /** The result of the last run. */
  readonly out: GpuArray;
  readonly plan: Plan;
  /** Returns the milliseconds per run on the device: the mean of `count` runs in one pass. */
  readonly time: (count: number) => Promise<number>;
  /** Destroys its buffers. */
  readonly destroy: () => void;
}

const PASS_MS = 5; // a pass takes at least this, so that neither the round trip nor the clock's steps count
const MOST = 1000; // repetitions

/** Runs a program twice, and returns how many runs make up a pass that is long enough to time. */
export async function repetitions(program: Repeated): Promise<number> {
  await program.time(1); // some adapters compile in the first run
  const once = await program.time(1);
  return Math.max(1, Math.min(MOST, Math.ceil(PASS_MS / Math.max(once, PASS_MS / MOST))));
}

/** Traces `body`, compiles what it launches, and makes buffers for it. Throws `GpuError`. */
export async function repeated(
  device: Device,
  label: string,
  body: () => GpuArray,
): Promise<Repeated> {
  let made: GpuArray | undefined;
  const trace = device.record(label, () => {
    made = body();
  });
  const out = made!;
  const plan = planTrace(trace, [out], {
    share: true,
    available: [],
    mostBytes: device.gpu.limits.maxBufferSize,
  });
  const { dispatches } = plan;
  await Promise.all(dispatches.map(({ pipeline }) => device.pipelines.prepare(pipeline)));
  const allocate = (name: string, size: number): GPUBuffer =>
    device.gpu.createBuffer({ label: name, size, usage: 0x80 | 0x4 | 0x8 });
  const slots = plan.slots.map((bytes, index) => allocate(`${label}.${index}`, bytes));
  const planned = new Map<Storage, GPUBuffer>(
    plan.lifetimes.map(({ storage, slot }) => [storage, slots[slot]!]),
  );
  for (const storage of plan.outputs) storage.buffer = allocate(storage.label, storage.bytes);
  const bindGroups = dispatches.map((dispatch) => bindGroup(device.gpu, dispatch, planned));
  const clock = device.gpu.features.has("timestamp-query") ? new PassClock(device.gpu) : undefined;

  const encode = (pass: GPUComputePassEncoder, count: number): void => {
    for (let run = 0; run < count; run += 1) {
      dispatches.forEach(({ pipeline, workgroups }, index) => {
        pass.setPipeline(device.pipelines.make(pipeline));
        pass.setBindGroup(0, bindGroups[index]!);
        pass.dispatchWorkgroups(...workgroups);
      });
    }
    pass.end();
  };
  /** Returns the milliseconds from the submit until the host knows that all work is done. */
  const submit = async (count: number): Promise<number> => {
    device.flush();
    const encoder = device.gpu.createCommandEncoder({ label });
    encode(encoder.beginComputePass({ label }), count);
    const start = performance.now();
    device.gpu.queue.submit([encoder.finish()]);
    await device.idle();
    return performance.now() - start;
  };
  return {
    out,
    plan,
    async time(count) {
      if (!clock) {
        // One run is subtracted as the cost of a submit: it waits for the device as the others do.
        const one = await submit(1);
        return Math.max((await submit(count + 1)) - one, 0) / count;
      }
      device.flush();
      const encoder = device.gpu.createCommandEncoder({ label });
      encode(encoder.beginComputePass({ label, timestampWrites: clock.writes }), count);
      return (await clock.read(device, encoder)) / count;
    },
    destroy() {
      clock?.destroy();
      const outputs = plan.outputs.flatMap(({ buffer }) => (buffer ? [buffer] : []));
      for (const buffer of [...slots, ...outputs]) buffer.destroy();
    },
  };
}

/** Reads the device's own time at the beginning and end of a pass. */
class PassClock {
  readonly writes: GPUComputePassTimestampWrites;
  readonly #set: GPUQuerySet;
  readonly #resolved: GPUBuffer;
  readonly #staging: GPUBuffer;

  constructor(gpu: GPUDevice) {
    this.#set = gpu.createQuerySet({ label: "pass", type: "timestamp", count: 2 });
    this.#resolved = gpu.createBuffer({ label: "pass", size: 16, usage: 0x200 | 0x4 });
    this.#staging = gpu.createBuffer({ label: "pass", size: 16, usage: 0x1 | 0x8 });
    this.writes = { querySet: this.#set, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 };
  }

  /** Submits an encoder whose pass has `writes`, waits, and returns the milliseconds of the pass. */
  async read(device: Device, encoder: GPUCommandEncoder): Promise<number> {
    encoder.resolveQuerySet(this.#set, 0, 2, this.#resolved, 0);
    encoder.copyBufferToBuffer(this.#resolved, 0, this.#staging, 0, 16);
    device.gpu.queue.submit([encoder.finish()]);
    await device.settle("time", this.#staging.mapAsync(1));
    const [begin, end] = new BigInt64Array(this.#staging.getMappedRange());
    const nanoseconds = Number(end! - begin!);
    this.#staging.unmap();
    device.check();
    return nanoseconds / 1e6;
  }

  destroy(): void {
    this.#set.destroy();
    this.#resolved.destroy();
    this.#staging.destroy();
  }
}
