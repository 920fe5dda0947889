// A training as the ranks after the first see it: the same steps, and no files.
import { checkGan, createGan } from "../../gan/gan.ts";
import { noClusters } from "../../gan/clusters.ts";
import { isFiniteRecord } from "../../gan/numerics.ts";
import { shareAmong } from "../../gan/sharing.ts";
import { compileSteps, stepsOf, type StepRecord } from "../../gan/train-steps.ts";
import type { Device } from "../../gpu/device.ts";
import { DivergedError } from "../../gpu/errors.ts";
import type { OpenedAdapter } from "../../gpu/node/adapter.ts";
import { useChoices } from "../../kernels/variant.ts";
import type { MpiRanks } from "../../mpi/ranks.ts";
import { trainLoop, type Callback } from "../../nn/train-loop.ts";
import { choicesFor } from "../kernel-choices.ts";
import { recipeIn } from "../run-record.ts";
import { openTrainingSet } from "../sets/open-set.ts";
import type { Ui } from "../ui.ts";
import { checkStorage, type TrainFlags } from "./draft-run.ts";
import { agree, copyState, hear, ownBatch, type Stretch, type Task } from "./team.ts";

/** Trains with rank 0 until it stops. Throws a `LonghandError` for everything that a person can mend. */
export async function follow(ui: Ui, flags: TrainFlags, ranks: MpiRanks): Promise<void> {
  const leave = ui.stopAtOnce(() => undefined);
  try {
    const task = await hear<Task>(ranks);
    const recipe = recipeIn(task, "rank 0's task");
    const { batch, seed, activationType, batchNorm, reduce, earlier } = task;
    const { dataFolder, transpose, size } = task;
    const data = await openTrainingSet(recipe, dataFolder, { transpose, size });
    const sharing = shareAmong(ranks, { batchNorm, reduce });
    const options = { seed, batch, activationType, sharing };
    const { limitsFor, withDevice } = await import("../session.ts");
    const body = async (device: Device, opened: OpenedAdapter): Promise<void> => {
      await checkStorage({ activationType, earlier: undefined }, device, opened);
      checkGan(device, recipe, data, options);
      const { choices } = await choicesFor(earlier, opened);
      await agree(ranks, { data, adapter: opened.name, choices });
      // Rank 0 sorts the images: its clusters come with its state.
      const images = recipe.clusters ? { ...data, clusters: noClusters(recipe, data) } : data;
      const gan = createGan(device, recipe, images, options);
      const { from, until } = await hear<Stretch>(ranks);
      await copyState(ranks, gan);
      if (until <= from) return;
      useChoices(device, choices);
      const programs = await compileSteps(gan);
      leave();
      const interrupt = ui.onInterrupt(ui.remark, "");
      sharing.wantsToStop = interrupt.asked;
      const sound = opened.kind !== "null";
      const onReport: Callback<readonly StepRecord[]> = ({ values }, { stop }) => {
        const bad = sound ? values.find((each) => !isFiniteRecord(each)) : undefined;
        if (bad) throw new DivergedError(`Step ${bad.step}: the losses are not finite any more`);
        if (sharing.stops) stop();
      };
      try {
        await trainLoop({ ...stepsOf(gan, programs, { from, until }), callbacks: [onReport] });
      } finally {
        interrupt.release();
      }
    };
    const own = { recipe, data, batch: ownBatch(batch, { sharing }), activationType };
    await withDevice(flags.adapter, body, limitsFor([own]));
  } finally {
    leave();
  }
}
