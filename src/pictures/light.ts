// Finds the ink of a grey picture: how much darker or lighter than the paper each pixel is, in any light. As scanners
// do, it tries models of the light in turn: one level of paper for all; a smooth surface (a polynomial in the
// logarithm, because light multiplies what paper reflects); and, if shadows have edges, a morphological closing, which
// fills in whatever is narrower than its window.

import { Matrix, solve } from "ml-matrix";
import type { Plane } from "./orientation.ts";
import { blur, blockMeans, closing, extremesOf, medianOf } from "./plane-filters.ts";

/** A picture's ink, and what was found out about it. */
export interface Ink {
  /** (height, width) in [0, 1]: 0 is paper, 1 the strongest ink. */
  readonly ink: Plane;
  /** Whether the ink is darker than the paper. */
  readonly dark: boolean;
  /** How the light falls. */
  readonly light: "even" | "smooth" | "shadows";
  /** Levels of 255 between the paper and the strongest ink. Other ink is a share of that. */
  readonly contrast: number;
  /** The standard deviation of the paper's grain as a share of the contrast. */
  readonly noise: number;
}

const COARSE = 64; // cells per side of the picture in which light is measured
const DARKEST = 8; // levels that are added before taking the logarithm: anything below is grain
const DEGREE = 4; // of the surface, enough for lamps and lenses
const POWERS = Array.from({ length: DEGREE + 1 }, (_, across) =>
  Array.from({ length: DEGREE + 1 - across }, (__, down) => [across, down] as const),
).flat();
const ROUNDS = 10; // of fitting the light's surface again to what still counts as paper
const TOLERANCE = 0.12; // of the contrast: how far paper may differ from its level and still count as even
const SOFTENED = 100; // pixels per side from which means of 3×3 blur no stroke
const LEAST_STEP = 4; // levels: paper that differs by less is even, however faint its ink
const WINDOW = 0.12; // of the shorter side: half of the closing's window, wider than any stroke of a digit in a photograph

/** Finds the ink of a picture of levels in [0, 255]. */
export function findInk(plane: Plane): Ink {
  const grain = grainOf(plane);
  const coarse = blockMeans(plane, Math.ceil(Math.max(plane.width, plane.height) / COARSE));
  const paper = medianOf(edgeOf(coarse));
  const [least, most] = extremesOf(coarse);
  const dark = paper > (least + most) / 2;
  if (isEven(coarse, paper, dark, grain)) return evenInk(plane, dark, grain);

  const inked = darkByShape(coarse);
  const flip = ({ width, height, values }: Plane): Plane =>
    inked ? { width, height, values } : { width, height, values: values.map((v) => 255 - v) };
  const surface = fitSurface(flip(blockMeans(coarse, 2)));
  const flat = (of: Plane): Plane => {
    const { width, height } = of;
    const values = flip(of).values.map(
      (value, i) =>
        (value + 1) / surface(((i % width) + 0.5) / width, (Math.floor(i / width) + 0.5) / height),
    );
    return { width, height, values };
  };
  const scaled = flat(coarse);
  const evened = { ...scaled, values: scaled.values.map((value) => 255 * value) };
  const level = medianOf(flip(coarse).values);
  const share = (grain * 255) / Math.max(level, 1); // of the evened picture
  if (isEven(evened, medianOf(edgeOf(evened)), true, share)) {
    return relativeInk(flat(plane), { dark: inked, light: "smooth", level, grain });
  }
  // If shadows have edges, a smooth surface would tilt towards them, so the closing gets the original picture.
  const { width, height } = plane;
  const shown = Math.min(width, height) >= SOFTENED ? blur(flip(plane), 1) : flip(plane);
  const ground = closing(shown, Math.round(WINDOW * Math.min(width, height)));
  const values = shown.values.map((value, i) => (value + 1) / (ground.values[i]! + 1));
  return relativeInk({ ...shown, values }, { dark: inked, light: "shadows", level, grain });
}

/** Returns the ink of a picture whose paper has one level. */
function evenInk(plane: Plane, dark: boolean, grain: number): Ink {
  const paper = medianOf(edgeOf(plane));
  const [least, most] = extremesOf(plane);
  const contrast = dark ? paper - least : most - paper;
  const values = plane.values.map((value) =>
    Math.max(0, dark ? (paper - value) / contrast : (value - paper) / contrast),
  );
  return { ink: { ...plane, values }, dark, light: "even", contrast, noise: grain / contrast };
}

/** Returns the ink of a picture that has been divided by its light, so that paper is about 1. */
function relativeInk(
  flat: Plane,
  { dark, light, level, grain }: Pick<Ink, "dark" | "light"> & { level: number; grain: number },
): Ink {
  const paper = medianOf(flat.values);
  const calm = Math.min(flat.width, flat.height) >= SOFTENED ? blur(flat, 1) : flat;
  const strongest = paper - extremesOf(calm)[0];
  const values = flat.values.map((value) => Math.min(1, Math.max(0, (paper - value) / strongest)));
  const contrast = strongest * level;
  return { ink: { ...flat, values }, dark, light, contrast, noise: grain / contrast };
}

/** Whether paper has one level: hardly anything lies beyond it on the side without ink, and the edge shows it. */
function isEven(coarse: Plane, paper: number, dark: boolean, grain: number): boolean {
  const [least, most] = extremesOf(coarse);
  const reach = Math.max(LEAST_STEP, TOLERANCE * Math.max(paper - least, most - paper) + grain);
  const edge = edgeOf(coarse);
  const beyond = coarse.values.filter((value) => (dark ? value - paper : paper - value) > reach);
  const near = (values: Float32Array): number =>
    values.filter((value) => Math.abs(value - paper) <= reach).length / values.length;
  const stray = beyond.length / coarse.values.length;
  return stray <= 0.005 && near(edge) >= 0.85 && near(coarse.values) >= 0.35;
}

/** Whether ink is dark. Strokes are narrow, so compared with their surroundings they lie far to one side. */
function darkByShape(coarse: Plane): boolean {
  // In the logarithm, strokes in a shadow weigh as much as those next to it.
  const logs = { ...coarse, values: coarse.values.map((value) => Math.log(value + DARKEST)) };
  const around = blur(logs, Math.max(1, Math.round(0.12 * Math.min(coarse.width, coarse.height))));
  let sum = 0;
  logs.values.forEach((value, i) => {
    sum += (value - around.values[i]!) ** 3;
  });
  return sum < 0;
}

/**
 * Returns the light on paper that is lighter than its ink, as a function of (x, y) in [0, 1]²: a polynomial fitted to
 * the logarithm of a coarse picture. Cells that are darker than it, as ink is, are left out step by step.
 */
function fitSurface({ width, height, values }: Plane): (x: number, y: number) => number {
  const terms = (x: number, y: number): number[] =>
    POWERS.map(([across, down]) => (2 * x - 1) ** across * (2 * y - 1) ** down);
  const cells = Array.from(values, (value, i) => ({
    terms: terms(((i % width) + 0.5) / width, (Math.floor(i / width) + 0.5) / height),
    log: Math.log(value + 1),
  }));
  let factors = POWERS.map((_, i) =>
    i === 0 ? medianOf(Float32Array.from(cells, ({ log }) => log)) : 0,
  );
  const at = (each: readonly number[]): number => {
    let sum = 0;
    for (let i = 0; i < each.length; i += 1) sum += each[i]! * factors[i]!;
    return sum;
  };
  for (let round = 0; round < ROUNDS; round += 1) {
    const off = Float32Array.from(cells, ({ terms: each, log }) => log - at(each));
    const spread = 1.4826 * medianOf(off.map(Math.abs));
    const reach = Math.max(2.5 * spread, 0.02);
    const paper = cells.filter((_, i) => off[i]! > -reach && off[i]! < 2 * reach);
    factors = leastSquares(paper);
  }
  return (x, y) => Math.exp(at(terms(x, y)));
}

/** Returns the factors with which the terms come nearest to `log`, by least squares. */
function leastSquares(
  cells: readonly { readonly terms: readonly number[]; readonly log: number }[],
): number[] {
  const size = POWERS.length;
  const normal = Array.from({ length: size }, () => new Float64Array(size));
  const right = new Float64Array(size);
  for (const { terms, log } of cells) {
    for (let row = 0; row < size; row += 1) {
      right[row]! += terms[row]! * log;
      for (let column = 0; column < size; column += 1) {
        normal[row]![column]! += terms[row]! * terms[column]!;
      }
    }
  }
  // A strip has no second axis, and high powers should bend the surface only if many cells need it.
  for (let i = 0; i < size; i += 1) normal[i]![i]! += 1e-4 * cells.length;
  return solve(
    new Matrix(normal.map((row) => [...row])),
    Matrix.columnVector([...right]),
  ).to1DArray();
}

/**
 * Returns the standard deviation of a picture's grain: how much pixels differ from the next one, except at the edges of
 * strokes.
 */
function grainOf({ width, height, values }: Plane): number {
  const step = Math.max(1, Math.floor((width * height) / 50_000));
  const found: number[] = [];
  for (let i = 0; i < values.length - 1; i += step) {
    if (i % width < width - 1) found.push(Math.abs(values[i]! - values[i + 1]!));
  }
  return found.length === 0 ? 0 : medianOf(Float32Array.from(found)) / 0.954; // 0.6745 √2, for normal noise
}

/** Returns the values of the first and last rows and columns. */
export function edgeOf({ width, height, values }: Plane): Float32Array<ArrayBuffer> {
  const columns = Array.from({ length: height }, (_, y) => [
    values[y * width]!,
    values[(y + 1) * width - 1]!,
  ]);
  return Float32Array.from([
    ...values.subarray(0, width),
    ...values.subarray(-width),
    ...columns.flat(),
  ]);
}
