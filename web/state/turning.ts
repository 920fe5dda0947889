// The rotation of the trackball, by wgpu-matrix: what a drag, an arrow key or a spin makes of it.
import { quatd, vec3d } from "wgpu-matrix";
import type { Rotation } from "../lab/latent.ts";

/** No turn. */
export const MIDDLE: Rotation = [0, 0, 0, 1];

/** A point or an axis: x to the right, y up, z towards the viewer. */
export type Point = readonly [number, number, number];

/** The axes of the screen. */
export const ACROSS: Point = [1, 0, 0];
export const UP: Point = [0, 1, 0];
export const TOWARDS: Point = [0, 0, 1];

const rotationOf = (quaternion: Float64Array): Rotation => {
  const [x, y, z, w] = quatd.normalize(quaternion);
  return [x!, y!, z!, w!];
};

/** Returns a rotation that was turned further about an axis of the screen, by an angle in radians. */
export function turnedAbout(rotation: Rotation, axis: Point, angle: number): Rotation {
  const turn = quatd.fromAxisAngle(vec3d.normalize(axis), angle);
  return rotationOf(quatd.multiply(turn, quatd.create(...rotation)));
}

/** Returns a rotation that was turned further by a drag over the ball, whose radius is 1. */
export function turnedByDrag(
  rotation: Rotation,
  from: readonly [number, number],
  to: readonly [number, number],
): Rotation {
  const turn = quatd.rotationTo(onBall(from), onBall(to));
  return rotationOf(quatd.multiply(turn, quatd.create(...rotation)));
}

/**
 * Returns the point of the ball under a point of the screen, as a unit vector. Beyond half of the ball, a hyperbola
 * goes on smoothly, so that drags along the rim roll the ball (Bell 1988; Henriksen et al. 2004).
 */
function onBall([x, y]: readonly [number, number]): Float64Array {
  const squared = x * x + y * y;
  const z = squared < 0.5 ? Math.sqrt(1 - squared) : 0.5 / Math.sqrt(squared);
  return vec3d.normalize([x, y, z]);
}

/** Returns where a rotation takes a point. */
export function rotated(rotation: Rotation, point: Point): Point {
  const [x, y, z] = vec3d.transformQuat([...point], quatd.create(...rotation));
  return [x!, y!, z!];
}

/** Returns the rotations of a grid around one, row by row: tilted about the screen's axes by multiples of an angle. */
export function rotationsAround(rotation: Rotation, side: number, angle: number): Rotation[] {
  const middle = (side - 1) / 2;
  return Array.from({ length: side * side }, (_, i) => {
    const [right, down] = [(i % side) - middle, Math.floor(i / side) - middle];
    return turnedAbout(turnedAbout(rotation, UP, right * angle), ACROSS, down * angle);
  });
}
