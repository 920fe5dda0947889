#!/usr/bin/env bash
# Dawn for Node (npm webgpu 0.6.2): GPUDevice.destroy() does not return before the work that was submitted is done. WebGPU
# describes it as an end at once, and submit() itself returns at once; here the JavaScript thread stands still in destroy()
# for about as long as the work takes, and so does whatever else the process serves.
#
# Seen with SwiftShader (the one in npm @sparticuz/chromium 147.0.0) on two CPU cores:
#   submit 0.00 s, destroy 4.27 s, the same work waited for 4.65 s
# Needs: Linux x64 with glibc >= 2.34, Node >= 20, npm. Fails if destroy() returns in under half of the work's time.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund webgpu@0.6.2 @sparticuz/chromium@147.0.0 >/dev/null 2>&1
cat >destroy.mjs <<'JS'
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";

// SwiftShader and its Vulkan loader, as the package carries them.
const driver = join(process.cwd(), "swiftshader");
mkdirSync(driver);
const packed = readFileSync("node_modules/@sparticuz/chromium/bin/swiftshader.tar.br");
writeFileSync("swiftshader.tar", brotliDecompressSync(packed));
execFileSync("tar", ["-xf", "swiftshader.tar", "-C", driver]);
const icd = join(driver, "vk_swiftshader_icd.json");
process.env.VK_DRIVER_FILES = icd;
process.env.VK_ICD_FILENAMES = icd;
const { RTLD_NOW, RTLD_GLOBAL } = constants.dlopen;
try {
  process.dlopen({ exports: {} }, join(driver, "libvulkan.so.1"), RTLD_NOW | RTLD_GLOBAL | 0x1000);
} catch {
  // Node complains that it is no addon; it is loaded all the same.
}

const { create, globals } = await import("webgpu");
Object.assign(globalThis, globals);
const gpu = create(["backend=vulkan"]);

async function open() {
  const adapter = await gpu.requestAdapter();
  const device = await adapter.requestDevice();
  const buffer = device.createBuffer({ size: 1 << 20, usage: GPUBufferUsage.STORAGE });
  const code = `
    @group(0) @binding(0) var<storage, read_write> x: array<f32>;
    @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
      var v = x[id.x];
      for (var i = 0u; i < 6000u; i += 1u) { v = v * 0.5 + f32(i); }
      x[id.x] = v;
    }`;
  const pipeline = await device.createComputePipelineAsync({
    layout: "auto",
    compute: { module: device.createShaderModule({ code }), entryPoint: "main" },
  });
  const group = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [{ binding: 0, resource: { buffer } }],
  });
  const work = () => {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups((1 << 18) / 64);
    pass.end();
    device.queue.submit([encoder.finish()]);
  };
  return { device, work };
}
const seconds = (since) => (performance.now() - since) / 1000;

const { device, work } = await open();
work();
await device.queue.onSubmittedWorkDone(); // compiled
let began = performance.now();
work();
await device.queue.onSubmittedWorkDone();
const waited = seconds(began);

began = performance.now();
work();
const submit = seconds(began);
began = performance.now();
device.destroy();
const destroy = seconds(began);
console.log(`submit ${submit.toFixed(2)} s, destroy ${destroy.toFixed(2)} s, the same work waited for ${waited.toFixed(2)} s`);
if (submit > waited / 2) throw new Error("submit() itself waits now: this shows nothing");
if (destroy < waited / 2) throw new Error("destroy() returns before the work is done now");
process.exit(0);
JS
node destroy.mjs
