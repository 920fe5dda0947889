// A device on paper: arrays, traces and plans as an adapter would have them, while nothing is allocated, compiled or
// run. It says how much memory something takes before anything is done.
import { Device } from "./device.ts";
import type { DeviceOptions } from "./device-options.ts";
import { DEFAULT_LIMITS, DEVICE_FEATURES } from "./limits.ts";

/** What of an adapter decides on the kernels that a device launches. */
export type AdapterFacts = Pick<GPUAdapter, "features" | "limits" | "info">;

/** A buffer that would have been made. */
export interface PaperBuffer {
  readonly label: string;
  readonly size: number;
}

/** A device on paper, and the buffers that it has at the moment. */
export interface PaperDevice {
  readonly device: Device;
  readonly buffers: ReadonlySet<PaperBuffer>;
}

/** A device as `openDevice` would open it on an adapter, but that it has any amount of memory. */
export function paperDevice(
  adapter: AdapterFacts,
  options: Pick<DeviceOptions, "shaderText" | "software">,
): PaperDevice {
  const buffers = new Set<PaperBuffer>();
  const nothing = (): undefined => undefined;
  const object = (): object => ({});
  const pass = {
    setPipeline: nothing,
    setBindGroup: nothing,
    dispatchWorkgroups: nothing,
    end: nothing,
  };
  const encoder = { beginComputePass: () => pass, copyBufferToBuffer: nothing, finish: object };
  // As much of a GPUDevice as a Device calls until it waits for something.
  const gpu: GPUDevice = Object.assign(Object.create(null), {
    limits: { ...DEFAULT_LIMITS, maxStorageBufferBindingSize: Infinity, maxBufferSize: Infinity },
    features: new Set(DEVICE_FEATURES.filter((feature) => adapter.features.has(feature))),
    adapterInfo: adapter.info,
    lost: new Promise(nothing),
    queue: { writeBuffer: nothing, submit: nothing },
    addEventListener: nothing,
    destroy: nothing,
    createBuffer({ label = "", size }: GPUBufferDescriptor): object {
      const buffer = { label, size, destroy: () => buffers.delete(buffer) };
      buffers.add(buffer);
      return buffer;
    },
    createBindGroup: object,
    createBindGroupLayout: object,
    createPipelineLayout: object,
    createShaderModule: object,
    createComputePipeline: object,
    createCommandEncoder: () => encoder,
  });
  return { device: new Device(gpu, { ...options, eagerByteBudget: Infinity }), buffers };
}
