#!/usr/bin/env bash
# Tint, the WGSL compiler of Dawn (npm webgpu 0.6.2): an entry point that takes its built-ins as one struct loses the
# uniformity of all of them as soon as one member differs between invocations. workgroup_id is uniform, and a barrier
# behind a condition on it is taken when it is a parameter of its own. In a struct next to local_invocation_index the
# same condition on the same member is refused. So gathering built-ins in a struct, which reads as mere packaging,
# changes which kernels compile.
#
# Seen on Dawn's null backend, which compiles WGSL and runs nothing:
#   parameters apart: compiles
#   struct without the lane: compiles
#   struct with the lane: error: 'workgroupBarrier' must only be called from uniform control flow
# Needs: Linux x64, Node >= 20, npm. Fails if any of the three outcomes changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund webgpu@0.6.2 >/dev/null 2>&1
cat >uniformity.mjs <<'JS'
import { create, globals } from "webgpu";
Object.assign(globalThis, globals);
const gpu = create(["backend=null"]);
const adapter = await gpu.requestAdapter();
const device = await adapter.requestDevice();

const shader = (declared, parameters, group) => `
  var<workgroup> sum: array<f32, 64>;
  @group(0) @binding(0) var<storage, read_write> out: array<f32>;
  ${declared}
  @compute @workgroup_size(64) fn main(${parameters}) {
    if (${group}.x < 8u) {
      workgroupBarrier();
      out[${group}.x] = sum[0];
    }
  }`;
const ID = "@builtin(workgroup_id) id: vec3u";
const LANE = "@builtin(local_invocation_index) lane: u32";
const cases = {
  "parameters apart": [shader("", `${ID}, ${LANE}`, "id"), "compiles"],
  "struct without the lane": [shader(`struct At { ${ID} }`, "at: At", "at.id"), "compiles"],
  "struct with the lane": [
    shader(`struct At { ${ID}, ${LANE} }`, "at: At", "at.id"),
    "error: 'workgroupBarrier' must only be called from uniform control flow",
  ],
};
let changed = false;
for (const [name, [code, expected]] of Object.entries(cases)) {
  device.pushErrorScope("validation");
  device.createShaderModule({ code });
  const error = await device.popErrorScope();
  const said = error === null ? "compiles" : (/error: .*/.exec(error.message)?.[0] ?? error.message);
  console.log(`${name}: ${said}`);
  if (said.split("\n")[0] !== expected) changed = true;
}
device.destroy();
if (changed) {
  console.error("changed: not as it was seen");
  process.exit(1);
}
process.exit(0);
JS
node uniformity.mjs
