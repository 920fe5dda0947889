// dataset: a batch of images from the resident u8 dataset, in an order that is new each epoch unless told otherwise, as
// floats in [−1, 1]; and the same images' classes. The order is a keyed permutation, computed here:
// nothing is uploaded.

const IMAGES = 64u; // in the dataset
const PIXELS = 784u; // of an image
const BATCH = 8u; // images, or classes, to gather now
const STRIDE = 8u; // images of a full batch: a step's first image is at STRIDE · (its step in the epoch)
const STEPS = 8u; // steps an epoch
const SHUFFLE = true; // whether an epoch has an order of its own, or the dataset's
const HALF_BITS = 3u; // the permutation works on 2 · HALF_BITS bits, the least even number that holds IMAGES

// Where each array starts in its binding, in 32-bit words.
const IMAGES_AT = 0u;
const STATE_AT = 0u;
const OUT_AT = 0u;
const LABELS_AT = 0u;
const CLASSES_AT = 0u;

@group(0) @binding(0) var<storage, read> images: array<u32>; // four pixels a word
@group(0) @binding(1) var<storage, read> state: array<u32>; // seed low, seed high, step
@group(0) @binding(2) var<storage, read_write> out: array<f32>; // (BATCH, PIXELS)
@group(0) @binding(3) var<storage, read> labels: array<u32>; // a class an image, four a word
@group(0) @binding(4) var<storage, read_write> classes: array<i32>; // (BATCH)

// A Feistel network is a bijection on all numbers of 2 · HALF_BITS bits; walking on while the result is
// not an image ("cycle walking") makes it one on the images (Black and Rogaway 2002).
fn shuffled(position: u32, epoch: u32) -> u32 {
  let mask = (1u << HALF_BITS) - 1u;
  var x = position;
  loop {
    var left = x >> HALF_BITS;
    var right = x & mask;
    for (var round = 0u; round < 6u; round++) {
      let mixed = philox(vec4u(right, epoch, round, 3u), vec2u(state[STATE_AT], state[STATE_AT + 1])).x & mask;
      let next = left ^ mixed;
      left = right;
      right = next;
    }
    x = (left << HALF_BITS) | right;
    if (x < IMAGES) { break; }
  }
  return x;
}

// Which image a row of the step's batch is.
fn image_of(row: u32) -> u32 {
  let step = state[STATE_AT + 2];
  let position = min((step % STEPS) * STRIDE + row, IMAGES - 1u); // past the end the walk would not end
  if (!SHUFFLE) { return position; }
  return shuffled(position, step / STEPS);
}

// Sixteen pixels an invocation, so that the permutation is walked once for all of them.
@compute @workgroup_size(64)
fn gather(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let runs = (PIXELS + 15u) / 16u;
  let index = (group.y * groups.x + group.x) * 64u + lane;
  if (index >= BATCH * runs) { return; }
  let row = index / runs;
  let image = image_of(row);
  let first = (index % runs) * 16u;
  for (var i = first; i < min(PIXELS, first + 16u); i++) {
    let at = image * PIXELS + i;
    let pixel = (images[IMAGES_AT + at / 4u] >> (8u * (at % 4u))) & 255u;
    out[OUT_AT + row * PIXELS + i] = f32(pixel) / 127.5f - 1f;
  }
}

@compute @workgroup_size(64)
fn gather_labels(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = (group.y * groups.x + group.x) * 64u + lane;
  if (row >= BATCH) { return; }
  let image = image_of(row);
  classes[CLASSES_AT + row] = i32((labels[LABELS_AT + image / 4u] >> (8u * (image % 4u))) & 255u);
}
// appended: lib/philox.wgsl
// appended: lib/mul-high.wgsl
