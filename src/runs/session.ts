// A device for the length of a command.
import type { Device } from "../gpu/device.ts";
import { constrainedMemory } from "node:process";
import { totalmem } from "node:os";
import { limitsForTraining, type Training } from "../gan/memory.ts";
import { barWrongVariants } from "./gpu-checks.ts";
import type { ArrayLimits, LimitRequest } from "../gpu/limits.ts";
import { shaderText, type OpenedAdapter } from "../gpu/node/adapter.ts";
import { open } from "../node.ts";

/** Arrays as large as the adapter allows, for commands that learn their sizes only while they run. */
const WIDEST: ArrayLimits = { maxStorageBufferBindingSize: Infinity, maxBufferSize: Infinity };

/**
 * Opens an adapter and a device, runs `body`, and releases both so that Node can exit. Arrays may be as large as the
 * adapter allows, or as `limits` says.
 */
export async function withDevice<T>(
  request: string | undefined,
  body: (device: Device, adapter: OpenedAdapter) => Promise<T>,
  limits: (adapter: OpenedAdapter) => LimitRequest = () => WIDEST,
): Promise<T> {
  const { device, adapter, close } = await open(request, { limits });
  try {
    await barWrongVariants(device, adapter.name);
    return await body(device, adapter);
  } finally {
    close();
  }
}

/**
 * Returns a function from an adapter to the limits that some trainings need. It throws `UsageError` if a batch is too
 * large for the adapter.
 */
export function limitsFor(trainings: readonly Training[]): (opened: OpenedAdapter) => ArrayLimits {
  return ({ adapter, kind }) => {
    const software = kind !== "gpu";
    const memory = kind === "gpu" || kind === "null" ? undefined : machineMemory();
    // An f16 training on an adapter without f16 is refused once the device is open, with its own message.
    const fit = trainings.filter(
      ({ activationType }) => activationType !== "f16" || adapter.features.has("shader-f16"),
    );
    const each = fit.map((training) =>
      limitsForTraining({ adapter, software, shaderText, memory }, training),
    );
    const most = (name: keyof ArrayLimits): number =>
      Math.max(0, ...each.map((limits) => limits[name]));
    return {
      maxStorageBufferBindingSize: most("maxStorageBufferBindingSize"),
      maxBufferSize: most("maxBufferSize"),
    };
  };
}

/** Bytes of memory that this process may take: the machine's, or its container's. */
function machineMemory(): number {
  const allowed = constrainedMemory(); // 0 if unknown
  return allowed > 0 ? Math.min(allowed, totalmem()) : totalmem();
}
