// A rank of test/mpi/ranks.test.ts: makes one exchange of each kind, and prints what it got as a line of JSON.
import { setTimeout } from "node:timers/promises";
import { openRanks } from "../../src/mpi/ranks.ts";

const kept: Float64Array[] = [];
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
// To rank k from rank r: the bytes r, k, and nothing else; few and many of them.
const wrongly: number[] = [];
for (const length of [2, 50_000]) {
  const given = Uint8Array.from({ length: length * size }, (_, i) =>
    i % 2 === 0 ? rank : Math.floor(i / length),
  );
  const got = new Uint8Array(length * size);
  await ranks.exchange(given, got);
  const right = (i: number): number => (i % 2 === 0 ? Math.floor(i / length) : rank);
  wrongly.push(got.findIndex((value, i) => value !== right(i)));
}
const long8 = new Uint8Array(100_000 * size);
await ranks.gather(new Uint8Array(100_000).fill(rank), long8);
wrongly.push(long8.findIndex((value, i) => value !== Math.floor(i / 100_000)));
const texts = await ranks.gatherTexts("é".repeat(rank));
const heard = await ranks.broadcast(rank === 0 ? Uint8Array.of(7, 8, 9) : undefined);
const empty = await ranks.broadcast(rank === 0 ? new Uint8Array() : undefined);
// Short arrays, which V8 would move, while it collects garbage.
const rounds = await Promise.all([mixed(), litter()]);
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
    mixed: rounds[0],
    wrongly,
    texts,
    heard: [...heard],
    empty: empty.length,
    turns,
    bytes,
    exchanges,
  }),
);
await ranks.close();

/** Exchanges short arrays many times. Returns how many exchanges went wrong. */
async function mixed(): Promise<number> {
  let wrong = 0;
  for (let round = 0; round < 300; round += 1) {
    const parts = new Uint8Array(size);
    await ranks.gather(Uint8Array.of(rank + round), parts);
    if (parts.some((value, at) => value !== ((at + round) & 255))) wrong += 1;
    const one = Float32Array.of(round);
    await ranks.sum(one);
    if (one[0] !== round * size) wrong += 1;
  }
  return wrong;
}

/** Leaves garbage of all sizes for V8 to collect. */
async function litter(): Promise<void> {
  for (let round = 0; round < 300; round += 1) {
    for (let i = 0; i < 2000; i += 1) kept[i % 500] = new Float64Array(1 + (i % 12));
    await setTimeout(0);
  }
}
