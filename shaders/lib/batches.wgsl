// batches: where the matrices of a product are, for the shaders of matmul. These define BATCHES, the extents of the
// batch axes, and A_BATCHES and W_BATCHES, the strides of both operands' matrices along them.

// The offsets of a batch's matrices: a's in x, w's in y.
fn batch_offsets(batch: u32) -> vec2u {
  var rest = batch;
  let d5 = rest % BATCHES[5];
  rest /= BATCHES[5];
  let d4 = rest % BATCHES[4];
  rest /= BATCHES[4];
  let d3 = rest % BATCHES[3];
  rest /= BATCHES[3];
  let d2 = rest % BATCHES[2];
  rest /= BATCHES[2];
  let d1 = rest % BATCHES[1];
  let d0 = rest / BATCHES[1];
  return d0 * vec2u(A_BATCHES[0], W_BATCHES[0]) + d1 * vec2u(A_BATCHES[1], W_BATCHES[1])
    + d2 * vec2u(A_BATCHES[2], W_BATCHES[2]) + d3 * vec2u(A_BATCHES[3], W_BATCHES[3])
    + d4 * vec2u(A_BATCHES[4], W_BATCHES[4]) + d5 * vec2u(A_BATCHES[5], W_BATCHES[5]);
}
