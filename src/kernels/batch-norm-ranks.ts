// Batch norm over a batch that ranks share: the statistics of all ranks, joined on the host in float64 and in the order
// of the ranks, so that every rank gets equal ones.
import type { GpuArray } from "../gpu/array.ts";
import type { HostFloats } from "../gpu/dispatch.ts";
import type { Ranks } from "../gpu/ranks.ts";

const floats = (length: number): HostFloats => new Float32Array(new ArrayBuffer(4 * length));
const doubles = (length: number): Float64Array<ArrayBuffer> => new Float64Array(length);
const bytesOf = ({ buffer }: Float64Array<ArrayBuffer>): Uint8Array<ArrayBuffer> =>
  new Uint8Array(buffer);

/** Returns the constants of `lib/channels.wgsl` if ranks share the batch x (…, C). */
export function joinedConstants(
  x: GpuArray,
  ranks: Ranks | undefined,
): Readonly<Record<string, number | boolean>> {
  if (!ranks) return {};
  return { JOINED: true, ALL_ROWS: (x.size / x.shape.at(-1)!) * ranks.size };
}

/**
 * Adds rows with a mean and a sum of squared deviations to those of `before` rows in front of them (Chan et al. 1979).
 * Line 0 of `moments` (2, C) has the means, line 1 the squared deviations.
 */
function addRows(
  moments: Float64Array,
  before: number,
  more: {
    readonly rows: number;
    readonly mean: (c: number) => number;
    readonly squares: (c: number) => number;
  },
): void {
  const channels = moments.length / 2;
  const { rows, mean, squares } = more;
  const share = rows / (before + rows);
  for (let c = 0; c < channels; c += 1) {
    const delta = mean(c) - moments[c]!;
    moments[c]! += delta * share;
    moments[channels + c]! += squares(c) + delta * delta * before * share;
  }
}

/**
 * Joins the moments of runs of `chunk` rows, `runs` (S, 2, C), over all runs and ranks. Returns (1, 3, C): the batch's
 * mean minus this rank's first row, the sum of squared deviations, and the mean itself.
 */
export function joinMoments(x: GpuArray, runs: GpuArray, chunk: number, ranks: Ranks): GpuArray {
  const { device } = x;
  const channels = x.shape.at(-1)!;
  const rows = x.size / channels;
  const origin = floats(channels);
  const found = floats(runs.size);
  const joined = floats(3 * channels);
  const own = doubles(2 * channels);
  const all = doubles(2 * channels * ranks.size);
  const [sent, received] = [bytesOf(own), bytesOf(all)];
  const out = device.empty([1, 3, channels], "f32", "batch_norm.joined");
  device.onHost("batch_norm.join_moments", {
    read: [
      { array: device.viewAt(x, 0, [channels], x.dtype), into: origin },
      { array: runs, into: found },
    ],
    write: [{ array: out, from: joined }],
    run: async () => {
      own.fill(0);
      for (let first = 0; first < rows; first += chunk) {
        const at = (first / chunk) * 2 * channels;
        addRows(own, first, {
          rows: Math.min(chunk, rows - first),
          mean: (c) => origin[c]! + found[at + c]!,
          squares: (c) => found[at + channels + c]!,
        });
      }
      await ranks.gather(sent, received);
      own.fill(0);
      for (let rank = 0; rank < ranks.size; rank += 1) {
        const at = rank * 2 * channels;
        addRows(own, rank * rows, {
          rows,
          mean: (c) => all[at + c]!,
          squares: (c) => all[at + channels + c]!,
        });
      }
      for (let c = 0; c < channels; c += 1) {
        joined[c] = own[c]! - origin[c]!;
        joined[channels + c] = own[channels + c]!;
        joined[2 * channels + c] = own[c]!;
      }
    },
  });
  return out;
}

/** Adds up the sums of runs, `runs` (S, 2, C), over all runs and ranks. Returns (1, 2, C). */
export function joinSums(runs: GpuArray, ranks: Ranks): GpuArray {
  const { device } = runs;
  const line = runs.size / runs.shape[0]!;
  const found = floats(runs.size);
  const joined = floats(line);
  const own = doubles(line);
  const all = doubles(line * ranks.size);
  const [sent, received] = [bytesOf(own), bytesOf(all)];
  const out = device.empty([1, ...runs.shape.slice(1)], "f32", "batch_norm.joined_sums");
  device.onHost("batch_norm.join_sums", {
    read: [{ array: runs, into: found }],
    write: [{ array: out, from: joined }],
    run: async () => {
      addLines(found, own);
      await ranks.gather(sent, received);
      addLines(all, own);
      joined.set(own);
    },
  });
  return out;
}

/** Adds up lines, one after another, into `sum`. */
function addLines(lines: Float32Array | Float64Array, sum: Float64Array): void {
  sum.fill(0);
  for (let i = 0; i < lines.length; i += 1) sum[i % sum.length]! += lines[i]!;
}
