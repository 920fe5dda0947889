#!/usr/bin/env bash
# SwiftShader, as in npm @sparticuz/chromium 147.0.0 (driven by npm webgpu 0.6.2): a product of two mat4x4f takes much
# less time than the same sixteen sums written with vectors, w[0] * x.x + w[1] * x.y + w[2] * x.z + w[3] * x.w for each
# column, although the product does the same multiplications and four additions more per column. The product is one
# instruction of SPIR-V, whose sums go straight to where they are used; with vectors, every product and partial sum is a
# value of its own that is kept in memory.
#
# Seen (the same results, in turn, medians of nine):
#   the same results; columns by vectors took 2.0 times as long as a product of matrices
# Needs: Linux x64, Node >= 20, npm, tar. Fails unless the results are equal and the ratio is above 1.3.
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
const SUMS = Array.from({ length: 16 }, (_, i) => i);
const columns = (w, x) => [0, 1, 2, 3].map((i) => `four(${w}, ${x}[${i}])`).join(", ");
const main = (product) => `
  fn four(w: mat4x4f, x: vec4f) -> vec4f { return w[0] * x.x + w[1] * x.y + w[2] * x.z + w[3] * x.w; }
  fn start(a: u32) -> mat4x4f { let f = vec4f(f32(a % 7u), f32(a % 5u), f32(a % 3u), 1f); return mat4x4f(f, f.yzwx, f.zwxy, f.wxyz); }
  @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
    ${SUMS.map((i) => `var s${i} = mat4x4f();`).join(" ")}
    for (var step = 0u; step < 200u; step++) {
      let w = start(id.x + step);
      ${SUMS.map((i) => `let x${i} = start(step + ${i}u); s${i} += ${product("w", `x${i}`)};`).join(" ")}
    }
    let all = ${SUMS.map((i) => `s${i}`).join(" + ")};
    out[id.x] = dot(all[0] + all[1] + all[2] + all[3], vec4f(1f));
  }`;
const { same, ratio } = await ratioOf(
  main((w, x) => `mat4x4f(${columns(w, x)})`),
  main((w, x) => `${w} * ${x}`),
);
console.log(`${same ? "the same" : "other"} results; columns by vectors took ${ratio.toFixed(1)} times as long as a product of matrices`);
process.exit(same && ratio > 1.3 ? 0 : 1);
JS
LD_LIBRARY_PATH=$folder VK_ICD_FILENAMES=$folder/vk_swiftshader_icd.json XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR:-/tmp} \
  node compare.mjs 2>/dev/null || { echo "changed: not as it was seen" >&2; exit 1; }
