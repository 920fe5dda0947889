#!/usr/bin/env bash
# SwiftShader, as in npm @sparticuz/chromium 147.0.0 (driven by npm webgpu 0.6.2): it divides integers by a constant
# power of two with one processor division per lane. Compilers for GPUs and CPUs turn `x / 4u` into a shift, so kernels
# that index arrays of vec4f by `i / 4u` look free. Here a vector is taken apart, each of its four lanes is divided, with
# a check for zero before, and the vector is put together again. `x >> 2u` is one instruction.
#
# Seen (two kernels of 200 divisions in a chain, in turn, medians of nine):
#   the same results; x / 4u took 2.0 times as long as x >> 2u
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
cat >divide.mjs <<'JS'
import { create, globals } from "webgpu";
Object.assign(globalThis, globals);
const gpu = create(["backend=vulkan"]);
const adapter = await gpu.requestAdapter();
if (!/SwiftShader/.test(adapter.info.device + adapter.info.description)) throw new Error(`runs on ${adapter.info.device}`);
const device = await adapter.requestDevice();
const COUNT = 65_536;
const out = device.createBuffer({ size: 4 * COUNT, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC });
const kernel = async (quotient) => {
  const module = device.createShaderModule({
    code: `
      @group(0) @binding(0) var<storage, read_write> out: array<u32>;
      @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
        var x = id.x;
        for (var i = 0u; i < 50u; i++) {
          x += 1000u + (${quotient});
          x += 1000u + (${quotient});
          x += 1000u + (${quotient});
          x += 1000u + (${quotient});
        }
        out[id.x] = x;
      }`,
  });
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
const [divided, shifted] = [await kernel("x / 4u"), await kernel("x >> 2u")];
await divided.run();
const first = await read();
await shifted.run();
const same = first.equals(await read());
for (let i = 0; i < 9; i++) for (const each of [divided, shifted]) each.times.push(await each.run());
const median = ({ times }) => times.toSorted((a, b) => a - b)[4];
const ratio = median(divided) / median(shifted);
console.log(`${same ? "the same" : "other"} results; x / 4u took ${ratio.toFixed(1)} times as long as x >> 2u`);
process.exit(same && ratio > 1.4 ? 0 : 1);
JS
LD_LIBRARY_PATH=$folder VK_ICD_FILENAMES=$folder/vk_swiftshader_icd.json XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR:-/tmp} \
  node divide.mjs 2>/dev/null || { echo "changed: not as it was seen" >&2; exit 1; }
