// The check of an argument that has to be a device, which it can't make itself.
import { Device } from "./device.ts";
import { AttributeError } from "./errors.ts";
import { show } from "./foreign-text.ts";

/** Throws `AttributeError` unless a value is a device. */
export function checkDevice(op: string, device: unknown): void {
  if (device instanceof Device) return;
  throw new AttributeError(
    `${op}: takes a device first, as open of longhand/node or openDevice makes it; got ${show(device)}`,
  );
}
