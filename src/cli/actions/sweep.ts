// Lists a sweep, or trains the share of this process.
import { UsageError } from "../../gpu/errors.ts";
import { quote } from "../../gpu/foreign-text.ts";
import { shareIn, type Share } from "../../runs/sweeping/share.ts";
import { readSweep } from "../../runs/sweeping/sweep-file.ts";
import { listSweep, trainShare } from "../../runs/sweeping/sweep.ts";
import { terminal } from "../../terminal/ui.ts";
import type { SweepFlags } from "../commands/sweep.ts";

/** Trains the share that `--share` or the launcher says; lists the runs if neither does. */
export async function sweep(file: string, { share: asked, adapter }: SweepFlags): Promise<void> {
  const share = asked === undefined ? shareIn(process.env) : shareOf(asked);
  const read = await readSweep(file);
  const found = adapter === undefined ? read : { ...read, flags: { ...read.flags, adapter } };
  if (share) await trainShare(terminal, found, share);
  else listSweep(terminal, found);
}

function shareOf(text: string): Share {
  const [, k, n] = /^(\d{1,6})\/(\d{1,6})$/.exec(text) ?? [];
  const [place, count] = [Number(k), Number(n)];
  if (place >= 1 && place <= count) {
    return { index: place - 1, count, words: `share ${place} of ${count}` };
  }
  throw new UsageError(
    `--share ${quote(text)}: must be two whole numbers, the first from 1 to the second, such as 2/4`,
  );
}
