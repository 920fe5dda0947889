// Draws garments of ten kinds as grey images of 28×28 pixels: images with MNIST's shape that aren't digits. Shape,
// brightness, pattern and place come from a seed.
import type { IdxFile } from "../../src/data/idx.ts";
import { uniforms } from "../../src/kernels/host-draws.ts";

/** The kinds, by their labels. */
export const KINDS = [
  "T-shirt",
  "trousers",
  "pullover",
  "dress",
  "coat",
  "sandal",
  "shirt",
  "sneaker",
  "bag",
  "ankle boot",
] as const;

/** Images and their labels. */
export interface Garments {
  /** (count, 28, 28) */
  readonly images: IdxFile;
  /** (count) */
  readonly labels: IdxFile;
}

/** The height and width of an image. */
export const SIZE = 28;
/** Each pixel is the mean of FINE × FINE points. */
const FINE = 3;

/** A corner: x from the vertical middle line, from −1 to 1, and y from the top, 0, to the bottom, 1. */
type Point = readonly [x: number, y: number];

/** A polygon; where several lie on each other, the last one is seen. */
interface Patch {
  readonly corners: readonly Point[];
  /** How bright it is, as a factor of the garment's brightness. 0 is the background. */
  readonly shade: number;
  /** Whether the garment's pattern is missing on it. Default false. */
  readonly isPlain?: boolean;
}

/** Returns a number from `least` to `most`. */
type Draw = (least: number, most: number) => number;

/** Joins the right half of an outline, from top to bottom, with its mirror image. */
const mirrored = (right: readonly Point[]): Point[] => [
  ...right,
  ...right.toReversed().map(([x, y]): Point => [-x, y]),
];
const box = (left: number, top: number, right: number, bottom: number): Point[] => [
  [left, top],
  [right, top],
  [right, bottom],
  [left, bottom],
];
const flipped = (patches: readonly Patch[]): Patch[] =>
  patches.map((patch) => ({ ...patch, corners: patch.corners.map(([x, y]): Point => [-x, y]) }));

/** The body and the sleeves of something that is worn above the waist. */
function upper(draw: Draw, long: boolean, hem: number): Patch[] {
  const collar = draw(0.12, 0.26);
  const shoulder = draw(0.38, 0.5);
  const body = draw(0.36, 0.5);
  const cuff = long ? draw(0.72, 0.86) : draw(0.1, 0.36);
  const reach = long ? draw(0.56, 0.78) : draw(0.66, 0.86);
  const wide = long ? draw(0.13, 0.19) : draw(0.16, 0.24);
  return [
    {
      shade: 1,
      corners: mirrored([
        [collar, 0.05],
        [shoulder, 0.1],
        [reach, cuff],
        [reach - wide, cuff + 0.05],
        [body, 0.34],
        [body * draw(0.92, 1.12), hem],
      ]),
    },
    {
      shade: 0,
      corners: mirrored([
        [collar, 0.04],
        [0.01, 0.07 + draw(0, 0.1)],
      ]),
    },
  ];
}

/** The line where something opens, down from the collar. */
const opening = (draw: Draw, hem: number, shade: number): Patch => ({
  shade,
  isPlain: true,
  corners: box(-0.035, draw(0.12, 0.18), 0.035, hem),
});

/** A shoe whose tip points to the right: its upper part, `height` high at the heel, on a sole. */
function shoe(draw: Draw, height: number, sole: number): Patch[] {
  const floor = draw(0.72, 0.8);
  const ankle = draw(-0.3, 0.02);
  const tip = draw(0.8, 0.92);
  return [
    {
      shade: 1,
      corners: [
        [-0.82, floor],
        [-0.84 + draw(0, 0.1), floor - height],
        [ankle, floor - height - draw(-0.03, 0.03)],
        [ankle + draw(0.14, 0.24), floor - draw(0.2, 0.27)],
        [tip - 0.16, floor - draw(0.12, 0.16)],
        [tip, floor],
      ],
    },
    { shade: sole, isPlain: true, corners: box(-0.84, floor - 0.01, tip, floor + draw(0.05, 0.1)) },
  ];
}

/** How each kind is drawn, in the order of `KINDS`. */
const KIND_PATCHES: readonly ((draw: Draw) => Patch[])[] = [
  (draw) => upper(draw, false, draw(0.84, 0.96)),
  (draw) => {
    const waist = draw(0.24, 0.36);
    const hips = waist + draw(0.04, 0.12);
    const outer = draw(0.26, 0.5);
    const right: Point[] = [
      [waist, 0.04],
      [hips, draw(0.26, 0.36)],
      [outer, 0.96],
      [outer - draw(0.16, 0.24), 0.96],
      [0.01, draw(0.3, 0.4)],
    ];
    return [{ shade: 1, corners: mirrored(right) }];
  },
  (draw) => upper(draw, true, draw(0.84, 0.94)),
  (draw) => {
    const waist = draw(0.16, 0.26);
    const bust = draw(0.24, 0.34);
    const right: Point[] = [
      [draw(0.14, 0.22), 0.04],
      [bust, draw(0.18, 0.26)],
      [waist, draw(0.38, 0.48)],
      [draw(0.28, 0.62), 0.97],
    ];
    const neck: Point[] = [
      [0.12, 0.03],
      [0.02, draw(0.08, 0.18)],
    ];
    return [
      { shade: 1, corners: mirrored(right) },
      { shade: 0, corners: mirrored(neck) },
    ];
  },
  (draw) => [...upper(draw, true, 0.98), opening(draw, 0.98, draw(0.1, 0.45))],
  (draw) => {
    const heel = draw(0, 0.26);
    const floor = draw(0.7, 0.8);
    const thick = draw(0.05, 0.1);
    const strap = (from: number, to: number): Patch => ({
      shade: draw(0.8, 1),
      corners: [
        [from, floor - heel * 0.5 - 0.02],
        [to, floor - draw(0.2, 0.34)],
        [to + 0.12, floor - draw(0.2, 0.34)],
        [from + 0.16, floor - heel * 0.3],
      ],
    });
    return [
      {
        shade: 1,
        corners: [
          [-0.84, floor - heel],
          [-0.3, floor - heel * 0.8],
          [0.3, floor - 0.02],
          [0.88, floor - 0.04],
          [0.88, floor + thick],
          [0.25, floor + thick],
          [-0.4, floor - heel * 0.8 + thick + 0.02],
          [-0.68, floor + thick],
          [-0.82, floor + thick],
        ],
      },
      strap(draw(0.3, 0.5), draw(0.1, 0.3)),
      strap(draw(-0.1, 0.1), draw(-0.1, 0.1)),
      strap(-0.8, draw(-0.8, -0.7)),
    ];
  },
  (draw) => {
    const hem = draw(0.86, 0.96);
    const buttons = opening(draw, hem, draw(1.15, 1.35));
    return [...upper(draw, draw(0, 1) < 0.7, hem), buttons];
  },
  (draw) => shoe(draw, draw(0.26, 0.36), draw(0.4, 1.4)),
  (draw) => {
    const [wide, high] = [draw(0.6, 0.9), draw(0.4, 0.55)];
    const floor = draw(0.82, 0.94);
    const [handle, rise] = [draw(0.25, 0.5), draw(0.18, 0.34)];
    const up = floor - high;
    const arc = (by: number): Point[] =>
      mirrored([
        [handle * 0.5 - by * 0.3, up - rise + by],
        [handle - by, up - rise * 0.5],
        [handle - by, up + 0.02],
      ]);
    const flap: Point[] = [
      [wide * 0.9, up],
      [wide * 0.9, up + 0.03],
      [draw(0.1, 0.3), up + draw(0.1, 0.24)],
    ];
    const body: Point[] = [
      [wide * draw(0.8, 1), up],
      [wide, floor],
    ];
    return [
      { shade: draw(0.7, 1), isPlain: true, corners: arc(0) },
      { shade: 0, corners: arc(0.07) },
      { shade: 1, corners: mirrored(body) },
      { shade: draw(0.6, 1.3), isPlain: true, corners: mirrored(flap) },
    ];
  },
  (draw) => {
    const heel = draw(0, 0.1);
    const boot = shoe(draw, draw(0.52, 0.68), draw(0.4, 0.8));
    return [...boot, { shade: 0.6, isPlain: true, corners: box(-0.84, 0.8, -0.45, 0.82 + heel) }];
  },
];

/**
 * Returns `count` garments, the kinds in turn. A seed gives the same garments with every count: the first ones of a
 * larger set are the smaller set.
 */
export function drawGarments(count: number, seed: number): Garments {
  const images = new Uint8Array(count * SIZE * SIZE);
  const labels = Uint8Array.from({ length: count }, (_, i) => i % KINDS.length);
  const next = uniforms(seed);
  const draw: Draw = (least, most) => least + (most - least) * next();
  for (const [i, kind] of labels.entries()) {
    images.set(drawGarment(KIND_PATCHES[kind]!(draw), kind, draw), i * SIZE * SIZE);
  }
  return {
    images: { shape: [count, SIZE, SIZE], data: images },
    labels: { shape: [count], data: labels },
  };
}

function drawGarment(patches: readonly Patch[], kind: number, draw: Draw): Uint8Array {
  const isShoe = kind === 5 || kind === 7 || kind === 9;
  const turned = isShoe && draw(0, 1) < 0.5 ? flipped(patches) : patches;
  const brightness = draw(70, 230);
  const pattern = patternOf(draw);
  const scale = draw(0.88, 1);
  const [lean, right, down] = [draw(-0.06, 0.06), draw(-0.06, 0.06), draw(-0.03, 0.03)];
  const place = ([x, y]: Point): Point => [
    ((x * scale + lean * (y - 0.5) + right) * 0.5 + 0.5) * SIZE * FINE,
    ((y - 0.5) * scale + 0.5 + down) * SIZE * FINE,
  ];
  const fine = new Float32Array((SIZE * FINE) ** 2);
  for (const { corners, shade, isPlain = false } of turned) {
    fillPolygon(fine, SIZE * FINE, corners.map(place), (x, y) => {
      const factor = isPlain ? 1 : pattern(x / (SIZE * FINE), y / (SIZE * FINE));
      return Math.min(255, brightness * shade * factor);
    });
  }
  return shrunk(blurred(fine, SIZE * FINE, Math.floor(draw(0, 3))));
}

/** Returns how bright the cloth is at a point of the image, from (0, 0) to (1, 1). */
function patternOf(draw: Draw): (x: number, y: number) => number {
  const [deep, wide, start] = [draw(0.25, 0.6), draw(0.08, 0.2), draw(0, 1)];
  const slope = draw(-0.35, 0.35);
  const isDark = (at: number): boolean => (at / wide + start) % 1 < 0.5;
  const stripes = (at: number): number => (isDark(at) ? 1 - deep : 1);
  const which = draw(0, 1);
  if (which < 0.55) return (x, y) => 1 + slope * (x + y - 1);
  if (which < 0.75) return (_, y) => stripes(y);
  if (which < 0.9) return (x) => stripes(x);
  return (x, y) => (isDark(x) === isDark(y) ? 1 : 1 - deep);
}

/** Fills a polygon in an image of `size` × `size` points, by the even-odd rule, row by row. */
function fillPolygon(
  image: Float32Array,
  size: number,
  corners: readonly Point[],
  valueAt: (x: number, y: number) => number,
): void {
  for (let row = 0; row < size; row += 1) {
    const y = row + 0.5;
    const crossings: number[] = [];
    for (const [i, [x0, y0]] of corners.entries()) {
      const [x1, y1] = corners[(i + 1) % corners.length]!;
      if (y0 <= y !== y1 <= y) crossings.push(x0 + ((y - y0) / (y1 - y0)) * (x1 - x0));
    }
    crossings.sort((a, b) => a - b);
    for (let i = 0; i + 1 < crossings.length; i += 2) {
      const end = Math.min(size - 0.5, crossings[i + 1]!);
      for (let x = Math.max(0, Math.ceil(crossings[i]! - 0.5)); x + 0.5 <= end; x += 1) {
        image[row * size + x] = valueAt(x, row);
      }
    }
  }
}

/** Blurs an image by the mean of each point and its neighbours along rows, then columns, `times` times. */
function blurred(image: Float32Array, size: number, times: number): Float32Array {
  let from = image;
  for (let pass = 0; pass < 2 * times; pass += 1) {
    const step = pass % 2 === 0 ? 1 : size;
    const to = new Float32Array(from.length);
    for (let at = 0; at < to.length; at += 1) {
      to[at] = ((from[at - step] ?? 0) + from[at]! + (from[at + step] ?? 0)) / 3;
    }
    from = to;
  }
  return from;
}

/** Returns an image with one pixel, 0 to 255, per FINE × FINE points. */
function shrunk(fine: Float32Array): Uint8Array {
  const sums = new Float32Array(SIZE * SIZE);
  const row = SIZE * FINE;
  for (let at = 0; at < fine.length; at += 1) {
    const to = Math.floor(at / row / FINE) * SIZE + Math.floor((at % row) / FINE);
    sums[to]! += fine[at]!;
  }
  return Uint8Array.from(sums, (sum) => Math.round(sum / FINE ** 2));
}
