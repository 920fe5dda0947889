// A device for the length of a command.
import type { Device } from "../gpu/device.ts";
import type { OpenedAdapter } from "../gpu/node.ts";
import { open } from "../node.ts";

/** Opens an adapter and a device, runs `body`, and lets both go so that Node can exit. */
export async function withDevice<T>(
  request: string | undefined,
  body: (device: Device, adapter: OpenedAdapter) => Promise<T>,
): Promise<T> {
  const { device, adapter, close } = await open(request);
  try {
    return await body(device, adapter);
  } finally {
    close();
  }
}
