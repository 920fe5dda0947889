// resize: each output pixel from the nearest input pixel, or from four by bilinear interpolation.
//   nearest:  out[n, y, x, c] = inp[n, round(src(y)), round(src(x)), c]
//   bilinear: out[n, y, x, c] = Σ_{i, j} (1 − |src(y) − i|)⁺ · (1 − |src(x) − j|)⁺ · inp[n, i, j, c]
// Coordinates are exact integers, in units of 1/UNIT of an input pixel: src(i) = (i·STEP + SHIFT) / UNIT, clamped to
// the image or mirrored into it. So no tie between two pixels is misrounded. The backward is a gather: each input pixel
// visits the outputs that may touch it, in order.

const BATCH = 1i;
const HEIGHT = 4i;
const WIDTH = 4i;
const CHANNELS = 1i;
const OUT_HEIGHT = 8i;
const OUT_WIDTH = 8i;
const BILINEAR = false;
const STEP_H = 2i;
const STEP_W = 2i;
const SHIFT_H = -1i;
const SHIFT_W = -1i;
const UNIT_H = 4i;
const UNIT_W = 4i;
const ROUND_H = 2i; // added before rounding down; 0 if bilinear
const ROUND_W = 2i;
const MIRROR = false; // whether coordinates past the outermost pixels are mirrored; else they are clamped
const OVERHANG_H = 0i; // how many pixels past the ends mirrored coordinates may lie; 0 if clamped
const OVERHANG_W = 0i;

const OUTPUTS = u32(BATCH * OUT_HEIGHT * OUT_WIDTH * CHANNELS);
const INPUTS = u32(BATCH * HEIGHT * WIDTH * CHANNELS);

@group(0) @binding(0) var<storage, read> inp: array<f32>; // (N, H, W, C)
@group(0) @binding(1) var<storage, read_write> out: array<f32>; // (N, OH, OW, C)
@group(0) @binding(2) var<storage, read> dout: array<f32>; // (N, OH, OW, C)
@group(0) @binding(3) var<storage, read_write> dinp: array<f32>; // (N, H, W, C)

// The coordinate of an output row or column in the input.
fn source_row(y: i32) -> i32 {
  return inside(y * STEP_H + SHIFT_H, (HEIGHT - 1) * UNIT_H);
}

fn source_column(x: i32) -> i32 {
  return inside(x * STEP_W + SHIFT_W, (WIDTH - 1) * UNIT_W);
}

// Moves a coordinate into [0, last]. Interpolating between mirrored pixels equals interpolating between the pixels
// themselves.
fn inside(source: i32, last: i32) -> i32 {
  if (!MIRROR) { return clamp(source, 0, last); }
  let turned = abs(source) % max(2 * last, 1);
  return min(turned, 2 * last - turned);
}

fn load(n: i32, y: i32, x: i32, c: i32) -> f32 {
  return inp[INP_AT + u32(((n * HEIGHT + y) * WIDTH + x) * CHANNELS + c)];
}

// a and b with the weights 1 − rest/unit and rest/unit. If b's weight is 0, even an infinite b doesn't count.
fn between(a: f32, b: f32, rest: i32, unit: i32) -> f32 {
  let share = f32(rest) / f32(unit);
  let left = f32(unit - rest) / f32(unit);
  return left * a + select(0f, share * b, rest > 0);
}

@compute @workgroup_size(64)
fn forward(invocation: Invocation) {
  let index = flat_index(invocation);
  if (index >= OUTPUTS) { return; }
  let at = pixel_of(index, OUT_HEIGHT, OUT_WIDTH, CHANNELS);
  let row = source_row(at.y);
  let column = source_column(at.z);
  let y = (row + ROUND_H) / UNIT_H;
  let x = (column + ROUND_W) / UNIT_W;
  if (!BILINEAR) {
    out[OUT_AT + index] = load(at.x, y, x, at.w);
    return;
  }
  let below = min(y + 1, HEIGHT - 1);
  let right = min(x + 1, WIDTH - 1);
  let rest = column - x * UNIT_W;
  let upper = between(load(at.x, y, x, at.w), load(at.x, y, right, at.w), rest, UNIT_W);
  let lower = between(load(at.x, below, x, at.w), load(at.x, below, right, at.w), rest, UNIT_W);
  out[OUT_AT + index] = between(upper, lower, row - y * UNIT_H, UNIT_H);
}

// The first and the last output that may touch an input row or column. Outputs past the image's ends may touch its
// outermost pixels, as many as the overhang. With a step of 0 there is only one output, or only one input.
fn first_output(at: i32, step: i32, shift: i32, unit: i32, round: i32, overhang: i32) -> i32 {
  let reach = select(round, unit - 1, BILINEAR);
  let first = (at * unit - reach - shift + max(step, 1) - 1) / max(step, 1);
  return select(max(first, 0), 0, at <= overhang);
}

fn last_output(
  at: i32, step: i32, shift: i32, unit: i32, round: i32, overhang: i32, length: i32, outputs: i32,
) -> i32 {
  let reach = select(unit - 1 - round, unit - 1, BILINEAR);
  let last = (at * unit + reach - shift) / max(step, 1);
  return select(min(last, outputs - 1), outputs - 1, at >= length - 1 - overhang);
}

// The weight of input row or column `at` in an output at `source`.
fn weight(at: i32, source: i32, unit: i32, round: i32) -> f32 {
  if (BILINEAR) { return f32(max(unit - abs(source - at * unit), 0)) / f32(unit); }
  return select(0f, 1f, (source + round) / unit == at);
}

@compute @workgroup_size(64)
fn backward(invocation: Invocation) {
  let index = flat_index(invocation);
  if (index >= INPUTS) { return; }
  let at = pixel_of(index, HEIGHT, WIDTH, CHANNELS);
  let y_last = last_output(at.y, STEP_H, SHIFT_H, UNIT_H, ROUND_H, OVERHANG_H, HEIGHT, OUT_HEIGHT);
  let x_first = first_output(at.z, STEP_W, SHIFT_W, UNIT_W, ROUND_W, OVERHANG_W);
  let x_last = last_output(at.z, STEP_W, SHIFT_W, UNIT_W, ROUND_W, OVERHANG_W, WIDTH, OUT_WIDTH);
  var sum = 0f;
  for (var y = first_output(at.y, STEP_H, SHIFT_H, UNIT_H, ROUND_H, OVERHANG_H); y <= y_last; y++) {
    let vertical = weight(at.y, source_row(y), UNIT_H, ROUND_H);
    if (vertical == 0f) { continue; }
    var row = 0f;
    for (var x = x_first; x <= x_last; x++) {
      let horizontal = weight(at.z, source_column(x), UNIT_W, ROUND_W);
      let flowing = dout[DOUT_AT + u32(((at.x * OUT_HEIGHT + y) * OUT_WIDTH + x) * CHANNELS + at.w)];
      row += select(0f, horizontal * flowing, horizontal > 0f);
    }
    sum += vertical * row;
  }
  dinp[DINP_AT + index] = sum;
}
// appended: lib/invocation.wgsl
// appended: lib/images.wgsl
