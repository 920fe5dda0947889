// Directions of latent space, on the host in float64: three of them under one's hand, as a rotation, and where they
// come from: the generator's first layer, or chance.
import { AttributeError, ShapeError, UsageError } from "../gpu/errors.ts";
import { uniforms } from "../kernels/host-draws.ts";
import { factorOf, makeOrthogonal } from "../metrics/factors.ts";
import type { Models } from "./gan.ts";
import { dot, normOf } from "./latent.ts";

/** A rotation as a quaternion (x, y, z, w). It needn't have length 1. */
export type Turn = readonly [number, number, number, number] | Float64Array | Float32Array;

/** A place in latent space to turn from, and the directions that a turn leads to. */
export interface Hold {
  /** The latent at no turn, as a unit vector (n). */
  readonly centre: Float64Array;
  /** Three unit vectors (n), at right angles to the centre and to one another. */
  readonly axes: readonly [Float64Array, Float64Array, Float64Array];
  /** The norm of the latent that the hold was taken at. */
  readonly norm: number;
}

const AXES = 3;
/** A direction of which less than this share is left besides the others lies among them. */
const NOTHING_LEFT = 1e-6;

/**
 * Takes hold of latent space at a latent (n). The axes are the first three directions that are left when what lies
 * along the centre, or along earlier axes, is taken away (Gram and Schmidt).
 *
 * Throws `AttributeError` on a latent without a direction; `ShapeError` if the lengths differ, or fewer than three
 * directions are left.
 */
export function hold(latent: Float32Array, directions: readonly Float64Array[]): Hold {
  const norm = normOf(latent);
  if (!(norm > 0 && norm < Infinity)) {
    throw new AttributeError(`hold: a latent of norm ${norm} has no direction; draw another one`);
  }
  const centre = Float64Array.from(latent, (value) => value / norm);
  const axes: Float64Array[] = [];
  for (const direction of directions) {
    if (direction.length !== latent.length) {
      throw new ShapeError(
        `hold: directions must have the latent's length, ${latent.length}; got ${direction.length}`,
      );
    }
    const left = besides(direction, [centre, ...axes]);
    if (left) axes.push(left);
    if (axes.length === AXES) break;
  }
  const [first, second, third] = axes;
  if (!first || !second || !third) {
    throw new ShapeError(
      `hold: takes three directions besides the latent itself; got ${axes.length}: give more of them`,
    );
  }
  return { centre, axes: [first, second, third], norm };
}

/**
 * Returns the latent (n) that a turn leads to, `stretch` times as far from 0 as the hold's own (1):
 *
 *     z(q) = stretch · norm · (w · centre + x · axis₁ + y · axis₂ + z · axis₃)
 *
 * Unit quaternions are the points of the sphere in four dimensions, and centre and axes are four unit vectors at right
 * angles, so |z| stays the same under any turn, as normal latents want it. No turn is the centre itself. A turn by an
 * angle θ about one axis goes θ/2 along the great circle towards that axis' direction: half a turn arrives there, a
 * whole one at the opposite of the centre, and two whole turns are back. Turns follow one another as the hand makes
 * them: the latent of q₂ q₁ is where q₂ leads from the place of q₁.
 *
 * Throws `AttributeError` on a quaternion of length 0.
 */
export function turned(
  { centre, axes, norm }: Hold,
  [x, y, z, w]: Turn,
  stretch = 1,
): Float32Array<ArrayBuffer> {
  const length = Math.hypot(x!, y!, z!, w!);
  if (!(length > 0 && length < Infinity)) {
    throw new AttributeError(
      `turned: a quaternion of length ${length} is no rotation; begin at (0, 0, 0, 1)`,
    );
  }
  const scale = (stretch * norm) / length;
  const [first, second, third] = axes;
  return Float32Array.from(
    centre,
    (value, i) => scale * (w! * value + x! * first[i]! + y! * second[i]! + z! * third[i]!),
  );
}

/** Returns `count` directions of `length` numbers drawn from a seed: unit vectors, none preferred. */
export function randomDirections(
  length: number,
  seed: number,
  count: number = AXES + 1,
): Float64Array[] {
  const draw = uniforms(seed);
  return Array.from({ length: count }, () => {
    // Box and Muller 1958
    const normal = (): number =>
      Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());
    const direction = Float64Array.from({ length }, normal);
    const size = normOf(direction);
    return direction.map((value) => value / size);
  });
}

/** A principal direction of a generator's first layer. */
export interface PrincipalDirection {
  /** A unit vector (latent). */
  readonly direction: Float64Array;
  /** The share of the layer's squared weights that lies along it; all shares add up to 1. */
  readonly share: number;
}

/**
 * Returns the principal directions of the generator's first layer, the largest first: eigenvectors of K Kᵀ, where K
 * (latent, units) is the kernel's part that takes the noise. A step of one length along the first changes the layer's
 * outputs most. They often carry meaning, such as slant or weight (Shen and Zhou 2021, "Closed-form factorization of
 * latent semantics in GANs"). Their signs make the largest entry positive.
 *
 * Throws `UsageError` if the generator's first layer isn't dense.
 */
export async function principalDirections({
  recipe,
  sampler,
}: Models): Promise<PrincipalDirection[]> {
  const kernel = sampler.layers[0]?.parameters["kernel"]?.tensor;
  if (!kernel || kernel.shape.length !== 2) {
    const kind = sampler.layers[0]?.layer.kind ?? "missing";
    throw new UsageError(
      `principalDirections: the generator's first layer must be dense, which recipe ${recipe.name}'s isn't (${kind}); choose random directions`,
    );
  }
  return principalRows(await kernel.read("f32"), recipe.latent, kernel.shape[1]!);
}

/** Returns the principal directions of the first `rows` rows of a matrix (…, columns), row by row. */
export function principalRows(
  values: Float32Array,
  rows: number,
  columns: number,
): PrincipalDirection[] {
  const row = (index: number): Float32Array =>
    values.subarray(index * columns, (index + 1) * columns);
  const products = new Float64Array(rows * rows);
  for (let i = 0; i < rows; i += 1) {
    for (let j = 0; j <= i; j += 1) {
      const [a, b] = [row(i), row(j)];
      let sum = 0;
      for (let k = 0; k < columns; k += 1) sum += a[k]! * b[k]!;
      products[i * rows + j] = sum;
      products[j * rows + i] = sum;
    }
  }
  const factor = [...factorOf(products, rows)];
  makeOrthogonal(factor);
  const squares = factor.map((column) => normOf(column) ** 2);
  const whole = squares.reduce((sum, square) => sum + square, 0);
  return factor.map((column, index) => {
    const largest = column.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a), 0);
    const scale = Math.sign(largest) / Math.sqrt(squares[index]!);
    return { direction: column.map((value) => value * scale), share: squares[index]! / whole };
  });
}

/** Returns the part of a direction at right angles to some unit vectors, as a unit vector; undefined if none is left. */
function besides(
  direction: Float64Array,
  others: readonly Float64Array[],
): Float64Array | undefined {
  let left: Float64Array = direction;
  // Twice: what the first pass leaves along the others by rounding may be much of a short rest.
  for (let pass = 0; pass < 2; pass += 1) {
    for (const other of others) {
      const along = dot(left, other);
      left = left.map((value, i) => value - along * other[i]!);
    }
  }
  const length = normOf(left);
  if (!(length > NOTHING_LEFT * normOf(direction))) return undefined;
  return left.map((value) => value / length);
}
