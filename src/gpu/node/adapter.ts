// Opens a WebGPU adapter through Dawn and reads shader files. With the other files of this folder the
// only one of the engine that imports Node built-ins, and the only one that imports `webgpu`.
//
// Dawn tells the names of its adapters only in an error, and a bad Vulkan driver can take the
// process down with it. So a child process lists them and makes a device on each; this process
// then opens the chosen one by name. Where npm is all there is, the SwiftShader that
// `@sparticuz/chromium` carries is unpacked into a cache folder, with its own Vulkan loader.

import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import type { AdapterKind, ListedAdapter } from "../adapter-words.ts";
import { inOrderOfChoice, lineOf, serves } from "../adapter-words.ts";
import { AdapterError, AttributeError } from "../errors.ts";
import { quote, show } from "../foreign-text.ts";
import { dlopenComplaint, loadLoader } from "./libraries.ts";
import { listInChild, type AdapterSurvey } from "./listing.ts";
import { versions } from "./packages.ts";
import { embeddedAdapter, embeddedTrouble, unpackSwiftshader } from "./swiftshader.ts";

export type { AdapterKind, ListedAdapter } from "../adapter-words.ts";
export type { AdapterSurvey } from "./listing.ts";
export { versions } from "./packages.ts";
export { swiftshaderFolder } from "./swiftshader.ts";
export { cacheFolders } from "./unpacked.ts";

/** An adapter that is open in this process. */
export interface OpenedAdapter {
  readonly adapter: GPUAdapter;
  readonly kind: AdapterKind;
  /** For people and run records, such as "llvmpipe (LLVM 15.0.6, 256 bits), Mesa 25.0.7". */
  readonly name: string;
  /** Which adapter runs and what it is, in one line; on the CPU it says so, and what would be faster. */
  readonly line: string;
  /** Lets Dawn go, once a destroyed device's `lost` has settled, so that Node exits by itself; the adapter is void. */
  release(lost?: Promise<unknown>): void;
}

// ---------------------------------------------------------------------------------------------
// Shader text

const shaderTexts = new Map<string, string>();

/** The text of `shaders/<path>`, such as `shaderText("lib/philox.wgsl")`; read once and kept. */
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

// How to open an adapter: what it is, and the environment and Vulkan loader that it wants.
interface Choice {
  readonly adapter: ListedAdapter;
  readonly loader: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  /** Words for the end of the line: why a better adapter was passed over. */
  readonly remark: string;
}

interface Running {
  readonly gpu: GPU;
  readonly choice: Choice;
  users: number;
}

const BEST: GPURequestAdapterOptions = { powerPreference: "high-performance" };

// Dawn has one instance a process. `queue` makes calls that overlap wait for each other.
let running: Running | undefined;
let queue: Promise<unknown> = Promise.resolve();

/**
 * Opens an adapter and puts the WebGPU globals (`GPUBufferUsage`, …) on `globalThis`.
 * @param request `auto` (a GPU, else the system's software Vulkan, else the embedded
 *   SwiftShader), `gpu`, `software`, `swiftshader`, `null`, or part of an adapter's name in any
 *   case. Without it LONGHAND_ADAPTER decides, else `auto`. A further call while one is open
 *   gives another adapter of the same instance, if that serves the request.
 * @throws AdapterError when nothing fits, or when another adapter is open in this process.
 */
export function openAdapter(request?: string): Promise<OpenedAdapter> {
  if (request !== undefined && typeof request !== "string") {
    return Promise.reject(
      new AttributeError(
        `open: the adapter is asked for by name, such as "swiftshader"; got ${show(request)}: put options behind it, open(undefined, { … })`,
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
      `adapter ${quote(request)} can't be opened: this process already runs on ${running.choice.adapter.name}, and Dawn has one instance a process; release that one first, or use another process`,
    );
  }
  const { create, globals } = await importDawn();
  const choice = running?.choice ?? (await choose(request));
  const { name, kind, backend, device } = choice.adapter;
  Object.assign(globalThis, globals);
  if (choice.loader !== undefined) loadLoader(choice.loader);
  const { gpu, adapter } = await withEnv(choice.env, async () => {
    // The null backend has one adapter, and no name to look for.
    const named = device === "" ? [] : [`adapter=${device}`];
    // Dawn rounds timestamps to 0.07 ms, for the sake of pages that must not tell time.
    const flags = [`backend=${backend}`, "disable-dawn-features=timestamp_quantization", ...named];
    const instance = running?.gpu ?? create(flags);
    return { gpu: instance, adapter: await instance.requestAdapter(BEST).catch(() => null) };
  });
  if (!adapter) {
    throw new AdapterError(
      `${name} is in reach, but Dawn couldn't open it; try adapter "swiftshader"`,
    );
  }
  running ??= { gpu, choice, users: 0 };
  running.users += 1;
  return { adapter, kind, name, line: lineOf(choice.adapter) + choice.remark, release: releaser() };
}

// As long as Dawn owes a promise it has Node call the instance at each turn of the event loop, and one that was
// collected meanwhile is called all the same: it waits for ever on a lock that is gone, or crashes.
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
      `no GPU is in reach${reasons}: install its driver, or ask for adapter "auto" to run on the CPU`,
    );
  }
  const embedded = embeddedTrouble() === undefined ? [embeddedAdapter()] : [];
  if (embedded.some((listed) => serves(listed, request))) return embeddedChoice("");
  const names = [...system.adapters, ...embedded].map((listed) => `"${listed.name}"`);
  throw new AdapterError(
    `no adapter is called ${quote(request)}; in reach: ${names.join(", ") || `none${reasons}`}; or ask for auto, gpu, software or swiftshader`,
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
        ? "Dawn isn't installed: it's the npm package webgpu (`npm install webgpu@0.6.2`)"
        : `Dawn, the npm package webgpu, doesn't load: it needs x64 or arm64 with Windows, macOS or Linux with glibc 2.34 (Debian 12, Ubuntu 22.04) or newer; this is ${process.platform}-${process.arch}${libc} (${reason.split("\n")[0]})`,
      { cause },
    );
  }
}

// The Vulkan loader reads the environment each time that Dawn makes an instance; nobody else
// should see what it is told.
async function withEnv<T>(
  env: Readonly<Record<string, string>>,
  body: () => Promise<T>,
): Promise<T> {
  const before = Object.keys(env).map((key) => [key, process.env[key]] as const);
  Object.assign(process.env, env);
  try {
    return await body();
  } finally {
    for (const [key, value] of before) {
      if (value === undefined) delete process.env[key];
      else process.env[key] = value;
    }
  }
}

// lavapipe complains on stderr when it finds no XDG_RUNTIME_DIR.
function quietEnv(): Record<string, string> {
  return process.platform === "linux" && !process.env["XDG_RUNTIME_DIR"]
    ? { XDG_RUNTIME_DIR: tmpdir() }
    : {};
}

// ---------------------------------------------------------------------------------------------
// Listing

/** All adapters in reach, the embedded SwiftShader too, in the order that `auto` tries them; each was tried in a child process. */
export async function listAdapters(): Promise<readonly ListedAdapter[]> {
  return (await surveyAdapters()).adapters;
}

/** As `listAdapters`, with what is wrong with the system's own drivers, if anything. */
export async function surveyAdapters(): Promise<AdapterSurvey> {
  await importDawn(); // where Dawn itself fails, the listing would blame a driver
  const [system, embedded] = await Promise.all([surveySystem(), surveyEmbedded()]);
  return { adapters: [...system.adapters, ...embedded], trouble: system.trouble };
}

interface SystemSurvey extends AdapterSurvey {
  /** A Vulkan loader to load first, where the system has none of its own. */
  readonly loader: string | undefined;
}

async function surveySystem(): Promise<SystemSurvey> {
  let loader: string | undefined;
  if (process.platform === "linux" && dlopenComplaint("libvulkan.so.1") !== undefined) {
    // A container given a GPU often has the GPU's driver and no loader: lend it ours.
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
// What there is beside the system's own

function embeddedChoice(remark: string): Choice {
  const trouble = embeddedTrouble();
  if (trouble !== undefined) {
    throw new AdapterError(`no adapter is in reach${remark}: ${trouble}; ${installAdvice()}`);
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

/** What to install so that Dawn finds an adapter on this system, as a clause. */
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
