// `longhand/node`: a device in one call, on the best adapter that this machine has.
import { openDevice, type Device, type DeviceOptions } from "./gpu/device.ts";
import { openAdapter, shaderText, type OpenedAdapter } from "./gpu/node.ts";

export { openAdapter, shaderText, type AdapterKind, type OpenedAdapter } from "./gpu/node.ts";

/** A device, the adapter that it is on, and how to let both go. */
export interface Opened {
  readonly device: Device;
  readonly adapter: OpenedAdapter;
  /** Ends the device and lets Dawn go, so that Node exits by itself. */
  readonly close: () => void;
}

/**
 * Opens a device: on a real GPU if there is one, else on the system's software Vulkan, else on the
 * embedded SwiftShader; or on the adapter that `request` names. Throws `AdapterError`.
 */
export async function open(
  request?: string,
  options: Pick<DeviceOptions, "limits" | "eagerByteBudget"> = {},
): Promise<Opened> {
  const adapter = await openAdapter(request);
  try {
    const software = adapter.kind !== "gpu";
    const device = await openDevice({
      ...options,
      adapter: adapter.adapter,
      shaderText,
      software,
      polls: software,
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
