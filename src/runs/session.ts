// A device for the length of a command.
import type { Device } from "../gpu/device.ts";
import { constrainedMemory } from "node:process";
import { totalmem } from "node:os";
import { limitsForTraining, type Training } from "../gan/memory.ts";
import type { ArrayLimits, LimitRequest } from "../gpu/limits.ts";
import { shaderText, type OpenedAdapter } from "../gpu/node/adapter.ts";
import { open } from "../node.ts";

/** Arrays as large as the adapter has them: for commands whose sizes show only as they go. */
const WIDEST: ArrayLimits = { maxStorageBufferBindingSize: Infinity, maxBufferSize: Infinity };

/**
 * Opens an adapter and a device, runs `body`, and lets both go so that Node can exit. Arrays may be as large as the
 * adapter allows, or as `limits` says.
 */
export async function withDevice<T>(
  request: string | undefined,
  body: (device: Device, adapter: OpenedAdapter) => Promise<T>,
  limits: (adapter: OpenedAdapter) => LimitRequest = () => WIDEST,
): Promise<T> {
  const { device, adapter, close } = await open(request, { limits });
  try {
    return await body(device, adapter);
  } finally {
    close();
  }
}

/** The limits that some trainings need of an adapter. Throws `UsageError` on a batch that is too large for it. */
export function limitsFor(trainings: readonly Training[]): (opened: OpenedAdapter) => ArrayLimits {
  return ({ adapter, kind }) => {
    const software = kind !== "gpu";
    const memory = kind === "gpu" || kind === "null" ? undefined : machineMemory();
    // One that stores what the adapter can't is refused once the device is open, in words of its own.
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
  const allowed = constrainedMemory(); // 0 where nothing says
  return allowed > 0 ? Math.min(allowed, totalmem()) : totalmem();
}
