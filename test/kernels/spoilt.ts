// A device with a fault in one place of its kernels, which shows whether the tests notice it.
import { Device } from "../../src/gpu/device.ts";
import { shaderText } from "../../src/gpu/node/adapter.ts";

/** One change to a shader's text. */
export interface Mutant {
  readonly file: string;
  /** Text that the file holds, once. */
  readonly from: string;
  readonly to: string;
}

/** The same GPU device under an engine that reads spoilt shaders. Throws if there is nothing to spoil. */
export function spoilt(device: Device, { file, from, to }: Mutant): Device {
  const parts = shaderText(file).split(from);
  if (parts.length !== 2) {
    throw new Error(`${file} holds ${parts.length - 1} times: ${from}`);
  }
  return sibling(device, (path) => (path === file ? parts.join(to) : shaderText(path)));
}

/** Another engine on the same GPU device: its arrays are strangers to the first one's. */
export function sibling(device: Device, text: (path: string) => string = shaderText): Device {
  return new Device(device.gpu, { shaderText: text, software: device.software });
}
