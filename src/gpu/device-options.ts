// The options that a device is opened with.
import { AttributeError } from "./errors.ts";
import type { Wait } from "./faults.ts";
import { show } from "./foreign-text.ts";
import type { LimitRequest } from "./limits.ts";

/** What `openDevice` needs: an adapter, and how to get the texts of `shaders/`. */
export interface DeviceOptions {
  readonly adapter: GPUAdapter;
  readonly shaderText: (path: string) => string;
  /** True for an adapter that runs on the CPU. It decides the default variants of kernels. */
  readonly software: boolean;
  /** How to wait for the GPU if `await` alone would keep a CPU core busy. Default: `await` alone. */
  readonly wait?: Wait;
  /** Which limits to ask the adapter for. Default: WebGPU's defaults. */
  readonly limits?: LimitRequest;
  /** The bytes that eager arrays may hold together before an op throws `MemoryError`. Default 2 GiB. */
  readonly eagerByteBudget?: number;
}

/** Throws `AttributeError` unless a device can be opened with these options. */
export function checkDeviceOptions(options: unknown): void {
  const given = typeof options === "object" && options !== null ? options : {};
  const { adapter, shaderText } = Object.assign(Object.create(null), given);
  const opens = typeof adapter === "object" && adapter !== null && "requestDevice" in adapter;
  if (opens && typeof shaderText === "function") return;
  throw new AttributeError(
    `openDevice: options must be { adapter: a GPUAdapter, shaderText: a function, software: true or false }; got ${show(options)}; on Node, use open of longhand/node`,
  );
}
