// Counts calls of WebGPU's methods.
import type { Device } from "../../src/gpu/device.ts";

const OF_DEVICE = [
  "createBuffer",
  "createBindGroup",
  "createComputePipeline",
  "createComputePipelineAsync",
  "createShaderModule",
  "createCommandEncoder",
];
const OF_QUEUE = ["submit", "writeBuffer"];

/** Counts the calls in `body` that create or submit anything, by name; names that weren't called are left out. */
export async function countCalls(
  { gpu }: Device,
  body: () => Promise<void>,
): Promise<Readonly<Record<string, number>>> {
  const calls = new Map<string, number>();
  const count = (target: object, name: string): (() => void) =>
    observe(target, name, () => calls.set(name, (calls.get(name) ?? 0) + 1));
  const restore = [
    ...OF_DEVICE.map((name) => count(gpu, name)),
    ...OF_QUEUE.map((name) => count(gpu.queue, name)),
  ];
  try {
    await body();
  } finally {
    for (const undo of restore) undo();
  }
  return Object.fromEntries(calls);
}

/** Calls `see` on each call of a method of one of WebGPU's objects. Returns a function that ends this. */
export function observe(
  target: object,
  name: string,
  see: (args: readonly unknown[]) => void,
): () => void {
  const original: unknown = Reflect.get(target, name);
  if (typeof original !== "function") throw new Error(`no method ${name}`);
  Reflect.set(target, name, (...args: unknown[]): unknown => {
    see(args);
    return Reflect.apply(original, target, args);
  });
  return () => void Reflect.deleteProperty(target, name);
}
