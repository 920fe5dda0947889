// epilogue: the gradient before an epilogue from the one behind it, in a launch of its own: for results that
// something else reads than a kernel that would do this in its store (lib/epilogue.wgsl).

const COUNT = 64u;
const COLUMNS = 4u;

// Where each array starts in its binding, in 32-bit words.
const DOUT_AT = 0u;
const DINP_AT = 0u;

@group(0) @binding(0) var<storage, read> dout: array<f32>;
@group(0) @binding(1) var<storage, read_write> dinp: array<f32>;

// Four elements an invocation, as many as one draw of a mask gives.
@compute @workgroup_size(64)
fn backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = ((group.y * groups.x + group.x) * 64u + lane) * 4u;
  for (var i = at; i < min(at + 4u, COUNT); i++) {
    dinp[DINP_AT + i] = epilogue(dout[DOUT_AT + i], i, i % COLUMNS);
  }
}
// appended: lib/epilogue.wgsl
// appended: lib/activation.wgsl
// appended: lib/philox.wgsl
// appended: lib/mul-high.wgsl
// appended: lib/numbers.wgsl
