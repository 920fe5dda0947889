// Opens a WebGPU adapter through Dawn, and reads shader files. In the engine, only this folder imports Node built-ins,
// and only this file imports `webgpu`.
//
// Dawn lists the names of its adapters only in an error, and a bad Vulkan driver can crash the process. So a child
// process lists the adapters and makes a device on each; this process then opens the chosen one by name. If the system
// has no adapter, the SwiftShader of the npm package `@sparticuz/chromium` is unpacked into a cache folder, with its
// own Vulkan loader.

import { readFileSync } from "node:fs";
import type { AdapterKind, ListedAdapter } from "../adapter-words.ts";
import { inOrderOfChoice, lineOf, serves } from "../adapter-words.ts";
import { AdapterError, AttributeError } from "../errors.ts";
import { quote, show } from "../foreign-text.ts";
import { enabledDawnFeatures, quietEnv, withEnv } from "./environment.ts";
import { dlopenComplaint, loadLoader } from "./libraries.ts";
import { listInChild, type AdapterSurvey } from "./listing.ts";
import { versions } from "./packages.ts";
import { embeddedAdapter, embeddedTrouble, unpackSwiftshader } from "./swiftshader.ts";

export type { AdapterKind, ListedAdapter } from "../adapter-words.ts";
export type { AdapterSurvey } from "./listing.ts";
export { enabledDawnFeatures } from "./environment.ts";
export { versions } from "./packages.ts";
export { swiftshaderFolder } from "./swiftshader.ts";
export { cacheFolders } from "./unpacked.ts";

/** An adapter that is open in this process. */
export interface OpenedAdapter {
  readonly adapter: GPUAdapter;
  readonly kind: AdapterKind;
  /** The API that Dawn drives it through: "vulkan", "metal", "d3d12", … */
  readonly backend: string;
  /** For people and run records, such as "llvmpipe (LLVM 15.0.6, 256 bits), Mesa 25.0.7". */
  readonly name: string;
  /** One line that says which adapter runs and what it is; for one on the CPU also what would be faster. */
  readonly line: string;
  /** Releases Dawn once a destroyed device's `lost` has settled, so that Node can exit. The adapter can't be used then. */
  release(lost?: Promise<unknown>): void;
}

// ---------------------------------------------------------------------------------------------
// Shader text

const shaderTexts = new Map<string, string>();

/** Returns the text of `shaders/<path>`, such as `shaderText("lib/philox.wgsl")`. Each file is read once and cached. */
export function shaderText(path: string): string {
  let text = shaderTexts.get(path);
  if (text === undefined) {
    text = readFileSync(new URL(`../../../shaders/${path}`, import.meta.url), "utf8");
    shaderTexts.set(path, text);
  }
  return text;
}

// ---------------------------------------------------------------------------------------------
// Opening

// How to open an adapter: what it is, and the environment and Vulkan loader that it needs.
interface Choice {
  readonly adapter: ListedAdapter;
  readonly loader: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  /** Words for the end of the line, such as why no better adapter was chosen. */
  readonly remark: string;
}

interface Running {
  readonly gpu: GPU;
  readonly choice: Choice;
  users: number;
}

const BEST: GPURequestAdapterOptions = { powerPreference: "high-performance" };

// Dawn has one instance per process. `queue` makes overlapping calls wait for each other.
let running: Running | undefined;
let queue: Promise<unknown> = Promise.resolve();

/**
 * Opens an adapter and puts the WebGPU globals (`GPUBufferUsage`, …) on `globalThis`.
 * @param request `auto` (a GPU, else the system's software Vulkan, else the embedded SwiftShader), `gpu`, `software`,
 *   `swiftshader`, `null`, or a part of an adapter's name in any case. The default is LONGHAND_ADAPTER, or `auto` if
 *   that isn't set. A call while an adapter is open returns another handle to that adapter, if it serves the request.
 * @throws AdapterError if no adapter matches, or if one that doesn't match is open in this process.
 */
export function openAdapter(request?: string): Promise<OpenedAdapter> {
  if (request !== undefined && typeof request !== "string") {
    return Promise.reject(
      new AttributeError(
        `open: the adapter must be a name, such as "swiftshader"; got ${show(request)}; pass options second: open(undefined, { … })`,
      ),
    );
  }
  const wanted = (request ?? process.env["LONGHAND_ADAPTER"] ?? "").trim() || "auto";
  const opened = queue.then(() => open(wanted));
  queue = opened.catch(() => undefined);
  return opened;
}

async function open(request: string): Promise<OpenedAdapter> {
  if (running && !serves(running.choice.adapter, request)) {
    throw new AdapterError(
      `adapter ${quote(request)} can't be opened: this process already runs on ${running.choice.adapter.name}, and Dawn has one instance per process; release that one first, or use another process`,
    );
  }
  const { create, globals } = await importDawn();
  const choice = running?.choice ?? (await choose(request));
  const { name, kind, backend, device } = choice.adapter;
  Object.assign(globalThis, globals);
  if (choice.loader !== undefined) loadLoader(choice.loader);
  const { gpu, adapter } = await withEnv(choice.env, async () => {
    // The null backend has one adapter, which has no name.
    const named = device === "" ? [] : [`adapter=${device}`];
    // By default Dawn rounds timestamps to 0.07 ms, so that web pages can't measure time precisely.
    const flags = [
      `backend=${backend}`,
      "disable-dawn-features=timestamp_quantization",
      `enable-dawn-features=${enabledDawnFeatures().join(",")}`,
      ...named,
    ];
    const instance = running?.gpu ?? create(flags);
    return { gpu: instance, adapter: await instance.requestAdapter(BEST).catch(() => null) };
  });
  if (!adapter) {
    throw new AdapterError(
      `${name} is available, but Dawn couldn't open it; try adapter "swiftshader"`,
    );
  }
  running ??= { gpu, choice, users: 0 };
  running.users += 1;
  return {
    adapter,
    kind,
    backend,
    name,
    line: lineOf(choice.adapter) + choice.remark,
    release: releaser(),
  };
}

// While a promise of Dawn is pending, Node calls the instance at each turn of the event loop, even if it has been
// collected meanwhile. Such a call waits forever on a lock that no longer exists, or crashes. So instances are kept
// here.
const ending = new Set<GPU>();

function releaser(): OpenedAdapter["release"] {
  let released = false;
  return (lost = Promise.resolve()) => {
    if (released || !running) return;
    released = true;
    running.users -= 1;
    if (running.users > 0) return;
    const { gpu } = running;
    running = undefined;
    ending.add(gpu);
    void lost.finally(() => setImmediate(() => ending.delete(gpu)));
  };
}

async function choose(request: string): Promise<Choice> {
  const keyword = request.toLowerCase();
  if (keyword === "null") {
    const adapter: ListedAdapter = {
      name: "Dawn's null backend",
      kind: "null",
      backend: "null",
      device: "",
    };
    return { adapter, loader: undefined, env: {}, remark: "" };
  }
  if (keyword === "swiftshader") return embeddedChoice("");
  const system = await surveySystem();
  const adapter = system.adapters.find((listed) => serves(listed, request));
  if (adapter) return { adapter, loader: system.loader, env: quietEnv(), remark: "" };
  const reasons = system.trouble === undefined ? "" : ` (${system.trouble})`;
  if (keyword === "auto" || keyword === "software") return embeddedChoice(reasons);
  if (keyword === "gpu") {
    throw new AdapterError(
      `no GPU is available${reasons}: install its driver, or use adapter "auto" to run on the CPU`,
    );
  }
  const embedded = embeddedTrouble() === undefined ? [embeddedAdapter()] : [];
  if (embedded.some((listed) => serves(listed, request))) return embeddedChoice("");
  const names = [...system.adapters, ...embedded].map((listed) => `"${listed.name}"`);
  throw new AdapterError(
    `no adapter matches ${quote(request)}; available: ${names.join(", ") || `none${reasons}`}; or use auto, gpu, software or swiftshader`,
  );
}

async function importDawn(): Promise<typeof import("webgpu")> {
  try {
    return await import("webgpu");
  } catch (cause) {
    const { webgpu, glibc } = versions();
    const reason = cause instanceof Error ? cause.message : String(cause);
    const libc =
      process.platform === "linux" ? ` with ${glibc ? `glibc ${glibc}` : "no glibc"}` : "";
    throw new AdapterError(
      webgpu === undefined
        ? "Dawn isn't installed: it is the npm package webgpu (`npm install webgpu@0.6.2`)"
        : `Dawn, the npm package webgpu, doesn't load: it needs x64 or arm64 with Windows, macOS or Linux with glibc 2.34 (Debian 12, Ubuntu 22.04) or newer; this is ${process.platform}-${process.arch}${libc} (${reason.split("\n")[0]})`,
      { cause },
    );
  }
}

// ---------------------------------------------------------------------------------------------
// Listing

/**
 * Returns all available adapters, including the embedded SwiftShader, in the order that `auto` tries them. Each has
 * been tried in a child process.
 */
export async function listAdapters(): Promise<readonly ListedAdapter[]> {
  return (await surveyAdapters()).adapters;
}

/** Returns what `listAdapters` does, and what is wrong with the system's own drivers, if anything. */
export async function surveyAdapters(): Promise<AdapterSurvey> {
  await importDawn(); // if Dawn itself fails to load, the listing would blame a driver
  const [system, embedded] = await Promise.all([surveySystem(), surveyEmbedded()]);
  return { adapters: [...system.adapters, ...embedded], trouble: system.trouble };
}

interface SystemSurvey extends AdapterSurvey {
  /** The Vulkan loader to load first if the system has none. */
  readonly loader: string | undefined;
}

async function surveySystem(): Promise<SystemSurvey> {
  let loader: string | undefined;
  if (process.platform === "linux" && dlopenComplaint("libvulkan.so.1") !== undefined) {
    // A container with access to a GPU often has the GPU's driver but no loader, so lend it the embedded one.
    const lent = tryEmbedded();
    if (!lent) return { adapters: [], trouble: "the system has no Vulkan loader", loader };
    loader = lent.loader;
  }
  const { adapters, trouble } = await listInChild(loader, quietEnv());
  return { adapters: inOrderOfChoice(adapters), trouble, loader };
}

async function surveyEmbedded(): Promise<ListedAdapter[]> {
  const choice = tryEmbedded();
  if (!choice) return [];
  const { adapters } = await listInChild(choice.loader, choice.env);
  return adapters.length > 0 ? [choice.adapter] : [];
}

// ---------------------------------------------------------------------------------------------
// The embedded adapter

function embeddedChoice(remark: string): Choice {
  const trouble = embeddedTrouble();
  if (trouble !== undefined) {
    throw new AdapterError(`no adapter is available${remark}: ${trouble}; ${installAdvice()}`);
  }
  const { loader, driver, remark: anew } = unpackSwiftshader();
  const env = { ...quietEnv(), VK_DRIVER_FILES: driver, VK_ICD_FILENAMES: driver };
  return { adapter: embeddedAdapter(), loader, env, remark: remark + anew };
}

function tryEmbedded(): Choice | undefined {
  try {
    return embeddedChoice("");
  } catch {
    return undefined; // another system, or no folder to unpack it into
  }
}

/** Returns what to install so that Dawn finds an adapter on this system, as a clause. */
export function installAdvice(): string {
  switch (process.platform) {
    case "linux":
      return "install the GPU's Vulkan driver, or Mesa 24 or newer for the CPU (Debian, Ubuntu: `apt install libvulkan1 mesa-vulkan-drivers`)";
    case "darwin":
      return "Dawn needs a Mac with Metal";
    default:
      return "install the GPU's driver, with Direct3D 12 or Vulkan";
  }
}
