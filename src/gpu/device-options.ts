// What a device is opened with.
import { AttributeError } from "./errors.ts";
import type { Wait } from "./faults.ts";
import { show } from "./foreign-text.ts";
import type { LimitRequest } from "./limits.ts";

/** What `openDevice` needs: an adapter, and where the text of `shaders/` is found. */
export interface DeviceOptions {
  readonly adapter: GPUAdapter;
  readonly shaderText: (path: string) => string;
  /** True on an adapter that runs on the CPU: chooses the default variants of kernels. */
  readonly software: boolean;
  /** How to wait for what the GPU owes, where `await` alone keeps a CPU core busy. Default: that. */
  readonly wait?: Wait;
  /** Which limits to ask the adapter for. Default: WebGPU's defaults. */
  readonly limits?: LimitRequest;
  /** Eager arrays may hold this many bytes at once before an op throws `MemoryError`. Default 2 GiB. */
  readonly eagerByteBudget?: number;
}

/** Throws `AttributeError` unless a device can be opened with such options. */
export function checkDeviceOptions(options: unknown): void {
  const given = typeof options === "object" && options !== null ? options : {};
  const { adapter, shaderText } = Object.assign(Object.create(null), given);
  const opens = typeof adapter === "object" && adapter !== null && "requestDevice" in adapter;
  if (opens && typeof shaderText === "function") return;
  throw new AttributeError(
    `openDevice: takes { adapter: a GPUAdapter, shaderText: a function, software: true or false }; got ${show(options)}; on Node, open of longhand/node does all that`,
  );
}
