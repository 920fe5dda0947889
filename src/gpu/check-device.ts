// The check that an argument is a device. It has its own file because device.ts itself imports the other checks.
import { Device } from "./device.ts";
import { AttributeError } from "./errors.ts";
import { show } from "./foreign-text.ts";

/** Throws `AttributeError` unless a value is a device. */
export function checkDevice(op: string, device: unknown): void {
  if (device instanceof Device) return;
  throw new AttributeError(
    `${op}: the first argument must be a device, from openDevice or from open of longhand/node; got ${show(device)}`,
  );
}
