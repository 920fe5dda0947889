// pool: the largest element of each window, or the mean of its elements.
//   max:     out[n, y, x, c] = max_{i, j} inp[n, y·S + i·D − P, x·S + j·D − P, c]
//   average: out[n, y, x, c] = Σ_{i, j} inp[n, y·S + i·D − P, x·S + j·D − P, c] / count(y, x)
// over the taps (i, j) that lie in the image. The backward is a gather: each input pixel visits, in order, the windows
// that may contain it. The exception are maxima of windows that don't overlap: each writes its own pixels.

const BATCH = 1i;
const HEIGHT = 8i;
const WIDTH = 8i;
const CHANNELS = 1i;
const KERNEL_H = 2i;
const KERNEL_W = 2i;
const OUT_HEIGHT = 4i;
const OUT_WIDTH = 4i;
const STRIDE_H = 2i;
const STRIDE_W = 2i;
const DILATION_H = 1i;
const DILATION_W = 1i;
const PAD_TOP = 0i;
const PAD_BOTTOM = 0i;
const PAD_LEFT = 0i;
const PAD_RIGHT = 0i;
const COUNT_PADDING = false; // whether taps in the padding count in the divisor of a mean

const OUTPUTS = u32(BATCH * OUT_HEIGHT * OUT_WIDTH * CHANNELS);
const INPUTS = u32(BATCH * HEIGHT * WIDTH * CHANNELS);
// If windows are adjacent: the windows, and the remainders of the image after the last of them.
const CELLS_H = (HEIGHT + KERNEL_H - 1) / KERNEL_H;
const CELLS_W = (WIDTH + KERNEL_W - 1) / KERNEL_W;
const CELLS = u32(BATCH * CELLS_H * CELLS_W * CHANNELS);

@group(0) @binding(0) var<storage, read> inp: array<f32>; // (N, H, W, C)
@group(0) @binding(1) var<storage, read_write> out: array<f32>; // (N, OH, OW, C)
@group(0) @binding(2) var<storage, read_write> found: array<i32>; // (N, OH, OW, C): pixels, y·W + x, or −1
@group(0) @binding(3) var<storage, read> winner: array<i32>; // the same array
@group(0) @binding(4) var<storage, read> dout: array<f32>; // (N, OH, OW, C)
@group(0) @binding(5) var<storage, read_write> dinp: array<f32>; // (N, H, W, C)

// How many taps of a window that starts at `start` lie before `limit`.
fn taps_below(start: i32, limit: i32, kernel: i32, dilation: i32) -> i32 {
  return clamp((limit - start + dilation - 1) / dilation, 0, kernel);
}

// The first and the last window that reach a row (or column) of the image.
fn first_window(at: i32, pad: i32, kernel: i32, dilation: i32, stride: i32) -> i32 {
  return max(0, (at + pad - (kernel - 1) * dilation + stride - 1) / stride);
}

fn last_window(at: i32, pad: i32, stride: i32, windows: i32) -> i32 {
  return min(windows - 1, (at + pad) / stride);
}

// The pixel that a window's maximum comes from: the first of the largest, or the last NaN if there is one, as in
// PyTorch. −1 if all taps lie in the padding.
fn find_winner(at: vec4i) -> i32 {
  let top = at.y * STRIDE_H - PAD_TOP;
  let left = at.z * STRIDE_W - PAD_LEFT;
  let rows = taps_below(top, HEIGHT, KERNEL_H, DILATION_H);
  let columns = taps_below(left, WIDTH, KERNEL_W, DILATION_W);
  var best = 0f;
  var pixel = -1;
  for (var i = taps_below(top, 0, KERNEL_H, DILATION_H); i < rows; i++) {
    for (var j = taps_below(left, 0, KERNEL_W, DILATION_W); j < columns; j++) {
      let here = (top + i * DILATION_H) * WIDTH + left + j * DILATION_W;
      let value = inp[INP_AT + u32((at.x * HEIGHT * WIDTH + here) * CHANNELS + at.w)];
      if ((pixel < 0) | is_nan(value) | (!is_nan(best) & (value > best))) {
        best = value;
        pixel = here;
      }
    }
  }
  return pixel;
}

@compute @workgroup_size(64)
fn max_forward(invocation: Invocation) {
  let index = flat_index(invocation);
  if (index >= OUTPUTS) { return; }
  let at = pixel_of(index, OUT_HEIGHT, OUT_WIDTH, CHANNELS);
  let pixel = find_winner(at);
  let value = inp[INP_AT + u32((at.x * HEIGHT * WIDTH + max(pixel, 0)) * CHANNELS + at.w)];
  var nothing = 0xff800000u; // −∞, which can't be a constant
  out[OUT_AT + index] = select(bitcast<f32>(nothing), value, pixel >= 0);
}

// The pixel that each window's maximum comes from. Only the gradient needs it.
@compute @workgroup_size(64)
fn max_winner(invocation: Invocation) {
  let index = flat_index(invocation);
  if (index >= OUTPUTS) { return; }
  found[FOUND_AT + index] = find_winner(pixel_of(index, OUT_HEIGHT, OUT_WIDTH, CHANNELS));
}

@compute @workgroup_size(64)
fn max_backward(invocation: Invocation) {
  let index = flat_index(invocation);
  if (index >= INPUTS) { return; }
  let at = pixel_of(index, HEIGHT, WIDTH, CHANNELS);
  let y_last = last_window(at.y, PAD_TOP, STRIDE_H, OUT_HEIGHT);
  let x_last = last_window(at.z, PAD_LEFT, STRIDE_W, OUT_WIDTH);
  var sum = 0f;
  for (var y = first_window(at.y, PAD_TOP, KERNEL_H, DILATION_H, STRIDE_H); y <= y_last; y++) {
    var row = 0f;
    for (var x = first_window(at.z, PAD_LEFT, KERNEL_W, DILATION_W, STRIDE_W); x <= x_last; x++) {
      let window = u32(((at.x * OUT_HEIGHT + y) * OUT_WIDTH + x) * CHANNELS + at.w);
      let mine = winner[WINNER_AT + window] == at.y * WIDTH + at.z;
      row += select(0f, dout[DOUT_AT + window], mine);
    }
    sum += row;
  }
  dinp[DINP_AT + index] = sum;
}

// For windows that are adjacent: each writes its own pixels, independently of others. Rows and columns that are left
// over are cells of their own, without a window.
@compute @workgroup_size(64)
fn max_backward_apart(invocation: Invocation) {
  let index = flat_index(invocation);
  if (index >= CELLS) { return; }
  let at = pixel_of(index, CELLS_H, CELLS_W, CHANNELS);
  var pixel = -1;
  var gradient = 0f;
  if ((at.y < OUT_HEIGHT) & (at.z < OUT_WIDTH)) {
    pixel = find_winner(at);
    gradient = dout[DOUT_AT + u32(((at.x * OUT_HEIGHT + at.y) * OUT_WIDTH + at.z) * CHANNELS + at.w)];
  }
  let bottom = min((at.y + 1) * KERNEL_H, HEIGHT);
  let right = min((at.z + 1) * KERNEL_W, WIDTH);
  for (var y = at.y * KERNEL_H; y < bottom; y++) {
    for (var x = at.z * KERNEL_W; x < right; x++) {
      let here = y * WIDTH + x;
      dinp[DINP_AT + u32((at.x * HEIGHT * WIDTH + here) * CHANNELS + at.w)] = select(0f, gradient, here == pixel);
    }
  }
}

// The divisor of a window's sum: the number of its taps in the image, or in the padded image; at least 1.
fn count(y: i32, x: i32) -> f32 {
  let top = y * STRIDE_H - PAD_TOP;
  let left = x * STRIDE_W - PAD_LEFT;
  let high = vec2i(HEIGHT, WIDTH) + select(vec2i(), vec2i(PAD_BOTTOM, PAD_RIGHT), COUNT_PADDING);
  let low = select(vec2i(), vec2i(-PAD_TOP, -PAD_LEFT), COUNT_PADDING);
  let rows = taps_below(top, high.x, KERNEL_H, DILATION_H) - taps_below(top, low.x, KERNEL_H, DILATION_H);
  let columns = taps_below(left, high.y, KERNEL_W, DILATION_W) - taps_below(left, low.y, KERNEL_W, DILATION_W);
  return f32(max(rows * columns, 1));
}

@compute @workgroup_size(64)
fn average_forward(invocation: Invocation) {
  let index = flat_index(invocation);
  if (index >= OUTPUTS) { return; }
  let at = pixel_of(index, OUT_HEIGHT, OUT_WIDTH, CHANNELS);
  let top = at.y * STRIDE_H - PAD_TOP;
  let left = at.z * STRIDE_W - PAD_LEFT;
  let rows = taps_below(top, HEIGHT, KERNEL_H, DILATION_H);
  let columns = taps_below(left, WIDTH, KERNEL_W, DILATION_W);
  var sum = 0f;
  for (var i = taps_below(top, 0, KERNEL_H, DILATION_H); i < rows; i++) {
    // Rows are summed separately, because one long sum over a whole image would lose digits.
    var row = 0f;
    for (var j = taps_below(left, 0, KERNEL_W, DILATION_W); j < columns; j++) {
      let pixel = (at.x * HEIGHT + top + i * DILATION_H) * WIDTH + left + j * DILATION_W;
      row += inp[INP_AT + u32(pixel * CHANNELS + at.w)];
    }
    sum += row;
  }
  out[OUT_AT + index] = sum / count(at.y, at.z);
}

@compute @workgroup_size(64)
fn average_backward(invocation: Invocation) {
  let index = flat_index(invocation);
  if (index >= INPUTS) { return; }
  let at = pixel_of(index, HEIGHT, WIDTH, CHANNELS);
  let y_last = last_window(at.y, PAD_TOP, STRIDE_H, OUT_HEIGHT);
  let x_last = last_window(at.z, PAD_LEFT, STRIDE_W, OUT_WIDTH);
  var sum = 0f;
  for (var y = first_window(at.y, PAD_TOP, KERNEL_H, DILATION_H, STRIDE_H); y <= y_last; y++) {
    if ((at.y + PAD_TOP - y * STRIDE_H) % DILATION_H != 0) { continue; } // between two taps
    var row = 0f;
    for (var x = first_window(at.z, PAD_LEFT, KERNEL_W, DILATION_W, STRIDE_W); x <= x_last; x++) {
      let window = u32(((at.x * OUT_HEIGHT + y) * OUT_WIDTH + x) * CHANNELS + at.w);
      let tapped = (at.z + PAD_LEFT - x * STRIDE_W) % DILATION_W == 0;
      row += select(0f, dout[DOUT_AT + window] / count(y, x), tapped);
    }
    sum += row;
  }
  dinp[DINP_AT + index] = sum;
}
// appended: lib/invocation.wgsl
// appended: lib/numbers.wgsl
// appended: lib/images.wgsl
