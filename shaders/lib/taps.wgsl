// taps: where a convolution's taps fall. The shader that appends this defines PIXELS, the number of output pixels.

// The index of the first channel of the input pixel under tap (i, j) of output pixel m, or -1 in the padding. Pixels
// past the last repeat it.
fn tap(m: u32, i: u32, j: u32) -> i32 {
  let pixel = min(m, PIXELS - 1u);
  let y = (pixel / OUT_WIDTH) % OUT_HEIGHT;
  let n = pixel / (OUT_WIDTH * OUT_HEIGHT);
  let row = i32(y * STRIDE_H + i * DILATION_H) - PAD_TOP;
  let column = i32((pixel % OUT_WIDTH) * STRIDE_W + j * DILATION_W) - PAD_LEFT;
  // `&`, not `&&`: with branches, eight of these took SwiftShader 25 s to compile instead of 0.2 s.
  let inside = (row >= 0) & (row < i32(HEIGHT)) & (column >= 0) & (column < i32(WIDTH));
  return select(-1, ((i32(n * HEIGHT) + row) * i32(WIDTH) + column) * i32(CHANNELS), inside);
}

// The same for output pixels m … m + 3.
fn taps(m: u32, i: u32, j: u32) -> vec4i {
  return vec4i(tap(m, i, j), tap(m + 1u, i, j), tap(m + 2u, i, j), tap(m + 3u, i, j));
}
// appended: lib/convolution.wgsl
