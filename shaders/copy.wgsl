// copy: out[i] = inp[i], word by word; floats, integers and packed bytes alike.

const COUNT = 64u; // 32-bit words

// Where each array starts in its binding, in 32-bit words.
const INP_AT = 0u;
const OUT_AT = 0u;

@group(0) @binding(0) var<storage, read> inp: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;

@compute @workgroup_size(64)
fn copy(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i < COUNT) {
    out[OUT_AT + i] = inp[INP_AT + i];
  }
}
