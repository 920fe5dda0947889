// batch-rows: rows that run through the batch first, without integer divisions where that can be helped: SwiftShader
// does them lane by lane.

const BATCH_IS_POWER = (BATCH & (BATCH - 1u)) == 0u;
const BATCH_BITS = firstTrailingBit(BATCH);

// The image of a row, and its pixel in that image.
fn image_and_pixel(row: u32) -> vec2u {
  if (BATCH_IS_POWER) { return vec2u(row & (BATCH - 1u), row >> BATCH_BITS); }
  return vec2u(row % BATCH, row / BATCH);
}

// Whether pixels, taps and channels are counted in numbers that floats divide exactly enough.
const FEW = max(max(HEIGHT * WIDTH, OUT_HEIGHT * OUT_WIDTH), KERNEL_H * KERNEL_W * CHANNELS) <= 0x100000u;

// x and y of a pixel. By floats, half a pixel more keeps the quotient away from whole numbers.
fn position(pixel: u32, width: u32) -> vec2u {
  if (FEW) {
    let y = u32((f32(pixel) + 0.5) / f32(width));
    return vec2u(pixel - y * width, y);
  }
  return vec2u(pixel % width, pixel / width);
}
