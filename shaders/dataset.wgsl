// dataset: gathers a batch of images from the u8 dataset on the device, as floats in [−1, 1], and their classes. Each
// epoch has a new order unless SHUFFLE is off. The order is a keyed permutation that is computed here, so nothing is
// uploaded.

const IMAGES = 64u; // images in the dataset
const PIXELS = 784u; // pixels per image
const BATCH = 8u; // images, or classes, to gather now
const STRIDE = 8u; // images per full batch: a step's first image is at STRIDE · (its step in the epoch)
const SKIPPED = 0u; // images of the step's batch that earlier ranks gather
const STEPS = 8u; // steps per epoch
const SHUFFLE = true; // whether each epoch has an order of its own, not the dataset's
const FIRST = 0u; // the first image in this binding: a dataset may be longer than one holds
const HELD = 64u; // images in this binding
const HALF_BITS = 3u; // the permutation works on 2 · HALF_BITS bits, the least even number that holds IMAGES

@group(0) @binding(0) var<storage, read> images: array<u32>; // four pixels per word
@group(0) @binding(1) var<storage, read> state: array<u32>; // seed low, seed high, step
@group(0) @binding(2) var<storage, read_write> out: array<f32>; // (BATCH, PIXELS)
@group(0) @binding(3) var<storage, read> labels: array<u32>; // one class per image, four per word
@group(0) @binding(4) var<storage, read_write> classes: array<i32>; // (BATCH)

// A Feistel network is a bijection on all numbers of 2 · HALF_BITS bits. Applying it again until the result is an image
// ("cycle walking") makes it a bijection on the images (Black and Rogaway 2002).
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

// The index of the image in a row of the step's batch.
fn image_of(row: u32) -> u32 {
  let step = state[STATE_AT + 2];
  let position = min((step % STEPS) * STRIDE + SKIPPED + row, IMAGES - 1u); // past the end, the walk would not terminate
  if (!SHUFFLE) { return position; }
  return shuffled(position, step / STEPS);
}

// Sixteen pixels per invocation, so that the permutation is computed once for all of them.
@compute @workgroup_size(64)
fn gather(invocation: Invocation) {
  let runs = (PIXELS + 15u) / 16u;
  let index = flat_index(invocation);
  if (index >= BATCH * runs) { return; }
  let row = index / runs;
  let image = image_of(row) - FIRST; // wraps around for images in front of this binding
  if (image >= HELD) { return; } // another launch has it
  let first = (index % runs) * 16u;
  for (var i = first; i < min(PIXELS, first + 16u); i++) {
    let at = image * PIXELS + i;
    let pixel = (images[IMAGES_AT + at / 4u] >> (8u * (at % 4u))) & 255u;
    out[OUT_AT + row * PIXELS + i] = f32(pixel) / 127.5f - 1f;
  }
}

@compute @workgroup_size(64)
fn gather_labels(invocation: Invocation) {
  let row = flat_index(invocation);
  if (row >= BATCH) { return; }
  let image = image_of(row);
  classes[CLASSES_AT + row] = i32((labels[LABELS_AT + image / 4u] >> (8u * (image % 4u))) & 255u);
}
// appended: lib/invocation.wgsl
// appended: lib/philox.wgsl
