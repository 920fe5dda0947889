// A device for the length of a command.
import { openDevice, type Device } from "../gpu/device.ts";
import { openAdapter, shaderText, type OpenedAdapter } from "../gpu/node.ts";

/** Opens an adapter and a device, runs `body`, and lets both go so that Node can exit. */
export async function withDevice<T>(
  adapter: string | undefined,
  body: (device: Device, opened: OpenedAdapter) => Promise<T>,
): Promise<T> {
  const opened = await openAdapter(adapter);
  try {
    const software = opened.kind !== "gpu";
    const device = await openDevice({ adapter: opened.adapter, shaderText, software });
    try {
      return await body(device, opened);
    } finally {
      device.destroy();
    }
  } finally {
    opened.release();
  }
}
