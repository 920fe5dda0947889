// What is odd about a set, in plain words: images that show nothing, images that are there twice, classes of unequal
// size, dark on light. Nothing of it is an error.
import { createHash } from "node:crypto";
import { basename } from "node:path";
import { isDarkOnLight } from "./dark-on-light.ts";
import { classCounts, pixelRange } from "./found-words.ts";
import type { OpenedSet } from "./open-set.ts";
import { className } from "./picture-set.ts";

const FEW = 1000; // images, below which networks learn them by heart
const UNEQUAL = 3; // times as many images in the largest class as in the smallest
const DIM = 128; // level that the brightest pixel should reach
const TOLD = 3; // images that are named

/** Returns what is odd about a set, one sentence each; none if nothing is. */
export function odditiesOf(set: OpenedSet): string[] {
  const { count, images, height, width, channels = 1 } = set;
  const odd: string[] = [];
  const constant = indicesOf(count, (index) => {
    const pixels = imageOf(set, index);
    return pixels.every((pixel, at) => pixel === pixels[at % channels]);
  });
  if (constant.length > 0) {
    odd.push(
      `${imagesIn(constant.length)} of one ${channels === 1 ? "level" : "colour"} all over: ${named(set, constant)}.`,
    );
  }
  odd.push(...repeatedWords(set), ...classWords(set));
  if (channels === 1 && isDarkOnLight(images, width)) {
    odd.push("Dark on light: MNIST and the judge are light on dark; invert them to use the judge.");
  }
  const [, most] = pixelRange(images);
  if (most < DIM) {
    odd.push(`Dim: the brightest pixel is ${most} of 255; networks will draw as dimly.`);
  }
  if (height !== width) odd.push(`Not square: ${height} rows of ${width} pixels.`);
  if (count < FEW) {
    odd.push(`Few: ${imagesIn(count)}; networks learn so few by heart.`);
  }
  return odd;
}

/** Returns how many of a set's images are among those of another set; undefined if none is. */
export function sharedWords(test: OpenedSet, train: OpenedSet): string | undefined {
  const known = new Set(Array.from({ length: train.count }, (_, i) => keyOf(train, i)));
  const shared = indicesOf(test.count, (index) => known.has(keyOf(test, index)));
  if (shared.length === 0) return undefined;
  return `${imagesIn(shared.length)} of the test set ${shared.length === 1 ? "is" : "are"} training images too: ${named(test, shared)}.`;
}

function repeatedWords(set: OpenedSet): readonly string[] {
  const { count, labels } = set;
  const first = new Map<string, number>();
  const repeated: (readonly [index: number, earlier: number])[] = [];
  for (let index = 0; index < count; index += 1) {
    const key = keyOf(set, index);
    const earlier = first.get(key);
    if (earlier === undefined) first.set(key, index);
    else repeated.push([index, earlier]);
  }
  if (repeated.length === 0) return [];
  const differ = repeated.filter(([index, earlier]) => labels?.[index] !== labels?.[earlier]);
  const [index, earlier] = (differ[0] ?? repeated[0])!;
  const example = `${nameOf(set, index)} is ${nameOf(set, earlier)}`;
  const classes = differ.length > 0 ? `, ${differ.length} of them with another class` : "";
  return [
    `${imagesIn(repeated.length)} that ${repeated.length === 1 ? "is" : "are"} there before${classes}: ${example}.`,
  ];
}

function classWords(set: OpenedSet): readonly string[] {
  if (!set.labels) return [];
  const counts = classCounts(set);
  const present = counts.flatMap((count, label) => (count > 0 ? [label] : []));
  const words: string[] = [];
  const missing = counts.flatMap((count, label) => (count === 0 ? [label] : []));
  if (missing.length > 0) {
    const some = missing.slice(0, 8).join(", ") + (missing.length > 8 ? ", …" : "");
    words.push(
      `No image of class ${some}: a recipe with classes counts from 0 to ${set.classes - 1}.`,
    );
  }
  const largest = present.reduce((a, b) => (counts[b]! > counts[a]! ? b : a));
  const smallest = present.reduce((a, b) => (counts[b]! < counts[a]! ? b : a));
  const times = counts[largest]! / counts[smallest]!;
  if (times >= UNEQUAL) {
    const called = (label: number): string =>
      `class ${className(set.classNames, label)} has ${counts[label]!.toLocaleString("en")}`;
    words.push(
      `Unequal classes: ${called(largest)}, ${called(smallest)}, ${times.toFixed(0)} times fewer.`,
    );
  }
  return words;
}

const imagesIn = (count: number): string =>
  `${count.toLocaleString("en")} image${count === 1 ? "" : "s"}`;

function imageOf(set: OpenedSet, index: number): Uint8Array {
  const { images, height, width, channels = 1 } = set;
  const size = height * width * channels;
  return images.subarray(index * size, (index + 1) * size);
}

/** Returns a key that is equal for equal images. */
const keyOf = (set: OpenedSet, index: number): string =>
  createHash("sha1").update(imageOf(set, index)).digest("base64");

function indicesOf(count: number, test: (index: number) => boolean): readonly number[] {
  const found: number[] = [];
  for (let index = 0; index < count; index += 1) if (test(index)) found.push(index);
  return found;
}

const nameOf = ({ files }: OpenedSet, index: number): string =>
  files?.[index] === undefined ? `image ${index}` : basename(files[index]);

function named(set: OpenedSet, indices: readonly number[]): string {
  const names = indices.slice(0, TOLD).map((index) => nameOf(set, index));
  return names.join(", ") + (indices.length > TOLD ? ", …" : "");
}
