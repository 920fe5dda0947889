// A device on paper: arrays, traces and plans as on a real adapter, but nothing is allocated, compiled or run. It tells
// in advance how much memory something takes.
import { Device } from "./device.ts";
import type { DeviceOptions } from "./device-options.ts";
import { DEFAULT_LIMITS, DEVICE_FEATURES, requiredLimits } from "./limits.ts";

/** The properties of an adapter that decide which kernels a device launches. */
export type AdapterFacts = Pick<GPUAdapter, "features" | "limits" | "info">;

/** A buffer that a real device would have made. */
export interface PaperBuffer {
  readonly label: string;
  readonly size: number;
}

/** A device on paper, and its current buffers. */
export interface PaperDevice {
  readonly device: Device;
  readonly buffers: ReadonlySet<PaperBuffer>;
}

/** Returns a device as `openDevice` would open it on an adapter, except that its memory is unlimited. */
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
  // The part of a GPUDevice that a Device uses before it first waits for something.
  const gpu: GPUDevice = Object.assign(Object.create(null), {
    limits: {
      ...DEFAULT_LIMITS,
      ...requiredLimits("default", adapter.limits),
      maxStorageBufferBindingSize: Infinity,
      maxBufferSize: Infinity,
    },
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
