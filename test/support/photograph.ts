// Simulates photographs of MNIST's digits: at some place and size on paper, under some light, with a camera's grain.
import { encode } from "jpeg-js";

/** Light on the paper, from 0 to 1, at (u, v) in [0, 1]². */
export type Light = (u: number, v: number) => number;

/** How a photograph is taken; what is left out has its default. */
export interface Shot {
  /** Pixels per side (160). */
  readonly side?: number;
  /** The part of a side that the digit's 28×28 pixels take (0.6). */
  readonly box?: number;
  /** Where their upper left corner lies, as parts of the remaining space (0.5, 0.5). */
  readonly at?: readonly [number, number];
  /** The parts of light that paper and ink reflect (0.95 and 0.25). */
  readonly paper?: number;
  readonly ink?: number;
  readonly light?: Light;
  /** The grain's standard deviation in levels (2). */
  readonly grain?: number;
}

/** The levels of a photograph, (side, side). */
export interface Photograph {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

const DEGREE = Math.PI / 180;

/** Returns light that falls from one side: 1 there, `low` on the other. */
export function fromSide(degrees: number, low: number): Light {
  const [x, y] = [Math.cos(degrees * DEGREE), Math.sin(degrees * DEGREE)];
  const reach = Math.abs(x) + Math.abs(y);
  return (u, v) => 1 - (1 - low) * (((u - 0.5) * x + (v - 0.5) * y) / reach + 0.5);
}

/** Returns the light of a lens that darkens the corners to `low`. */
export const vignette =
  (low: number): Light =>
  (u, v) =>
    1 - (1 - low) * Math.min(1, ((u - 0.5) ** 2 + (v - 0.5) ** 2) / 0.5);

/** Returns the light of a lamp above (x, y), which falls off to `low`. */
export const lamp =
  (x: number, y: number, reach: number, low: number): Light =>
  (u, v) =>
    low + (1 - low) * Math.exp(-((u - x) ** 2 + (v - y) ** 2) / (2 * reach ** 2));

/** Returns a shadow beyond a line: `low` there, over an edge of width `soft`; 0 is a sharp edge. */
export function shadow(degrees: number, at: number, low: number, soft: number): Light {
  const [x, y] = [Math.cos(degrees * DEGREE), Math.sin(degrees * DEGREE)];
  return (u, v) => {
    const beyond = (u - 0.5) * x + (v - 0.5) * y - at;
    const part = soft === 0 ? Number(beyond > 0) : 1 / (1 + Math.exp(-beyond / soft));
    return 1 - (1 - low) * part;
  };
}

/** Combines several lights. */
export const together =
  (...lights: readonly Light[]): Light =>
  (u, v) =>
    lights.reduce((product, light) => product * light(u, v), 1);

/** Photographs a digit, (28, 28) bytes. Equal settings produce equal pictures. */
export function photograph(digit: Uint8Array, shot: Shot): Photograph {
  const { side = 160, box = 0.6, at = [0.5, 0.5], paper = 0.95, ink = 0.25 } = shot;
  const { light = () => 1, grain = 2 } = shot;
  const [left, top] = at.map((part) => part * side * (1 - box)) as [number, number];
  const gauss = normal(7);
  const inkAt = (x: number, y: number): number =>
    x < 0 || y < 0 || x > 27 || y > 27 ? 0 : digit[y * 28 + x]! / 255;
  const pixels = Uint8Array.from({ length: side * side }, (_, i) => {
    const [x, y] = [i % side, Math.floor(i / side)];
    const [gx, gy] = [x - left, y - top].map((v) => ((v + 0.5) / (box * side)) * 28 - 0.5) as [
      number,
      number,
    ];
    const [fx, fy] = [Math.floor(gx), Math.floor(gy)];
    const [a, b] = [gx - fx, gy - fy];
    const above = (1 - a) * inkAt(fx, fy) + a * inkAt(fx + 1, fy);
    const below = (1 - a) * inkAt(fx, fy + 1) + a * inkAt(fx + 1, fy + 1);
    const reflected = paper + (ink - paper) * ((1 - b) * above + b * below);
    const level = 255 * reflected * light((x + 0.5) / side, (y + 0.5) / side) + grain * gauss();
    return Math.min(255, Math.max(0, Math.round(level)));
  });
  return { width: side, height: side, pixels };
}

/** Returns a source of standard normal numbers (Box and Muller) from a seed. */
function normal(seed: number): () => number {
  let state = seed;
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next());
}

/** Returns a photograph as a JPEG, with gray as three colours; `exif` is included as it is. */
export function jpegBytes({ width, height, pixels }: Photograph, exif?: Uint8Array): Uint8Array {
  const data = new Uint8Array(4 * width * height).fill(255);
  pixels.forEach((level, i) => data.fill(level, 4 * i, 4 * i + 3));
  const bytes = new Uint8Array(encode({ width, height, data }, 85).data);
  if (!exif) return bytes;
  const head = [0xff, 0xe1, (exif.length + 8) >> 8, (exif.length + 8) & 255];
  const marker = Uint8Array.from([...head, ...new TextEncoder().encode("Exif\0\0"), ...exif]);
  return new Uint8Array(Buffer.concat([bytes.subarray(0, 2), marker, bytes.subarray(2)]));
}

/** Returns an EXIF block that contains only an orientation. */
export function exifOf(orientation: number, little = false): Uint8Array {
  const bytes = new Uint8Array(8 + 2 + 12 + 4);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode(little ? "II" : "MM"));
  view.setUint16(2, 42, little);
  view.setUint32(4, 8, little);
  view.setUint16(8, 1, little);
  view.setUint16(10, 0x0112, little);
  view.setUint16(12, 3, little);
  view.setUint32(14, 1, little);
  view.setUint16(18, orientation, little);
  return bytes;
}

/** Returns how similar two 28×28 images are: the best correlation over shifts by one pixel. */
export function likeness(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const shifts = [-1, 0, 1].flatMap((x) => [-1, 0, 1].map((y) => [x, y] as const));
  return Math.max(...shifts.map(([x, y]) => correlation(a, shifted(b, x, y))));
}

function shifted(image: ArrayLike<number>, dx: number, dy: number): number[] {
  const ground = Math.min(...Array.from(image));
  return Array.from({ length: 784 }, (_, i) => {
    const [x, y] = [(i % 28) + dx, Math.floor(i / 28) + dy];
    return x < 0 || y < 0 || x > 27 || y > 27 ? ground : image[y * 28 + x]!;
  });
}

function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const centred = (of: ArrayLike<number>): number[] => {
    const values = Array.from(of);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return values.map((value) => value - mean);
  };
  const [p, q] = [centred(a), centred(b)];
  const dot = (u: number[], v: number[]): number =>
    u.reduce((sum, value, i) => sum + value * v[i]!, 0);
  return dot(p, q) / Math.sqrt(dot(p, p) * dot(q, q));
}
