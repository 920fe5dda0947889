// A rank of test/mpi/ranks.test.ts: makes one exchange of each kind, and prints what it got as a line of JSON.
import { setTimeout } from "node:timers/promises";
import { openRanks } from "../../src/mpi/ranks.ts";

const LONG = 100_003; // floats: more than are polled to their end, and no multiple of the ranks

const ranks = await openRanks({ patience: 20 });
const { rank, size, version, localRank } = ranks;
const short = Float32Array.of(rank + 1, -0.5);
const long = Float32Array.from({ length: LONG }, (_, i) => rank + (i % 7));
await ranks.sum(long);
await ranks.sum(short);
const part = Uint8Array.of(rank, 255 - rank);
const all = new Uint8Array(2 * size);
await ranks.gather(part, all);
const texts = await ranks.gatherTexts("é".repeat(rank));
const heard = await ranks.broadcast(rank === 0 ? Uint8Array.of(7, 8, 9) : undefined);
const empty = await ranks.broadcast(rank === 0 ? new Uint8Array() : undefined);
if (rank === 1) await setTimeout(300); // a slow rank, which the others wait for
let turns = 0;
const clock = setInterval(() => (turns += 1), 20);
await ranks.sum(short);
clearInterval(clock);
const { bytes, exchanges } = ranks.traffic();
console.log(
  JSON.stringify({
    rank,
    size,
    version,
    localRank,
    hosts: ranks.hosts.length,
    short: [...short],
    wrong: long.findIndex((value, i) => value !== (size * (size - 1)) / 2 + size * (i % 7)),
    all: [...all],
    texts,
    heard: [...heard],
    empty: empty.length,
    turns,
    bytes,
    exchanges,
  }),
);
await ranks.close();
