#!/usr/bin/env bash
# Tint, the WGSL compiler of Dawn (npm webgpu 0.6.2): an index that it knows to be in bounds is clamped again if another
# parameter of the entry point is a struct of built-ins. local_invocation_index of a workgroup of 64 indexes an array of
# 64 without a check when workgroup_id is a parameter next to it. When workgroup_id comes in a struct instead, each
# access to the array gets a `min`, though neither the index nor the array changed. In kernels that read workgroup
# memory in their inner loop, that is an instruction per access.
#
# Seen in the SPIR-V that Dawn dumps, on any Vulkan driver (here Mesa 25.0.7's llvmpipe):
#   workgroup_id as a parameter: 0 clamps
#   workgroup_id in a struct: 2 clamps
# Needs: Linux x64, Node >= 20, npm, a Vulkan driver and loader (Mesa's lavapipe will do). Fails if a count changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund webgpu@0.6.2 >/dev/null 2>&1
cat >clamps.mjs <<'JS'
import { create, globals } from "webgpu";
Object.assign(globalThis, globals);
const gpu = create(["backend=vulkan", "enable-dawn-features=dump_shaders"]);
const adapter = await gpu.requestAdapter();
const device = await adapter.requestDevice();
const LANE = "@builtin(local_invocation_index) lane: u32";
const ID = "@builtin(workgroup_id) id: vec3u";
const struct = process.argv[2] === "struct";
const code = `
  var<workgroup> sums: array<f32, 64>;
  @group(0) @binding(0) var<storage, read_write> out: array<f32>;
  struct At { ${ID} }
  @compute @workgroup_size(64) fn main(${struct ? "at: At" : ID}, ${LANE}) {
    sums[lane] = 1f;
    workgroupBarrier();
    out[${struct ? "at.id" : "id"}.x] = sums[lane];
  }`;
const module = device.createShaderModule({ code });
await device.createComputePipelineAsync({ layout: "auto", compute: { module } });
device.destroy();
process.exit(0);
JS
count() { XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR:-/tmp} node clamps.mjs "$1" 2>&1 | grep -c ' UMin ' || true; }
apart=$(count apart)
struct=$(count struct)
echo "workgroup_id as a parameter: $apart clamps"
echo "workgroup_id in a struct: $struct clamps"
if [ "$apart" != 0 ] || [ "$struct" != 2 ]; then
  echo "changed: not as it was seen" >&2
  exit 1
fi
