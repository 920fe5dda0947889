// Eager execution: launches and copies collect in one encoder, which is submitted when it is full or when somebody
// waits for its results.
import type { Storage } from "./array.ts";
import { rangeOf } from "./binding.ts";
import type { Dispatch } from "./dispatch.ts";
import type { Pipelines } from "./pipelines.ts";

const BATCH = 256; // dispatches per submit

/** Encodes eager launches of a device. */
export class Recorder {
  readonly #gpu: GPUDevice;
  readonly #pipelines: Pipelines;
  #encoder: GPUCommandEncoder | undefined;
  #pass: GPUComputePassEncoder | undefined;
  #encoded = 0;

  constructor(gpu: GPUDevice, pipelines: Pipelines) {
    this.#gpu = gpu;
    this.#pipelines = pipelines;
  }

  /** Encodes a launch. Submits everything encoded after every `BATCH` dispatches. */
  encode(dispatch: Dispatch): void {
    this.#encoder ??= this.#gpu.createCommandEncoder({ label: "eager" });
    this.#pass ??= this.#encoder.beginComputePass({ label: "eager" });
    this.#pass.setPipeline(this.#pipelines.make(dispatch.pipeline));
    this.#pass.setBindGroup(0, bindGroup(this.#gpu, dispatch));
    this.#pass.dispatchWorkgroups(...dispatch.workgroups);
    this.#encoded += 1;
    if (this.#encoded >= BATCH) this.flush();
  }

  /** Copies bytes from one buffer to the start of another, after all launches so far, and submits. */
  copy(from: GPUBuffer, offset: number, to: GPUBuffer, bytes: number): void {
    this.#end();
    this.#encoder ??= this.#gpu.createCommandEncoder({ label: "read" });
    this.#encoder.copyBufferToBuffer(from, offset, to, 0, bytes);
    this.flush();
  }

  /** Submits everything encoded. */
  flush(): void {
    this.#end();
    if (!this.#encoder) return;
    this.#gpu.queue.submit([this.#encoder.finish()]);
    this.#encoder = undefined;
    this.#encoded = 0;
  }

  #end(): void {
    this.#pass?.end();
    this.#pass = undefined;
  }
}

/**
 * Returns the bind group of a dispatch. Its label names the dispatch in every GPU error. `planned` holds the buffers
 * that a program assigned to temporaries.
 */
export function bindGroup(
  gpu: GPUDevice,
  dispatch: Dispatch,
  planned?: ReadonlyMap<Storage, GPUBuffer>,
): GPUBindGroup {
  return gpu.createBindGroup({
    label: dispatch.label,
    layout: dispatch.pipeline.layout,
    entries: dispatch.bindings.map(({ binding, array }) => ({
      binding,
      resource: rangeOf(array, dispatch.label, planned),
    })),
  });
}
