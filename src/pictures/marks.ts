// Finds the digit in a picture's ink: its connected marks, without dust and without what reaches in from the edge.

import type { Plane } from "./orientation.ts";
import { dilation } from "./plane-filters.ts";

/** A connected piece of ink. */
interface Mark {
  /** The sum of its ink. */
  mass: number;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** Ink without what doesn't belong to the digit, and reasons for doubt. */
export interface Cleared {
  readonly ink: Plane;
  readonly doubts: readonly string[];
}

const LARGE = 0.15; // of the heaviest mark's ink: from here on a mark is a stroke, not a speck
const NEAR = 0.1; // of the digit's size: how far from the large marks a small one may lie and still be part of it

/**
 * Keeps the ink that belongs to the digit, and sets the rest to 0. Ink below `threshold` is grain or shade. Small marks
 * away from the large ones are dust. A mark that touches the picture's edge is left out if a large one doesn't.
 */
export function clearInk(ink: Plane, threshold: number): Cleared {
  const { width, height } = ink;
  const { labels, marks } = marksOf(ink, threshold);
  const heaviest = marks.reduce((most, { mass }) => Math.max(most, mass), 0);
  const atEdge = ({ left, right, top, bottom }: Mark): boolean =>
    left === 0 || top === 0 || right === width - 1 || bottom === height - 1;
  const inside = marks.filter((mark) => !atEdge(mark));
  const heaviestInside = inside.reduce((most, { mass }) => Math.max(most, mass), 0);
  const touches = marks.some((mark) => atEdge(mark) && mark.mass >= LARGE * heaviest);
  // Some of the ink inside must be more than dust; otherwise the digit itself reaches the edge.
  const apart = touches && heaviestInside >= LARGE * heaviest;
  const candidates = apart || !touches ? inside : marks;
  const least = LARGE * (apart || !touches ? heaviestInside : heaviest);
  const large = candidates.filter(({ mass }) => mass >= least);
  const box = boxOf(large);
  const reach = NEAR * Math.max(box.right - box.left, box.bottom - box.top);
  const kept = new Set(
    candidates.filter(
      (mark) =>
        mark.mass >= least ||
        (mark.right >= box.left - reach &&
          mark.left <= box.right + reach &&
          mark.bottom >= box.top - reach &&
          mark.top <= box.bottom + reach),
    ),
  );
  const values = ink.values.map((value, i) => {
    const label = labels[i]!;
    return label > 0 && kept.has(marks[label - 1]!) ? value : 0;
  });
  const doubts = [
    ...(apart ? ["something reaches in from the edge, and was left out"] : []),
    ...(touches && !apart ? ["ink touches the edge: part of it may be missing"] : []),
    ...(areApart(large, box) ? ["it shows several marks apart from each other"] : []),
  ];
  return { ink: { ...ink, values }, doubts };
}

const UNEVEN = 0.75; // of the strongest ink: weaker strokes are evened

/**
 * Returns ink whose strokes are all as strong as the strongest, if light made some of them weaker: each pixel is
 * divided by the strongest within a stroke's width. MNIST's own digits were scanned in black and white. Ink that is
 * already even is returned as it is.
 */
export function evenStrokes(ink: Plane): Plane {
  const { width, values } = ink;
  let area = 0;
  let border = 0;
  values.forEach((value, i) => {
    if (value === 0) return;
    area += 1;
    const alone = [i - 1, i + 1, i - width, i + width].some((next) => !(values[next]! > 0));
    if (alone) border += 1;
  });
  if (border === 0) return ink;
  const stroke = (2 * area) / border;
  const strongest = dilation(ink, Math.ceil(stroke / 2) + 1);
  const inked = strongest.values.filter((_, i) => values[i]! > 0).sort();
  const weakest = inked[Math.floor(0.1 * inked.length)]!;
  if (weakest >= UNEVEN * inked.at(-1)!) return ink;
  return {
    ...ink,
    values: values.map((value, i) => (value > 0 ? value / strongest.values[i]! : 0)),
  };
}

/** Whether large marks lie like separate digits: next to each other, one above another, or more than four of them. */
function areApart(marks: readonly Mark[], box: Mark): boolean {
  const sorted = marks.toSorted((a, b) => a.left - b.left);
  const beside = sorted.some(
    (mark, i) =>
      i > 0 &&
      mark.left > Math.max(...sorted.slice(0, i).map(({ right }) => right)) &&
      mark.bottom - mark.top > 0.5 * (box.bottom - box.top),
  );
  const gapBelow = marks
    .toSorted((a, b) => a.top - b.top)
    .some(
      (mark, i, all) =>
        i > 0 &&
        mark.top - Math.max(...all.slice(0, i).map(({ bottom }) => bottom)) >
          0.2 * (box.bottom - box.top),
    );
  return beside || gapBelow || marks.length > 4;
}

function boxOf(marks: readonly Mark[]): Mark {
  const [first = { mass: 0, left: 0, right: 0, top: 0, bottom: 0 }] = marks;
  return marks.reduce(
    (box, mark) => ({
      mass: box.mass + mark.mass,
      left: Math.min(box.left, mark.left),
      right: Math.max(box.right, mark.right),
      top: Math.min(box.top, mark.top),
      bottom: Math.max(box.bottom, mark.bottom),
    }),
    { ...first, mass: 0 },
  );
}

/**
 * Returns the label of each pixel, 0 where there is no ink, and the marks of labels 1, 2, …; diagonal neighbours are
 * connected.
 */
function marksOf(
  { width, height, values }: Plane,
  threshold: number,
): { labels: Int32Array; marks: readonly Mark[] } {
  const labels = new Int32Array(values.length);
  const marks: Mark[] = [];
  const open: number[] = [];
  for (let start = 0; start < values.length; start += 1) {
    if (labels[start] !== 0 || !(values[start]! > threshold)) continue;
    const mark: Mark = { mass: 0, left: width, right: 0, top: height, bottom: 0 };
    marks.push(mark);
    labels[start] = marks.length;
    open.push(start);
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      const [x, y] = [at % width, Math.floor(at / width)];
      mark.mass += values[at]!;
      mark.left = Math.min(mark.left, x);
      mark.right = Math.max(mark.right, x);
      mark.top = Math.min(mark.top, y);
      mark.bottom = Math.max(mark.bottom, y);
      for (let row = Math.max(0, y - 1); row <= Math.min(height - 1, y + 1); row += 1) {
        for (let column = Math.max(0, x - 1); column <= Math.min(width - 1, x + 1); column += 1) {
          const next = row * width + column;
          if (labels[next] !== 0 || !(values[next]! > threshold)) continue;
          labels[next] = marks.length;
          open.push(next);
        }
      }
    }
  }
  return { labels, marks };
}
