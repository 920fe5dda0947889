// unary: out[i] = f(inp[i]), and dinp[i] = dout[i] · f'(…). The derivative is computed from the input or, if that is
// possible, from the output, so that the input needn't be kept.

const COUNT = 64u;

@group(0) @binding(0) var<storage, read> inp: array<f32>;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;
@group(0) @binding(2) var<storage, read> dout: array<f32>;
@group(0) @binding(3) var<storage, read> kept: array<f32>; // the input, or the output: see `slope` and `activation_gradient`
@group(0) @binding(4) var<storage, read_write> dinp: array<f32>;

@compute @workgroup_size(64)
fn forward(invocation: Invocation) {
  let i = flat_index(invocation);
  if (i < COUNT) { out[OUT_AT + i] = value(inp[INP_AT + i]); }
}

@compute @workgroup_size(64)
fn backward(invocation: Invocation) {
  let i = flat_index(invocation);
  if (i < COUNT) { dinp[DINP_AT + i] = activation_gradient(dout[DOUT_AT + i], kept[KEPT_AT + i]); }
}
// appended: lib/invocation.wgsl
// appended: lib/activation.wgsl
