// Where launches belong: to which part of a step and to which layer. Only inspection reads it, to show a program as
// people think of it. It changes no launch.

/** The part of a step, and the layer of a network, that a launch belongs to. */
export interface Place {
  /** Such as `generator-backward`. */
  readonly part?: string | undefined;
  /** The network's name and the layer's: `discriminator.conv2d_1`. */
  readonly layer?: string | undefined;
}

let now: Place = {};

/** Returns the place that launches get at the moment. */
export const placeNow = (): Place => now;

/** Calls `body`, which must not be async. Its launches get this place; what the place leaves out stays as it was. */
export function within<T>(place: Place, body: () => T): T {
  const before = now;
  now = { ...before, ...place };
  try {
    return body();
  } finally {
    now = before;
  }
}
