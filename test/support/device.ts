// The device that GPU tests run on: whatever `auto` finds, or LONGHAND_ADAPTER. One a file.
import { afterAll, afterEach } from "vitest";
import { openDevice, type Device } from "../../src/gpu/device.ts";
import { openAdapter, shaderText } from "../../src/gpu/node.ts";

/** Opens the test file's device; after each test it must be free of GPU errors, after all it is let go. */
export async function testDevice(): Promise<Device> {
  const opened = await openAdapter();
  const device = await openDevice({
    adapter: opened.adapter,
    shaderText,
    software: opened.kind !== "gpu",
  });
  afterEach(async () => device.idle());
  afterAll(() => {
    device.destroy();
    opened.release();
  });
  return device;
}
