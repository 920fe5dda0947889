// The platform file for browsers, as node/adapter.ts is for Node. It opens the browser's adapter and takes the shaders'
// text from a module.

import { kindOf, lineOf, nameOf } from "./adapter-words.ts";
import { AdapterError } from "./errors.ts";
import { shaders } from "./shader-map.ts";

/** The adapter that the browser chose. */
export interface BrowserAdapter {
  readonly adapter: GPUAdapter;
  /** For people, such as "nvidia ampere". Some browsers only tell that there is an adapter. */
  readonly name: string;
  /** One line that says which adapter runs, what it is, and whether it runs on the CPU. */
  readonly line: string;
  /** True if shaders run on the CPU. */
  readonly software: boolean;
}

/** Returns the text of `shaders/<path>`, such as `shaderText("lib/philox.wgsl")`. Throws if there is none. */
export function shaderText(path: string): string {
  const text = shaders[path];
  if (text === undefined) throw new Error(`shaders/${path}: not in the bundle`);
  return text;
}

/**
 * Opens the browser's best adapter, in a page or in a worker.
 * @throws AdapterError if the browser has no WebGPU, hides it, or finds no adapter.
 */
export async function openAdapter(): Promise<BrowserAdapter> {
  if (!isSecureContext) {
    throw new AdapterError(
      "Browsers offer WebGPU only to secure pages: open this one over https or on localhost.",
    );
  }
  // The types say that it is always there, but older browsers lack it.
  const gpu: GPU | undefined = navigator.gpu;
  if (!gpu) {
    throw new AdapterError(
      "This browser has no WebGPU: use Chrome or Edge 113, Safari 26, Firefox 141 or newer; some offer it only on Windows and macOS.",
    );
  }
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) {
    throw new AdapterError(
      "This browser has WebGPU but finds no adapter for it: turn on hardware acceleration in its settings and update the graphics driver (chrome://gpu says what is wrong).",
    );
  }
  const { vendor, architecture, device, description, isFallbackAdapter } = adapter.info;
  const called = device || [vendor, architecture].filter(Boolean).join(" ");
  const name = nameOf(called || "an adapter without a name", description);
  const kind = kindOf("webgpu", `${called} ${description}`, isFallbackAdapter);
  const line = lineOf({ name, kind, backend: "the browser" });
  return { adapter, name, line, software: kind !== "gpu" };
}
