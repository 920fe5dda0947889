// Runs child processes that open an adapter, for tests of their surroundings: the disk and the environment.
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

const root = mkdtempSync(join(tmpdir(), "longhand-adapter-"));
afterAll(() => rmSync(root, { recursive: true }));

let folders = 0;
/** An empty folder of this test file. */
export function newFolder(): string {
  const folder = join(root, String(folders++));
  mkdirSync(folder);
  return folder;
}

/** Moves the temporary folder from inside the process, because tsx needs one that works. */
export const moveTemporary = (folder: string): string =>
  `process.env.TMPDIR = ${JSON.stringify(folder)};`;

/** Whether npm brings SwiftShader for this machine. */
export const EMBEDDED: boolean = process.platform === "linux" && process.arch === "x64";
/** Whether a process may get its own view of the disk. */
export const CAN_UNSHARE: boolean = spawnSync("unshare", ["-rm", "true"]).status === 0;

// Variables that the tests set for themselves must not reach the processes that they start.
const { LONGHAND_ADAPTER: _adapter, VK_DRIVER_FILES: _drivers, ...inherited } = process.env;

/** How a process ended. */
export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a module that may use `openAdapter` and `say`, in its own process. It has to end by itself: a process that the
 * timeout kills has no exit code. `shell` runs first, in a place where it may mount things.
 */
export function run(body: string, env: Record<string, string> = {}, shell?: string): Promise<Ran> {
  const url = new URL("../../src/gpu/node/adapter.ts", import.meta.url).href;
  const code = `import { openAdapter } from "${url}"; const say = (value) => console.log(JSON.stringify(value)); ${body}`;
  const own = [process.execPath, "--import", "tsx", "--input-type=module", "--eval", code];
  const argv =
    shell === undefined ? own : ["unshare", "-rm", "sh", "-c", `${shell}; exec "$@"`, "sh", ...own];
  const [command = "", ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env: { ...inherited, ...env }, timeout: 60_000 });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    child.on("error", reject);
    child.on("close", (status) => resolve({ code: status, stdout, stderr }));
  });
}

/** The last thing that a process said, with its exit code. */
export const said = ({ code, stdout }: Ran): object => ({ code, ...JSON.parse(stdout) });

/** A module that says what opens, or why not. */
export const open = (request: string): string => `
  try {
    const { kind, name, line, release } = await openAdapter(${request});
    say({ kind, name, line });
    release();
  } catch (error) {
    say({ error: error.name, message: error.message });
  }`;

/** Squares numbers on the device, then releases Dawn while the adapter and the device stay reachable. */
export const COMPUTE: string = `
  const opened = await openAdapter("swiftshader");
  const device = await opened.adapter.requestDevice();
  const module = device.createShaderModule({ code: \`
    @group(0) @binding(0) var<storage, read_write> out: array<u32>;
    @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) { out[id.x] = id.x * id.x + 1u; }\` });
  const pipeline = device.createComputePipeline({ layout: "auto", compute: { module } });
  const { STORAGE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
  const out = device.createBuffer({ size: 1024, usage: STORAGE | COPY_SRC });
  const read = device.createBuffer({ size: 1024, usage: COPY_DST | MAP_READ });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries: [{ binding: 0, resource: { buffer: out } }] }));
  pass.dispatchWorkgroups(4);
  pass.end();
  encoder.copyBufferToBuffer(out, 0, read, 0, 1024);
  device.queue.submit([encoder.finish()]);
  await read.mapAsync(GPUMapMode.READ);
  say([...new Uint32Array(read.getMappedRange())]);
  opened.release();
  Object.assign(globalThis, { opened, device });`;
/** What `COMPUTE` prints. */
export const SQUARES: readonly number[] = Array.from({ length: 256 }, (_, i) => i * i + 1);
