// Trains a run from its flags to its end: claims its folder, and goes on if the device is lost.
import { commandFor } from "../command-words.ts";
import type { Device } from "../../gpu/device.ts";
import { DeviceLostError, OutputError } from "../../gpu/errors.ts";
import { shellQuote } from "../../gpu/foreign-text.ts";
import type { OpenedAdapter } from "../../gpu/node/adapter.ts";
import { TUNING_BUDGET } from "../defaults.ts";
import { checkTrainFlags } from "./check-flags.ts";
import type { Course } from "./course.ts";
import { checkStorage, draftResumed, draftRun, type Draft, type TrainFlags } from "./draft-run.ts";
import type { Claim } from "../claim.ts";
import type { RunRecord } from "../run-record.ts";
import type { Journey, Opened } from "./train-run.ts";
import { inPhase } from "../phases.ts";
import type { Ui } from "../ui.ts";
import { ownBatch, type Team } from "./team.ts";

/**
 * Trains a GAN, and writes a run folder. A comparison passes the `course` that the run takes, the first of several ranks
 * its `team`. Throws a `LonghandError` for everything that a person can mend.
 */
export async function trainRun(
  ui: Ui,
  flags: TrainFlags,
  { course, team }: { readonly course?: Course; readonly team?: Team } = {},
): Promise<void> {
  checkTrainFlags(flags);
  const journey: Journey = {
    began: undefined,
    reached: 0,
    saved: 0,
    record: undefined,
    lostAt: undefined,
  };
  let claim: Claim | undefined;
  const stop = (): void => {
    claim?.release();
    const kept = journey.record ? "the newest checkpoint is kept" : "nothing was written";
    ui.remark(`stopped before a step was done; ${kept}`);
  };
  let leave = ui.stopAtOnce(stop);
  const claimed = (made: Claim): void => {
    claim = made;
  };
  try {
    let draft: Draft | undefined = await inPhase(
      ui,
      "Loading images",
      async () =>
        flags.resume === undefined
          ? draftRun(flags, claimed, course?.recipe)
          : draftResumed(flags, claimed),
      { quiet: true },
    );
    await team?.begin(draft);
    while (draft) {
      draft = await attempt(ui, draft, flags, { journey, leave, course, team });
      leave();
      if (draft) leave = ui.stopAtOnce(stop);
    }
  } finally {
    leave();
    claim?.release();
  }
}

/**
 * Trains to the end, or until asked to stop. `leave` leaves the handling of signals to the loop. Returns the draft to
 * go on with if the device was lost.
 */
async function attempt(
  ui: Ui,
  draft: Draft,
  flags: TrainFlags,
  { journey, leave, course, team }: Pick<Opened, "journey" | "leave" | "course" | "team">,
): Promise<Draft | undefined> {
  // What trains is slow to load: flags and data are checked before.
  const { limitsFor, withDevice } = await import("../session.ts");
  const { run } = await import("./train-run.ts");
  try {
    const body = async (device: Device, opened: OpenedAdapter): Promise<void> => {
      ui.print(opened.line);
      await checkStorage(draft, device, opened);
      for (const note of draft.notes) ui.print(note);
      if (draft.earlier && draft.earlier.adapter !== opened.name) {
        ui.print(
          `The run was on ${draft.earlier.adapter}; it goes on with this adapter, and its bits will differ.`,
        );
      }
      if (flags.tune !== undefined && !draft.earlier) {
        const budget = flags.tune === true ? TUNING_BUDGET : flags.tune;
        const { recipe, batch } = draft;
        const { tuneRecipe } = await import("../tuning.ts");
        await tuneRecipe(ui, { recipe, batch, adapter: flags.adapter, budget, again: false });
      }
      await run(ui, draft, flags, { device, opened, journey, leave, course, team });
    };
    const own = { ...draft, batch: ownBatch(draft.batch, team) };
    await withDevice(flags.adapter, body, limitsFor([own]));
    return undefined;
  } catch (error) {
    if (error instanceof OutputError && journey.record) throw withStanding(error, draft, journey);
    if (!(error instanceof DeviceLostError) || !journey.record || team) throw error;
    return afterLoss(ui, draft, journey.record, journey, error);
  }
}

/** Adds to an error's message where the run stands. */
function withStanding(error: OutputError, { folder }: Draft, { saved }: Journey): OutputError {
  return new OutputError(
    `${error.message} The run's newest checkpoint is of step ${saved}; once the cause is mended, go on with: ${commandFor("train", `--resume ${shellQuote(folder.path)}`)}`,
    { cause: error },
  );
}

/** Returns the draft with which a run goes on after its device was lost. Throws if it got no further than last time. */
function afterLoss(
  ui: Ui,
  draft: Draft,
  earlier: RunRecord,
  journey: Journey,
  error: DeviceLostError,
): Draft {
  const { reached, saved, lostAt } = journey;
  const lost = error.message.replace(/; start again from the last checkpoint$/, "");
  if (lostAt !== undefined && reached <= lostAt) {
    throw new DeviceLostError(
      `${lost}, twice in a row after step ${reached}; the newest checkpoint is kept: try a smaller --batch or another --adapter, or go on with --resume ${shellQuote(draft.folder.path)}`,
      { cause: error },
    );
  }
  // The first step after a checkpoint is always reported, later ones now and then.
  journey.lostAt = Math.max(reached, saved + 1);
  ui.print(
    `After step ${reached}: ${lost}. Opening a new device, to go on from the newest checkpoint.`,
  );
  return { ...draft, earlier, notes: [] };
}
