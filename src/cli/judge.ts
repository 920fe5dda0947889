// `longhand judge`: trains a classifier of digits, and keeps it for every command that judges.
import { UsageError } from "../gpu/errors.ts";
import { GOAL } from "../judge/designs.ts";
import { formatAccuracy, judgeCommandFor, judgePath, readJudge, trainAndKeep } from "./judges.ts";
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
  const path = out ?? judgePath(which);
  const kept = force ? undefined : await readJudge(path, which);
  if (kept) {
    const { accuracy, seed, epochs, adapter, fingerprint } = kept;
    const short = accuracy < GOAL ? `, below the goal of ${(GOAL * 100).toFixed(1)} %` : "";
    console.log(
      `The ${which} judge is kept already: ${formatAccuracy(accuracy)} of the test images right${short}; seed ${seed}, ${epochs} epochs, trained on ${adapter}, fingerprint ${fingerprint}. ${path}`,
    );
    console.log(`To train it anew: ${judgeCommandFor(which)}`);
    return;
  }
  await withDevice(flags.adapter, async (device, opened) => {
    console.log(opened.line);
    await trainAndKeep(device, { which, adapterName: opened.name, ...flags });
  });
}
