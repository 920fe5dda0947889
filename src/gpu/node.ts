// The platform file for Node: opens a WebGPU adapter through Dawn and reads shader files. The
// only file of the engine that imports Node built-ins, and the only one that imports `webgpu`.
//
// Dawn tells the names of its adapters only in an error, and a bad Vulkan driver can take the
// process down with it. So a child process lists them and makes a device on each; this process
// then opens the chosen one by name. Where npm is all there is, the SwiftShader that
// `@sparticuz/chromium` carries is unpacked into a cache folder, with its own Vulkan loader.

import { execFile } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { constants, homedir, tmpdir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { pathToFileURL } from "node:url";
import { brotliDecompressSync } from "node:zlib";
import type { AdapterKind, ListedAdapter } from "./adapter-words.ts";
import { adapterFrom, inOrderOfChoice, lineOf, serves, troubleOf } from "./adapter-words.ts";
import { AdapterError } from "./errors.ts";
import { quote, wordsOf } from "./foreign-text.ts";
import { tarFiles, type TarFile } from "./tar.ts";

export type { AdapterKind, ListedAdapter } from "./adapter-words.ts";

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

/** What the machine has to offer, in the order that `auto` tries it. */
export interface AdapterSurvey {
  readonly adapters: readonly ListedAdapter[];
  /** Why the system's own drivers give less than they might, in a clause; undefined when nothing is wrong. */
  readonly trouble: string | undefined;
}

const require = createRequire(import.meta.url);

// ---------------------------------------------------------------------------------------------
// Shader text

const shaderTexts = new Map<string, string>();

/** The text of `shaders/<path>`, such as `shaderText("lib/philox.wgsl")`; read once and kept. */
export function shaderText(path: string): string {
  let text = shaderTexts.get(path);
  if (text === undefined) {
    text = readFileSync(new URL(`../../shaders/${path}`, import.meta.url), "utf8");
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
      `no GPU is in reach${reasons}: install its driver (\`npm run doctor\` tells more), or ask for adapter "auto" to run on the CPU`,
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
    const libc =
      process.platform === "linux" ? ` with ${glibc ? `glibc ${glibc}` : "no glibc"}` : "";
    throw new AdapterError(
      webgpu === undefined
        ? "Dawn isn't installed: run `npm install` (it's the npm package webgpu)"
        : `Dawn, the npm package webgpu, doesn't load: it needs x64 or arm64 with Windows, macOS or Linux with glibc 2.34 (Debian 12, Ubuntu 22.04) or newer; this is ${process.platform}-${process.arch}${libc} (${wordsOf(cause)})`,
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
  if (process.platform === "linux" && !loads("libvulkan.so.1")) {
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

async function listInChild(
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

// ---------------------------------------------------------------------------------------------
// Shared libraries (Linux)

const RTLD_NODELETE = 0x1000; // keeps a library loaded though Node drops it

// Why a library doesn't load, or undefined if it does. Node's dlopen takes any library, then
// complains that it isn't one of Node's own: that one loaded.
function dlopenComplaint(library: string, flags: number): string | undefined {
  try {
    process.dlopen({ exports: {} }, library, flags);
  } catch (error) {
    const message = wordsOf(error, Infinity);
    if (!message.includes("self-register")) return message;
  }
  return undefined;
}

function loads(library: string): boolean {
  return dlopenComplaint(library, constants.dlopen.RTLD_LAZY) === undefined;
}

// Dawn asks for `libvulkan.so.1` by that name: a library of this name that is loaded already,
// for all to see and to stay, is the one it gets.
function loadLoader(path: string): void {
  const { RTLD_NOW, RTLD_GLOBAL } = constants.dlopen;
  const complaint = dlopenComplaint(path, RTLD_NOW | RTLD_GLOBAL | RTLD_NODELETE);
  if (complaint !== undefined) {
    throw new AdapterError(`the embedded Vulkan loader doesn't load: ${complaint}`);
  }
}

// ---------------------------------------------------------------------------------------------
// The embedded SwiftShader

const LOADER = "libvulkan.so.1";
const DRIVER = "vk_swiftshader_icd.json";
const SWIFTSHADER_FILES: readonly string[] = [LOADER, DRIVER, "libvk_swiftshader.so"];

// It asks for an older glibc than Dawn, which has loaded by the time that this matters.
function embeddedTrouble(): string | undefined {
  const { platform, arch } = process;
  if (platform !== "linux" || arch !== "x64") {
    return `the embedded SwiftShader is for Linux on x64, and this is ${platform}-${arch}`;
  }
  return chromiumFolder() === undefined
    ? "the npm package @sparticuz/chromium, which brings SwiftShader, isn't installed"
    : undefined;
}

function embeddedAdapter(): ListedAdapter {
  const name = `SwiftShader, from @sparticuz/chromium ${versionIn(chromiumFolder())}`;
  return { name, kind: "swiftshader", backend: "vulkan", device: "SwiftShader" };
}

function embeddedChoice(remark: string): Choice {
  const trouble = embeddedTrouble();
  if (trouble !== undefined) {
    throw new AdapterError(`no adapter is in reach${remark}: ${trouble}; ${installAdvice()}`);
  }
  const folder = unpackSwiftshader();
  const driver = join(folder, DRIVER);
  const env = { ...quietEnv(), VK_DRIVER_FILES: driver, VK_ICD_FILENAMES: driver };
  return { adapter: embeddedAdapter(), loader: join(folder, LOADER), env, remark };
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

/** The folder of the unpacked SwiftShader; undefined while it isn't unpacked. */
export function swiftshaderFolder(): string | undefined {
  return embeddedTrouble() === undefined ? swiftshaderFolders().find(isSwiftshader) : undefined;
}

function swiftshaderFolders(): string[] {
  return cacheFolders(`swiftshader-${versionIn(chromiumFolder())}`);
}

function isSwiftshader(folder: string): boolean {
  return hasFiles(folder, SWIFTSHADER_FILES);
}

function unpackSwiftshader(): string {
  const complaints: string[] = [];
  for (const folder of swiftshaderFolders()) {
    try {
      unpackOnce(folder, SWIFTSHADER_FILES, (fresh) => {
        for (const { name, bytes } of embeddedFiles("swiftshader.tar.br")) {
          if (SWIFTSHADER_FILES.includes(name)) writeUnpacked(join(fresh, name), bytes);
        }
      });
      const complaint = dlopenComplaint(join(folder, LOADER), constants.dlopen.RTLD_LAZY);
      if (complaint === undefined) return folder;
      complaints.push(complaint); // a cache on a disk mounted noexec, say
    } catch (error) {
      complaints.push(wordsOf(error));
    }
  }
  throw new AdapterError(
    `the embedded SwiftShader can't be unpacked (${complaints.join("; ")}): set XDG_CACHE_HOME to a folder of yours with 8 MB to spare`,
  );
}

// ---------------------------------------------------------------------------------------------
// Unpacking what `@sparticuz/chromium` carries

/** Where an unpacked folder of that name may live, the best first: the user's cache, else the system's temporary folder. */
export function cacheFolders(name: string): string[] {
  const xdg = process.env["XDG_CACHE_HOME"] ?? "";
  const own = join(tmpdir(), `longhand-${process.getuid?.() ?? 0}`);
  let roots = [own];
  try {
    roots = [join(isAbsolute(xdg) ? xdg : join(homedir(), ".cache"), "longhand"), own];
  } catch {
    // `homedir` throws for a user id without an entry in passwd, as some containers have.
  }
  return roots.map((root) => join(root, name));
}

/**
 * Makes `folder` hold `files`, none of them empty: unless it does already, `fill` writes them into a
 * fresh folder, which then takes its place. Several processes may come here at once: the first to
 * come wins, the others use what it made. Throws what the system says when it refuses.
 */
export function unpackOnce(
  folder: string,
  files: readonly string[],
  fill: (fresh: string) => void,
): void {
  const root = dirname(folder);
  mkdirSync(root, { recursive: true, mode: 0o700 });
  const { uid, mode } = lstatSync(root);
  if (uid !== process.getuid?.() || (mode & 0o002) !== 0) {
    // Who owns it could give us code to run.
    throw new Error(`${root} belongs to another user, or anyone may write to it`);
  }
  if (hasFiles(folder, files)) return;
  const fresh = mkdtempSync(join(root, ".unpacking-"));
  try {
    fill(fresh);
    moveInto(fresh, folder, files);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

function moveInto(fresh: string, folder: string, files: readonly string[]): void {
  try {
    renameSync(fresh, folder);
  } catch (error) {
    if (hasFiles(folder, files)) return;
    if (!existsSync(folder)) throw error;
    // Files have gone missing from it: temporary folders get swept.
    renameSync(folder, `${fresh}-swept`);
    rmSync(`${fresh}-swept`, { recursive: true });
    renameSync(fresh, folder);
  }
}

function hasFiles(folder: string, files: readonly string[]): boolean {
  const size = (file: string): number =>
    statSync(join(folder, file), { throwIfNoEntry: false })?.size ?? 0;
  return files.every((file) => size(file) > 0);
}

/** Writes a program or library, flushed, so that a power cut can't leave a renamed folder with hollow files. */
export function writeUnpacked(path: string, bytes: Uint8Array): void {
  writeFileSync(path, bytes, { mode: 0o755, flush: true });
}

/** The files of an archive of `@sparticuz/chromium`, such as `swiftshader.tar.br`, by their base names. */
export function embeddedFiles(archive: string): Iterable<TarFile> {
  return tarFiles(embeddedBytes(archive));
}

/** The bytes of a brotli file of `@sparticuz/chromium`, such as `chromium.br`, unpacked. */
export function embeddedBytes(file: string): Buffer {
  return brotliDecompressSync(readFileSync(join(chromiumFolder() ?? "", "bin", file)));
}

// ---------------------------------------------------------------------------------------------
// Versions

/** Versions of what an adapter runs on, for `doctor` and run records; undefined where there is none. */
export function versions(): Readonly<Record<"webgpu" | "chromium" | "glibc", string | undefined>> {
  const report: { header?: { glibcVersionRuntime?: string } } =
    process.platform === "linux" ? process.report.getReport() : {};
  return {
    webgpu: versionIn(packageFolder("webgpu", ".")),
    chromium: versionIn(chromiumFolder()),
    glibc: report.header?.glibcVersionRuntime,
  };
}

function versionIn(folder: string | undefined): string | undefined {
  if (folder === undefined) return undefined;
  const manifest: { version: string } = JSON.parse(
    readFileSync(join(folder, "package.json"), "utf8"),
  );
  return manifest.version;
}

function chromiumFolder(): string | undefined {
  return packageFolder("@sparticuz/chromium", "../.."); // its main file is build/cjs/index.cjs
}

// Neither package exports its package.json, so the way there is from its main file.
function packageFolder(name: string, fromMain: string): string | undefined {
  try {
    return join(dirname(require.resolve(name)), fromMain);
  } catch {
    return undefined;
  }
}
