// Inverted dropout with a given mask. Masks come from `keepMask`.
import { type Ref, zip } from "./array.ts";

/** x where the 0/1 mask is 1, scaled by 1/(1 − rate); 0 elsewhere. */
export function dropout(x: Ref, mask: Ref, rate: number): Ref {
  return zip(x, mask, (value, keep) => (keep === 0 ? 0 : value / (1 - rate)));
}

/** The gradient of `dropout`: the same mask and scale on dy. */
export function dropoutGrad(dy: Ref, mask: Ref, rate: number): Ref {
  return dropout(dy, mask, rate);
}
