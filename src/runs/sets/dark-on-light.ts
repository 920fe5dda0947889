// Tells whether a set's images are dark on light, which networks trained on MNIST don't know.

/**
 * Whether images are dark on light, by the mean of their first and last columns. All images of a set are drawn alike.
 */
export function isDarkOnLight(images: Uint8Array, width: number): boolean {
  const rows = images.length / width;
  let sum = 0;
  for (let row = 0; row < rows; row += 1) {
    sum += images[row * width]! + images[row * width + width - 1]!;
  }
  return sum > 2 * 127.5 * rows;
}
