// The mean standard deviation of a group of examples as one more channel, with its gradient.
import { type Ref, zeros } from "./array.ts";

/** The deviation of each feature over a group, and each example's distance from the group's mean. */
function momentsOf(x: Ref, first: number, size: number, epsilon: number) {
  const features = x.data.length / x.shape[0]!;
  return Array.from({ length: features }, (_, feature) => {
    const values = Array.from(
      { length: size },
      (_each, i) => x.data[(first + i) * features + feature]!,
    );
    const mean = values.reduce((a, b) => a + b, 0) / size;
    const centred = values.map((value) => value - mean);
    const variance = centred.reduce((sum, value) => sum + value ** 2, 0) / size;
    return { centred, deviation: Math.sqrt(variance + epsilon) };
  });
}

/** x (N, …, C), in groups of `size` examples → (N, …, C + 1). */
export function minibatchStddev(x: Ref, size: number, epsilon: number): Ref {
  const channels = x.shape.at(-1)!;
  const y = zeros([...x.shape.slice(0, -1), channels + 1]);
  const rows = x.data.length / channels;
  const perExample = rows / x.shape[0]!;
  for (let row = 0; row < rows; row += 1) {
    for (let c = 0; c < channels; c += 1) {
      y.data[row * (channels + 1) + c] = x.data[row * channels + c]!;
    }
  }
  for (let first = 0; first < x.shape[0]!; first += size) {
    const moments = momentsOf(x, first, size, epsilon);
    const mean = moments.reduce((sum, { deviation }) => sum + deviation, 0) / moments.length;
    for (let row = first * perExample; row < (first + size) * perExample; row += 1) {
      y.data[row * (channels + 1) + channels] = mean;
    }
  }
  return y;
}

/** The gradient of `minibatchStddev` by x. */
export function minibatchStddevGrad(dy: Ref, x: Ref, size: number, epsilon: number): Ref {
  const channels = x.shape.at(-1)!;
  const dx = zeros(x.shape);
  const rows = x.data.length / channels;
  const perExample = rows / x.shape[0]!;
  const features = perExample * channels;
  for (let row = 0; row < rows; row += 1) {
    for (let c = 0; c < channels; c += 1) {
      dx.data[row * channels + c] = dy.data[row * (channels + 1) + c]!;
    }
  }
  for (let first = 0; first < x.shape[0]!; first += size) {
    let flow = 0;
    for (let row = first * perExample; row < (first + size) * perExample; row += 1) {
      flow += dy.data[row * (channels + 1) + channels]!;
    }
    momentsOf(x, first, size, epsilon).forEach(({ centred, deviation }, feature) =>
      centred.forEach((value, i) => {
        dx.data[(first + i) * features + feature]! +=
          (flow * value) / (deviation * size * features);
      }),
    );
  }
  return dx;
}
