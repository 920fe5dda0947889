#!/usr/bin/env bash
# SwiftShader, as in npm @sparticuz/chromium 147.0.0 (driven by npm webgpu 0.6.2): it copies every variable that a loop
# changes wherever paths join: where the loop begins, where it ends, and where `continue` goes. Each copy chooses between
# the old and the new value by the lanes' mask, nine instructions for four lanes. Compilers for GPUs and CPUs keep such
# variables in registers at no cost, so a loop over four channels inside a loop over taps, some of which are skipped,
# looks as cheap as one loop over both. Here, with 64 vectors of four as sums, the copies take most of the time.
#
# Seen (the same additions in the same order, in turn, medians of nine):
#   the same results; the loop in a loop took 3.3 times as long as one loop
# Needs: Linux x64, Node >= 20, npm, tar. Fails unless the results are equal and the ratio is above 1.4.
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
cat >compare.mjs <<'JS'
import { create, globals } from "webgpu";
Object.assign(globalThis, globals);
const gpu = create(["backend=vulkan"]);
const adapter = await gpu.requestAdapter();
if (!/SwiftShader/.test(adapter.info.device + adapter.info.description)) throw new Error(`runs on ${adapter.info.device}`);
const device = await adapter.requestDevice();
const COUNT = 8192;
const out = device.createBuffer({ size: 4 * COUNT, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC });
const kernel = async (code) => {
  const module = device.createShaderModule({ code: `@group(0) @binding(0) var<storage, read_write> out: array<f32>;\n${code}` });
  const pipeline = await device.createComputePipelineAsync({ layout: "auto", compute: { module } });
  const group = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [{ binding: 0, resource: { buffer: out } }],
  });
  const run = async () => {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(COUNT / 64);
    pass.end();
    const start = performance.now();
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
    return performance.now() - start;
  };
  return { run, times: [] };
};
const read = async () => {
  const buffer = device.createBuffer({ size: 4 * COUNT, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(out, 0, buffer, 0, 4 * COUNT);
  device.queue.submit([encoder.finish()]);
  await buffer.mapAsync(GPUMapMode.READ);
  return Buffer.from(buffer.getMappedRange().slice(0));
};
const ratioOf = async (slow, fast) => {
  const kernels = [await kernel(slow), await kernel(fast)];
  const results = [];
  for (const each of kernels) {
    await each.run();
    results.push(await read());
  }
  for (let i = 0; i < 9; i++) for (const each of kernels) each.times.push(await each.run());
  const [a, b] = kernels.map(({ times }) => times.toSorted((x, y) => x - y)[4]);
  return { same: results[0].equals(results[1]), ratio: a / b };
};
const SUMS = Array.from({ length: 64 }, (_, i) => i);
const declare = SUMS.map((i) => `var s${i} = vec4f(f32(id.x + ${i}u));`).join(" ");
const add = SUMS.map((i) => `s${i} += vec4f(x);`).join(" ");
const store = `out[id.x] = dot(${SUMS.map((i) => `s${i}`).join(" + ")}, vec4f(1f));`;
const main = (body) =>
  `@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) { ${declare} ${body} ${store} }`;
const nested = main(`
  for (var tap = 0u; tap < 100u; tap++) {
    if (tap % 5u == 4u) { continue; }
    for (var c = 0u; c < 4u; c++) { let x = f32(tap * 4u + c); ${add} }
  }`);
const single = main(`
  for (var step = 0u; step < 320u; step++) { let x = f32(step / 16u * 20u + step % 16u); ${add} }`);
const { same, ratio } = await ratioOf(nested, single);
console.log(`${same ? "the same" : "other"} results; the loop in a loop took ${ratio.toFixed(1)} times as long as one loop`);
process.exit(same && ratio > 1.4 ? 0 : 1);
JS
LD_LIBRARY_PATH=$folder VK_ICD_FILENAMES=$folder/vk_swiftshader_icd.json XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR:-/tmp} \
  node compare.mjs 2>/dev/null || { echo "changed: not as it was seen" >&2; exit 1; }
