// The seeds that a walk visits, as flags name them.
import { UsageError } from "../../gpu/errors.ts";

/** The flags that say where a walk goes. */
export interface SeedFlags {
  readonly seeds?: readonly number[];
  readonly from?: number;
  readonly to?: number;
}

const MOST_SEEDS = 32;

/** Returns the seeds to visit. Throws `UsageError` if the walk would stand still. */
export function seedsOf({ seeds, from, to }: SeedFlags): readonly number[] {
  if (from !== undefined || to !== undefined) {
    if (seeds) throw new UsageError("--seeds: lists all stops; leave --from and --to out");
    if (from === undefined || to === undefined) {
      const missing = from === undefined ? "--from" : "--to";
      throw new UsageError(`${missing}: is missing; --from and --to are the two ends of one walk`);
    }
  }
  const stops = seeds ?? (from === undefined ? [0, 1, 2, 3, 4] : [from, to!]);
  const flag = seeds ? "--seeds" : "--from and --to";
  if (stops.length < 2 || stops.length > MOST_SEEDS) {
    throw new UsageError(`${flag}: name 2 to ${MOST_SEEDS} seeds; got ${stops.length}`);
  }
  const still = stops.findIndex((seed, index) => seed === stops[(index + 1) % stops.length]);
  if (still >= 0) {
    const why =
      still < stops.length - 1 || stops.length === 2
        ? "follows itself"
        : "is the first again, where the walk ends anyway";
    throw new UsageError(`${flag}: ${stops[still]} ${why}; leave it out`);
  }
  return stops;
}
