// Slack around every array that an op creates or reads, bound together with it. It holds NaN, so that a stray read
// spoils the result and a stray write is found afterwards.
import type { GpuArray, Storage } from "../src/gpu/array.ts";
import type { Device } from "../src/gpu/device.ts";

/** Words on either side of an array. Less than the 64 that bindings are aligned to, so that both are bound. */
export const SLACK = 48;
/** A quiet NaN for each word of each array, so that no copy of slack passes for the slack beside it. */
const marks = (length: number, which: number): Uint32Array<ArrayBuffer> =>
  Uint32Array.from(
    { length },
    (_, i) => 0x7fc0_0001 + (Math.imul(i + 1, 2_654_435_761 + 2 * which) >>> 11),
  );

/** Runs `body` with slack around every array that it makes; inside traces too. */
export async function withSlack<T>(
  device: Device,
  words: number,
  body: () => Promise<T>,
): Promise<T> {
  device.slack = words;
  try {
    return await body();
  } finally {
    device.slack = 0;
  }
}

/**
 * Runs `body` with every new eager array filled with marks, elements included. Gives the labels of
 * the arrays whose slack it wrote to, beside what `read` makes of the result.
 */
export async function guarded<T, R>(
  device: Device,
  body: () => T,
  read: (made: T) => Promise<R>,
): Promise<{ readonly result: R; readonly strays: readonly string[] }> {
  const made = new Set<Storage>();
  const empty = device.empty.bind(device);
  device.empty = (...of: Parameters<Device["empty"]>): GpuArray => {
    const array = empty(...of);
    if (!device.tracing) {
      mark(device, array.storage, made.size);
      made.add(array.storage);
    }
    return array;
  };
  let value: T;
  try {
    value = body();
  } finally {
    device.empty = empty;
  }
  const result = await read(value);
  const strays = await touched(device, [...made]);
  for (const storage of made) device.free(storage);
  return { result, strays };
}

function mark(device: Device, storage: Storage, which: number): void {
  device.flush(); // the buffer may come from the pool, with launches on it still to be submitted
  device.gpu.queue.writeBuffer(storage.buffer!, 0, marks(storage.bytes / 4, which));
}

/** Labels of the storages whose slack, before or after, isn't what it was. */
async function touched(device: Device, storages: readonly Storage[]): Promise<string[]> {
  const total = storages.reduce((sum, { slack }) => sum + 2 * slack, 0);
  if (total === 0) return [];
  const staging = device.gpu.createBuffer({ label: "guards", size: total, usage: 0x1 | 0x8 });
  device.flush();
  const encoder = device.gpu.createCommandEncoder({ label: "guards" });
  let at = 0;
  for (const { buffer, slack, bytes } of storages) {
    encoder.copyBufferToBuffer(buffer!, 0, staging, at, slack);
    encoder.copyBufferToBuffer(buffer!, bytes - slack, staging, at + slack, slack);
    at += 2 * slack;
  }
  device.gpu.queue.submit([encoder.finish()]);
  await device.settle("guards", staging.mapAsync(1));
  const words = new Uint32Array(staging.getMappedRange().slice(0));
  staging.destroy();
  at = 0;
  return storages.flatMap(({ label, slack, bytes }, which) => {
    const own = words.subarray(at / 4, (at += 2 * slack) / 4);
    const all = marks(bytes / 4, which);
    const untouched = [...all.subarray(0, slack / 4), ...all.subarray(-slack / 4)];
    return own.every((word, i) => word === untouched[i]) ? [] : [label];
  });
}
