// images: the coordinates of an element of images (N, H, W, C).

// (n, y, x, c) of the element at a linear index.
fn pixel_of(index: u32, height: i32, width: i32, channels: i32) -> vec4i {
  let pixel = i32(index) / channels;
  let row = pixel / width;
  return vec4i(row / height, row % height, pixel % width, i32(index) % channels);
}
