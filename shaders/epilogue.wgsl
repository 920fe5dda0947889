// epilogue: computes the gradient before an epilogue from the gradient after it, in a launch of its own. It is needed
// if the gradient doesn't come from a kernel that can do this in its store (lib/epilogue.wgsl).

const COUNT = 64u;
const COLUMNS = 4u;

@group(0) @binding(0) var<storage, read> dout: array<f32>;
@group(0) @binding(1) var<storage, read_write> dinp: array<f32>;

// Four elements per invocation, as many as one draw of a mask covers.
@compute @workgroup_size(64)
fn backward(invocation: Invocation) {
  let at = flat_index(invocation) * 4u;
  for (var i = at; i < min(at + 4u, COUNT); i++) {
    dinp[DINP_AT + i] = epilogue(dout[DOUT_AT + i], i, i % COLUMNS);
  }
}
// appended: lib/invocation.wgsl
// appended: lib/epilogue.wgsl
