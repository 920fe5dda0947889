// resize by filters: each output pixel is a weighted sum of the input pixels around it, along both axes.
//   out[n, y, x, c] = Σ_{i, j} weight(src(y), i) · weight(src(x), j) · inp[n, i, j, c]
// The filter is a triangle of one pixel on each side, or Keys's cubic of two. With ANTIALIAS, it is widened by in/out
// if the image shrinks, so that it removes frequencies that the output can't represent. It then ignores pixels past the
// image, and its weights are divided by their sum. Otherwise, pixels past the image are the outermost pixels, or those
// of the mirrored image. Coordinates are exact integers, as in resize.wgsl: src(i) = (i·STEP + SHIFT) / UNIT.

const BATCH = 1i;
const HEIGHT = 4i;
const WIDTH = 4i;
const CHANNELS = 1i;
const OUT_HEIGHT = 8i;
const OUT_WIDTH = 8i;
const CUBIC = true;
const COEFFICIENT = -0.75f; // Keys's a: the cubic's slope at a distance of one pixel
const ANTIALIAS = false;
const MIRROR = false;
const STEP_H = 2i;
const STEP_W = 2i;
const SHIFT_H = -1i;
const SHIFT_W = -1i;
const UNIT_H = 4i; // even with ANTIALIAS
const UNIT_W = 4i;
const SPAN_H = 4i; // the width of one pixel of the filter, in coordinate units: UNIT, or STEP if that is larger
const SPAN_W = 4i;
const OVERHANG_H = 0i; // how many input pixels from each end any output past that end may touch
const OVERHANG_W = 0i;

const OUTPUTS = u32(BATCH * OUT_HEIGHT * OUT_WIDTH * CHANNELS);
const INPUTS = u32(BATCH * HEIGHT * WIDTH * CHANNELS);
const REACH = select(1i, 2i, CUBIC);

@group(0) @binding(0) var<storage, read> inp: array<f32>; // (N, H, W, C)
@group(0) @binding(1) var<storage, read_write> out: array<f32>; // (N, OH, OW, C)
@group(0) @binding(2) var<storage, read> dout: array<f32>; // (N, OH, OW, C)
@group(0) @binding(3) var<storage, read_write> dinp: array<f32>; // (N, H, W, C)
@group(0) @binding(4) var<storage, read_write> sums: array<f32>; // (OH + OW): the sums of each output's weights
@group(0) @binding(5) var<storage, read> totals: array<f32>; // the same array, for reading

// How an axis is sampled.
struct Axis {
  length: i32,
  outputs: i32,
  step: i32,
  shift: i32,
  unit: i32,
  span: i32,
  overhang: i32,
}

fn vertical() -> Axis {
  return Axis(HEIGHT, OUT_HEIGHT, STEP_H, SHIFT_H, UNIT_H, SPAN_H, OVERHANG_H);
}

fn horizontal() -> Axis {
  return Axis(WIDTH, OUT_WIDTH, STEP_W, SHIFT_W, UNIT_W, SPAN_W, OVERHANG_W);
}

fn floor_divide(a: i32, b: i32) -> i32 {
  return select(a / b, -((b - 1 - a) / b), a < 0);
}

// The coordinate of an output. It is held inside the image's borders with ANTIALIAS, so that the filter finds a pixel.
fn source_of(a: Axis, i: i32) -> i32 {
  let source = i * a.step + a.shift;
  if (!ANTIALIAS) { return source; }
  return clamp(source, -a.unit / 2, a.length * a.unit - a.unit / 2);
}

// The filter at a distance from its center, both in coordinate units. Its roots are exact.
fn filter_at(distance: i32, span: i32) -> f32 {
  let d = abs(distance);
  let x = f32(d) / f32(span);
  let to_one = f32(span - d) / f32(span);
  if (!CUBIC) { return select(0f, to_one, d < span); }
  let near = to_one * (1f + x - (COEFFICIENT + 2f) * x * x);
  let to_two = f32(2 * span - d) / f32(span);
  let far = -COEFFICIENT * to_one * to_two * to_two;
  return select(select(0f, far, d < 2 * span), near, d < span);
}

// The first and the last tap of an output. Taps are pixel indices, and may lie past the image.
fn first_tap(a: Axis, source: i32) -> i32 {
  let first = floor_divide(source - REACH * a.span, a.unit) + 1;
  return select(first, max(first, 0), ANTIALIAS);
}

fn last_tap(a: Axis, source: i32) -> i32 {
  let last = floor_divide(source + REACH * a.span - 1, a.unit);
  return select(last, min(last, a.length - 1), ANTIALIAS);
}

// The pixel that a tap reads.
fn pixel_at(a: Axis, tap: i32) -> i32 {
  if (!MIRROR) { return clamp(tap, 0, a.length - 1); }
  let turned = abs(tap) % max(2 * (a.length - 1), 1);
  return min(turned, 2 * (a.length - 1) - turned);
}

// The sum of one output's weights along an axis.
fn total_of(a: Axis, source: i32) -> f32 {
  var total = 0f;
  for (var tap = first_tap(a, source); tap <= last_tap(a, source); tap++) {
    total += filter_at(tap * a.unit - source, a.span);
  }
  return total;
}

// The weight of an input pixel in an output: the sum over all taps that read it.
fn weight_of(a: Axis, pixel: i32, source: i32) -> f32 {
  if (ANTIALIAS) { return filter_at(pixel * a.unit - source, a.span); }
  var weight = 0f;
  for (var tap = first_tap(a, source); tap <= last_tap(a, source); tap++) {
    weight += select(0f, filter_at(tap * a.unit - source, a.span), pixel_at(a, tap) == pixel);
  }
  return weight;
}

@compute @workgroup_size(64)
fn forward(invocation: Invocation) {
  let index = flat_index(invocation);
  if (index >= OUTPUTS) { return; }
  let at = pixel_of(index, OUT_HEIGHT, OUT_WIDTH, CHANNELS);
  let v = vertical();
  let h = horizontal();
  let row = source_of(v, at.y);
  let column = source_of(h, at.z);
  var sum = 0f;
  for (var i = first_tap(v, row); i <= last_tap(v, row); i++) {
    let upright = filter_at(i * UNIT_H - row, SPAN_H);
    if (upright == 0f) { continue; } // a pixel with weight 0 doesn't count, even if it is infinite
    let line = (at.x * HEIGHT + pixel_at(v, i)) * WIDTH;
    var part = 0f;
    for (var j = first_tap(h, column); j <= last_tap(h, column); j++) {
      let level = filter_at(j * UNIT_W - column, SPAN_W);
      let x = inp[INP_AT + u32((line + pixel_at(h, j)) * CHANNELS + at.w)];
      part += select(0f, level * x, level != 0f);
    }
    sum += upright * part;
  }
  if (ANTIALIAS) { sum /= total_of(v, row) * total_of(h, column); }
  out[OUT_AT + index] = sum;
}

@compute @workgroup_size(64)
fn weight_sums(invocation: Invocation) {
  let i = i32(flat_index(invocation));
  if (i < OUT_HEIGHT) {
    sums[SUMS_AT + u32(i)] = total_of(vertical(), source_of(vertical(), i));
  } else if (i < OUT_HEIGHT + OUT_WIDTH) {
    sums[SUMS_AT + u32(i)] = total_of(horizontal(), source_of(horizontal(), i - OUT_HEIGHT));
  }
}

// The first and the last output that may touch an input pixel. Near an end, that includes all outputs past it.
fn first_output(a: Axis, pixel: i32) -> i32 {
  let step = max(a.step, 1);
  let first = (pixel * a.unit - REACH * a.span - a.shift) / step;
  return select(clamp(first, 0, a.outputs), 0, pixel <= a.overhang);
}

fn last_output(a: Axis, pixel: i32) -> i32 {
  let last = (pixel * a.unit + REACH * a.span - a.shift) / max(a.step, 1);
  return select(min(last, a.outputs - 1), a.outputs - 1, pixel >= a.length - 1 - a.overhang);
}

@compute @workgroup_size(64)
fn backward(invocation: Invocation) {
  let index = flat_index(invocation);
  if (index >= INPUTS) { return; }
  let at = pixel_of(index, HEIGHT, WIDTH, CHANNELS);
  let v = vertical();
  let h = horizontal();
  let x_first = first_output(h, at.z);
  let x_last = last_output(h, at.z);
  var sum = 0f;
  for (var y = first_output(v, at.y); y <= last_output(v, at.y); y++) {
    var upright = weight_of(v, at.y, source_of(v, y));
    if (upright == 0f) { continue; }
    if (ANTIALIAS) { upright /= totals[TOTALS_AT + u32(y)]; }
    var part = 0f;
    for (var x = x_first; x <= x_last; x++) {
      var level = weight_of(h, at.z, source_of(h, x));
      if (ANTIALIAS) { level /= totals[TOTALS_AT + u32(OUT_HEIGHT + x)]; }
      let flow = dout[DOUT_AT + u32(((at.x * OUT_HEIGHT + y) * OUT_WIDTH + x) * CHANNELS + at.w)];
      part += select(0f, level * flow, level != 0f);
    }
    sum += upright * part;
  }
  dinp[DINP_AT + index] = sum;
}
// appended: lib/invocation.wgsl
// appended: lib/images.wgsl
