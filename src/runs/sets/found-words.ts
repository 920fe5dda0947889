// What a set was found to be, in one sentence: kind, count, size, classes, range of its pixels.
import type { Split } from "../../data/find-idx.ts";
import type { ImageSet } from "../../data/idx.ts";

/** What the sentence is about. */
type Found = ImageSet & { readonly kind: string; readonly source: string } & {
  readonly classNames: readonly string[];
};

/** Returns the sentence on a set: `Training images: 42,000 of 28×28 in 10 classes (0 to 9), …`. */
export function foundWords(set: Found, split: Split): string {
  const { count, height, width, channels = 1, kind, source } = set;
  const [least, most] = pixelRange(set.images);
  const which = split === "train" ? "Training" : "Test";
  return `${which} images: ${inThousands(count)} of ${height}×${width}${channels === 1 ? "" : " in colour"}${classWords(set)}, pixels from ${least} to ${most}; ${kind}: ${source}.`;
}

/** Returns the least and the greatest pixel. */
export function pixelRange(images: Uint8Array): readonly [least: number, most: number] {
  let [least, most] = [255, 0];
  for (const pixel of images) {
    if (pixel < least) least = pixel;
    if (pixel > most) most = pixel;
  }
  return [least, most];
}

/** Returns how many images each class has. */
export function classCounts({ labels, classes }: ImageSet): readonly number[] {
  const counts = Array.from({ length: classes }, () => 0);
  for (const label of labels ?? []) counts[label]! += 1;
  return counts;
}

function classWords(set: Found): string {
  if (!set.labels) return " without labels";
  const { classNames } = set;
  const present = classCounts(set).flatMap((count, label) => (count > 0 ? [label] : []));
  if (classNames.length > 0) {
    const some = classNames.slice(0, 4).join(", ") + (classNames.length > 4 ? ", …" : "");
    return ` in ${present.length} ${present.length === 1 ? "class" : "classes"} (${some})`;
  }
  const [first, last] = [present[0]!, present.at(-1)!];
  const whole = last - first + 1 === present.length;
  const range = first === last ? String(first) : `${first} to ${last}`;
  return ` in ${present.length} ${present.length === 1 ? "class" : "classes"} (${range}${whole ? "" : ", with gaps"})`;
}

const inThousands = (count: number): string => count.toLocaleString("en");
