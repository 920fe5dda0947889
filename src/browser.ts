// `longhand/browser`: opens a device in one call, in a page or a worker, on the adapter that the browser offers.
import { openAdapter, shaderText, type BrowserAdapter } from "./gpu/browser.ts";
import type { DeviceOptions } from "./gpu/device-options.ts";
import { openDevice, type Device } from "./gpu/device.ts";
import type { LimitRequest } from "./gpu/limits.ts";
import { checkOptions } from "./gpu/options.ts";

export { openAdapter, shaderText, type BrowserAdapter } from "./gpu/browser.ts";
export type { ArrayLimits, LimitRequest } from "./gpu/limits.ts";

/** A device, its adapter, and a function that ends it. */
export interface Opened {
  readonly device: Device;
  readonly adapter: BrowserAdapter;
  /** Ends the device. */
  readonly close: () => void;
}

/** The options of `open`. `limits` may also be a function of the adapter that is found. */
export interface OpenOptions extends Pick<DeviceOptions, "eagerByteBudget"> {
  readonly limits?: LimitRequest | ((adapter: BrowserAdapter) => LimitRequest);
}

/**
 * Opens a device on the browser's best adapter. Rejects with `AdapterError` if the browser has no WebGPU, hides it from
 * an insecure page, or finds no adapter.
 */
export async function open(options: OpenOptions = {}): Promise<Opened> {
  checkOptions("open", options, ["limits", "eagerByteBudget"]);
  const { limits = "default", ...rest } = options;
  const adapter = await openAdapter();
  const device = await openDevice({
    ...rest,
    limits: typeof limits === "function" ? limits(adapter) : limits,
    adapter: adapter.adapter,
    shaderText,
    software: adapter.software,
  });
  return { device, adapter, close: () => device.destroy() };
}
