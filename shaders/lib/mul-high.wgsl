// mul-high: the high half of 64-bit products, of which `*` keeps the low half.

// The high word of a product. WGSL has neither u64 nor mulhi.
fn mul_high(a: u32, b: u32) -> u32 {
  let a0 = a & 0xffffu;
  let a1 = a >> 16u;
  let b0 = b & 0xffffu;
  let b1 = b >> 16u;
  let low = (a0 * b0) >> 16u;
  let middle = a1 * b0 + low; // can't overflow: 0xffff · 0xffff + 0xffff
  let other = a0 * b1 + (middle & 0xffffu);
  return a1 * b1 + (middle >> 16u) + (other >> 16u);
}
