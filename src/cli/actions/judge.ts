// Trains a judge for `longhand judge`, unless one is kept.
import { GOAL } from "../../judge/designs.ts";
import {
  findKept,
  formatAccuracy,
  judgeCommandFor,
  trainAndKeep,
} from "../../runs/evaluation/judges.ts";
import { withDevice } from "../../runs/session.ts";
import { print } from "../../terminal/print.ts";
import { terminal } from "../../terminal/ui.ts";
import type { JudgeFlags } from "../commands/judge.ts";

/** Trains a judge, and keeps it. Says so if one is kept already. */
export async function trainUnlessKept(flags: JudgeFlags): Promise<void> {
  const { second = false, force = false, out } = flags;
  const which = second ? "second" : "first";
  const { path, value: kept, trouble } = await findKept(which, out, force);
  if (trouble !== undefined) print(`${trouble}: the ${which} judge is trained again.`);
  if (kept) {
    const { accuracy, seed, epochs, adapter, fingerprint } = kept;
    const short = accuracy < GOAL ? `, below the goal of ${(GOAL * 100).toFixed(1)} %` : "";
    print(
      `The ${which} judge is already kept: ${formatAccuracy(accuracy)} of the test images right${short}; seed ${seed}, ${epochs} epochs, trained on ${adapter}, fingerprint ${fingerprint}. ${path}`,
    );
    print(`To train it again: ${judgeCommandFor(which)}`);
    return;
  }
  await withDevice(flags.adapter, async (device, opened) => {
    print(opened.line);
    await trainAndKeep(terminal, device, { which, adapterName: opened.name, ...flags });
  });
}
