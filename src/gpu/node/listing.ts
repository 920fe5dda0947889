// Lists the adapters that Dawn finds, in a child process: a bad driver may crash that process, but not this one.

import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { adapterFrom, troubleOf, type ListedAdapter } from "../adapter-words.ts";

const require = createRequire(import.meta.url);

/** The machine's adapters, in the order that `auto` tries them. */
export interface AdapterSurvey {
  readonly adapters: readonly ListedAdapter[];
  /** What is wrong with the system's own drivers, as a clause; undefined if nothing is. */
  readonly trouble: string | undefined;
}

// Arguments: the URL of `webgpu`, and the path of a Vulkan loader or nothing. Prints one line of JSON per adapter as
// soon as it has made a device, so that a driver that crashes later doesn't hide the others. The first `create` asks
// for a name that no adapter has.
const LISTING = `
import { writeSync } from "node:fs";
import { constants } from "node:os";
const [, webgpu, loader] = process.argv;
const { RTLD_NOW, RTLD_GLOBAL } = constants.dlopen ?? {};
if (loader) {
  try { process.dlopen({ exports: {} }, loader, RTLD_NOW | RTLD_GLOBAL | 0x1000); } catch {}
}
const { create } = await import(webgpu);
const request = (...flags) => create(flags).requestAdapter({ powerPreference: "high-performance" });
const listing = await request("adapter=\\u0001").then(() => "", (error) => String(error.message));
const lines = new Set(listing.match(/backend: '[^']*', name: '.*'/g));
for (const line of lines) {
  const [, backend, device] = /backend: '([^']*)', name: '(.*)'/.exec(line);
  try {
    const adapter = await request("backend=" + backend, "adapter=" + device);
    const { description, isFallbackAdapter } = adapter.info;
    (await adapter.requestDevice()).destroy();
    writeSync(1, JSON.stringify({ backend, device, description, isFallbackAdapter }) + "\\n");
  } catch (error) {
    writeSync(2, "Warning: " + device + ": " + error.message + "\\n");
  }
}
process.exit(0);
`;

const LISTING_MS = 30_000;

/** Lists adapters in a child process, which may load a Vulkan loader first and gets extra variables. Never rejects. */
export async function listInChild(
  loader: string | undefined,
  env: Readonly<Record<string, string>>,
): Promise<AdapterSurvey> {
  const webgpu = pathToFileURL(require.resolve("webgpu")).href;
  const args = ["--input-type=module", "--eval", LISTING, webgpu, loader ?? ""];
  // NODE_OPTIONS is meant for this process (such as a debugger's); DAWNNODE_BACKEND would hide adapters.
  const { NODE_OPTIONS: _, DAWNNODE_BACKEND: __, ...own } = process.env;
  const options = { env: { ...own, ...env }, timeout: LISTING_MS, windowsHide: true };
  return new Promise((resolve) => {
    execFile(process.execPath, args, options, (error, stdout, stderr) => {
      const adapters = stdout
        .split("\n")
        .flatMap((line) => (line ? [adapterFrom(JSON.parse(line))] : []));
      resolve({ adapters, trouble: troubleOf(error, stderr, adapters.length) });
    });
  });
}
