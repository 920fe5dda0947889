// Which adapters Dawn finds, as a child process tells: a bad driver may take that down, not this one.

import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { adapterFrom, troubleOf, type ListedAdapter } from "../adapter-words.ts";

const require = createRequire(import.meta.url);

/** What the machine has to offer, in the order that `auto` tries it. */
export interface AdapterSurvey {
  readonly adapters: readonly ListedAdapter[];
  /** Why the system's own drivers give less than they might, in a clause; undefined when nothing is wrong. */
  readonly trouble: string | undefined;
}

// Arguments: the URL of `webgpu`, and the path of a Vulkan loader or nothing. Prints a line of
// JSON for each adapter as soon as that has made a device, so that a driver that crashes later
// doesn't take the others along. No adapter has the name that the first `create` asks for.
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

/** The adapters that a child process finds, with a Vulkan loader to load first and variables of its own. Never rejects. */
export async function listInChild(
  loader: string | undefined,
  env: Readonly<Record<string, string>>,
): Promise<AdapterSurvey> {
  const webgpu = pathToFileURL(require.resolve("webgpu")).href;
  const args = ["--input-type=module", "--eval", LISTING, webgpu, loader ?? ""];
  // NODE_OPTIONS is for this process (a debugger, say); DAWNNODE_BACKEND would hide adapters.
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
