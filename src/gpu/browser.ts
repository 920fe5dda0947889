// The platform file for browsers, as node.ts is Node's: opens the adapter that the browser gives, and has the shaders'
// text from a module.

import { kindOf, lineOf, nameOf } from "./adapter-words.ts";
import { AdapterError } from "./errors.ts";
import { shaders } from "./shader-map.ts";

/** The adapter that the browser chose. */
export interface BrowserAdapter {
  readonly adapter: GPUAdapter;
  /** For people, such as "nvidia ampere"; some browsers tell no more than that there is one. */
  readonly name: string;
  /** Which adapter runs and what it is, in one line; on the CPU it says so. */
  readonly line: string;
  /** True where shaders run on the CPU. */
  readonly software: boolean;
}

/** The text of `shaders/<path>`, such as `shaderText("lib/philox.wgsl")`. Throws if there is none. */
export function shaderText(path: string): string {
  const text = shaders[path];
  if (text === undefined) throw new Error(`shaders/${path}: not in the bundle`);
  return text;
}

/**
 * Opens the browser's best adapter, in a page or in a worker.
 * @throws AdapterError where the browser has no WebGPU, hides it, or finds no adapter.
 */
export async function openAdapter(): Promise<BrowserAdapter> {
  if (!isSecureContext) {
    throw new AdapterError(
      "Browsers offer WebGPU to secure pages only: open this one by https, or on localhost.",
    );
  }
  // Typed as always there, which is not so in older browsers.
  const gpu: GPU | undefined = navigator.gpu;
  if (!gpu) {
    throw new AdapterError(
      "This browser has no WebGPU: use Chrome or Edge 113, Safari 26, Firefox 141 or newer; some have it for Windows and macOS only.",
    );
  }
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) {
    throw new AdapterError(
      "This browser has WebGPU but finds no adapter for it: turn on hardware acceleration in its settings and update the graphics driver (chrome://gpu tells what is wrong).",
    );
  }
  const { vendor, architecture, device, description, isFallbackAdapter } = adapter.info;
  const called = device || [vendor, architecture].filter(Boolean).join(" ");
  const name = nameOf(called || "an adapter without a name", description);
  const kind = kindOf("webgpu", `${called} ${description}`, isFallbackAdapter);
  const line = lineOf({ name, kind, backend: "the browser" });
  return { adapter, name, line, software: kind !== "gpu" };
}
