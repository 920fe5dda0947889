// Ranks within one process, for tests of what they compute: each has a device of its own, and they exchange arrays
// directly. Sums are in the order of the ranks.
import type { Ranks } from "../../src/gpu/ranks.ts";
import { halfSums } from "../../src/mpi/half-sums.ts";
import type { MpiRanks } from "../../src/mpi/ranks.ts";

type Values = Float32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>;

/** An exchange, until all ranks have come. */
interface Round {
  readonly parts: Values[];
  readonly all: Promise<void>;
  readonly open: () => void;
}

/** What MPI's ranks have, too: the exchange that sums in 16 bits are made of. */
type RanksInProcess = Ranks & Pick<MpiRanks, "exchange">;

/** Returns `size` ranks that exchange with each other. */
export function ranksInProcess(size: number): readonly RanksInProcess[] {
  const rounds: Round[] = [];
  return Array.from({ length: size }, (_, rank): RanksInProcess => {
    let at = 0;
    const bring = (values: Values): Round => {
      const round = (rounds[at] ??= newRound());
      at += 1;
      round.parts[rank] = values.slice();
      if (Object.keys(round.parts).length === size) round.open();
      return round;
    };
    const own: RanksInProcess = {
      rank,
      size,
      async sum(values, type) {
        if (type === "f16") return halfSums(own, values.length)(values);
        const { parts, all } = bring(values);
        await all;
        values.fill(0);
        for (const part of parts) part.forEach((value, i) => (values[i]! += value));
      },
      async exchange(given, into) {
        const { parts, all } = bring(given);
        await all;
        const length = given.length / size;
        parts.forEach((each, index) =>
          into.set(each.subarray(rank * length, (rank + 1) * length), index * length),
        );
      },
      async gather(part, into) {
        const { parts, all } = bring(part);
        await all;
        parts.forEach((each, index) => into.set(each, index * each.length));
      },
    };
    return own;
  });
}

function newRound(): Round {
  let open = (): void => undefined;
  const all = new Promise<void>((resolve) => (open = resolve));
  return { parts: [], all, open };
}
