// `longhand judge`: trains a classifier of digits, and keeps it for every command that judges.
import { existsSync } from "node:fs";
import { UsageError } from "../gpu/errors.ts";
import { GOAL, type Which } from "../judge/designs.ts";
import type { KeptJudge } from "../judge/judge.ts";
import type { Cached } from "../runs/cache.ts";
import { findJudge, formatAccuracy, judgeCommandFor, readJudge, trainAndKeep } from "./judges.ts";
import { print } from "./print.ts";
import { withDevice } from "./session.ts";

/** The flags of `judge`. */
export interface JudgeFlags {
  readonly second?: boolean;
  readonly epochs?: number;
  readonly seed?: number;
  readonly out?: string;
  readonly data?: string;
  readonly transpose?: boolean;
  readonly adapter?: string;
  readonly force?: boolean;
}

/** Trains a judge unless one is kept. Throws a `LonghandError` for whatever a person can mend. */
export async function judgeCommand(flags: JudgeFlags): Promise<void> {
  const { second = false, force = false, out } = flags;
  if (out !== undefined && !out.endsWith(".safetensors")) {
    throw new UsageError(`--out ${out}: must end in .safetensors`);
  }
  const which = second ? "second" : "first";
  const { path, value: kept, trouble } = await found(which, out, force);
  if (trouble !== undefined) print(`${trouble}: the ${which} judge is trained anew.`);
  if (kept) {
    const { accuracy, seed, epochs, adapter, fingerprint } = kept;
    const short = accuracy < GOAL ? `, below the goal of ${(GOAL * 100).toFixed(1)} %` : "";
    print(
      `The ${which} judge is kept already: ${formatAccuracy(accuracy)} of the test images right${short}; seed ${seed}, ${epochs} epochs, trained on ${adapter}, fingerprint ${fingerprint}. ${path}`,
    );
    print(`To train it anew: ${judgeCommandFor(which)}`);
    return;
  }
  await withDevice(flags.adapter, async (device, opened) => {
    print(opened.line);
    await trainAndKeep(device, { which, adapterName: opened.name, ...flags });
  });
}

/** What is kept: in the cache, where damage counts as none, or in a file of somebody's own, where it is refused. */
async function found(
  which: Which,
  out: string | undefined,
  force: boolean,
): Promise<Cached<KeptJudge>> {
  const none = { path: out ?? "", value: undefined, trouble: undefined };
  if (force || (out !== undefined && !existsSync(out))) return none;
  return out === undefined ? findJudge(which) : { ...none, value: await readJudge(out, which) };
}
