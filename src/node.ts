// `longhand/node`: opens a device in one call, on the best adapter of this machine.
import type { DeviceOptions } from "./gpu/device-options.ts";
import { openDevice, type Device } from "./gpu/device.ts";
import type { LimitRequest } from "./gpu/limits.ts";
import { checkOptions } from "./gpu/options.ts";
import { openAdapter, shaderText, type OpenedAdapter } from "./gpu/node/adapter.ts";

export { load, save, type Saveable } from "./checkpoint/saved-model.ts";
export { savePng, type Images, type SavePngOptions } from "./checkpoint/saved-png.ts";
export {
  openAdapter,
  shaderText,
  type AdapterKind,
  type OpenedAdapter,
} from "./gpu/node/adapter.ts";
export { showProgress, stopSignal, type ShownReport } from "./gpu/node/script.ts";

/** A device, its adapter, and a function that ends both. */
export interface Opened {
  readonly device: Device;
  readonly adapter: OpenedAdapter;
  /** Ends the device and releases Dawn, so that Node can exit by itself. */
  readonly close: () => void;
}

/** The options of `open`. `limits` may also be a function of the adapter that is found. */
export interface OpenOptions extends Pick<DeviceOptions, "eagerByteBudget"> {
  readonly limits?: LimitRequest | ((adapter: OpenedAdapter) => LimitRequest);
}

/**
 * Opens a device on a real GPU if there is one, else on the system's software Vulkan, else on the embedded SwiftShader;
 * or on the adapter that `request` names. Rejects with `AdapterError`.
 */
export async function open(request?: string, options: OpenOptions = {}): Promise<Opened> {
  checkOptions("open", options, ["limits", "eagerByteBudget"]);
  const adapter = await openAdapter(request);
  try {
    const { limits = "default", ...rest } = options;
    const software = adapter.kind !== "gpu";
    const device = await openDevice({
      ...rest,
      limits: typeof limits === "function" ? limits(adapter) : limits,
      adapter: adapter.adapter,
      shaderText,
      software,
      ...(software ? { wait: asleep } : {}),
    });
    const close = (): void => {
      device.destroy();
      adapter.release(device.gpu.lost);
    };
    return { device, adapter, close };
  } catch (error) {
    adapter.release();
    throw error;
  }
}

const LONGEST_NAP = 2; // ms: timers and Ctrl-C wait no longer than this
const bed = new Int32Array(new SharedArrayBuffer(4));
let owing = 0;
let since = 0;
let napping = false;

/**
 * Waits for a promise, with the thread mostly asleep. While Dawn owes a promise, it polls the GPU at each turn of
 * Node's event loop, without a pause. If the GPU is this very CPU, that takes a core from it.
 */
async function asleep<T>(owed: Promise<T>): Promise<T> {
  owing += 1;
  since = performance.now();
  if (!napping) nap();
  try {
    return await owed;
  } finally {
    owing -= 1;
  }
}

/** While anything is owed, ends each turn of the event loop with a nap: a sixteenth of the time waited so far. */
function nap(): void {
  napping = owing > 0;
  if (!napping) return;
  Atomics.wait(bed, 0, 0, Math.min(LONGEST_NAP, (performance.now() - since) / 16));
  setImmediate(nap);
}
