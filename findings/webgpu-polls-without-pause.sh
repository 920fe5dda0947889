#!/usr/bin/env bash
# npm webgpu 0.6.2 (Dawn on Node): while a promise of the GPU is awaited, Node's own thread doesn't sleep. It asks the
# GPU again and again, at every turn of the event loop, and takes as much of a processor core as it gets. One would
# expect an awaited promise to cost nothing. On a GPU this only warms the room; on a software adapter, such as
# SwiftShader from npm @sparticuz/chromium 147.0.0, the work that is waited for lacks that core.
#
# Seen (on two cores, which SwiftShader's threads use as well; the processor time is that of the thread that waits):
#   onSubmittedWorkDone: waited 5701 ms, of which the thread computed 3660 ms
# Needs: Linux x64, Node >= 20, npm, tar. Fails unless the thread computes for more than a third of the time.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund webgpu@0.6.2 @sparticuz/chromium@147.0.0 >/dev/null 2>&1
node -e '
const { brotliDecompressSync } = require("node:zlib");
const { readFileSync, writeFileSync } = require("node:fs");
writeFileSync("s.tar", brotliDecompressSync(readFileSync("node_modules/@sparticuz/chromium/bin/swiftshader.tar.br")));
'
tar xf s.tar
cat >wait.mjs <<'JS'
import { readFileSync } from "node:fs";
import { create, globals } from "webgpu";
Object.assign(globalThis, globals);
const gpu = create(["backend=vulkan"]);
const adapter = await gpu.requestAdapter();
if (!/SwiftShader/.test(adapter.info.device + adapter.info.description)) throw new Error(`runs on ${adapter.info.device}`);
const device = await adapter.requestDevice();
const out = device.createBuffer({ size: 4096, usage: GPUBufferUsage.STORAGE });
const module = device.createShaderModule({
  code: `@group(0) @binding(0) var<storage, read_write> out: array<u32>;
  @compute @workgroup_size(64) fn count(@builtin(global_invocation_id) id: vec3u) {
    var x = id.x;
    for (var i = 0u; i < 20000u; i++) { x = x * 1664525u + 1013904223u; }
    out[id.x % 1024u] = x;
  }`,
});
const pipeline = await device.createComputePipelineAsync({ layout: "auto", compute: { module } });
const group = device.createBindGroup({
  layout: pipeline.getBindGroupLayout(0),
  entries: [{ binding: 0, resource: { buffer: out } }],
});
// Ticks of this thread, 100 a second: fields 14 and 15 of its stat are user and system time.
const computed = () => {
  const fields = readFileSync(`/proc/self/task/${process.pid}/stat`, "utf8").replace(/^.*\) /, "").split(" ");
  return 10 * (Number(fields[11]) + Number(fields[12]));
};
const submit = (workgroups) => {
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(workgroups);
  pass.end();
  device.queue.submit([encoder.finish()]);
};
submit(64);
await device.queue.onSubmittedWorkDone(); // the first run compiles
let took = 0;
let own = 0;
for (let workgroups = 4096; took < 1500 && workgroups < 65536; workgroups *= 2) {
  submit(workgroups);
  const [start, before] = [performance.now(), computed()];
  await device.queue.onSubmittedWorkDone();
  [took, own] = [performance.now() - start, computed() - before];
}
console.log(`onSubmittedWorkDone: waited ${took.toFixed(0)} ms, of which the thread computed ${own} ms`);
process.exit(own > took / 3 ? 0 : 1);
JS
LD_LIBRARY_PATH=$folder VK_ICD_FILENAMES=$folder/vk_swiftshader_icd.json XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR:-/tmp} \
  node wait.mjs 2>/dev/null || { echo "changed: not as it was seen" >&2; exit 1; }
