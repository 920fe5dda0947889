// Recovers from a lost GPU: opens it again, and rebuilds the run from what was last saved.
import { wordsOf } from "../../src/web.ts";
import type { Bench } from "./bench.ts";
import { enter, trainOn, type Run } from "./run.ts";

/** What recovers a run. */
export interface Rebuilding {
  /** Says in a sentence which step of the run is saved; empty if none is. */
  readonly standing: () => Promise<string>;
  /** Builds the run again on the bench's new device, as it was when it was last saved. */
  readonly rebuild: (lost: Run) => Promise<Run>;
}

/** Has the bench recover whenever its device is lost. */
export function recoverLosses(bench: Bench, { standing, rebuild }: Rebuilding): void {
  let lostAt: number | undefined;
  const recover = async (message: string): Promise<void> => {
    const { run } = bench;
    const wasRunning = run?.state === "running";
    const reached = run?.step ?? 0;
    if (run) enter(bench, run, "preparing", "The GPU was lost. Opening it again…");
    const reason = message === "" ? "" : ` (${message.replace(/[.\s]+$/, "")})`;
    const lost = `The GPU was lost${run ? ` after step ${reached}` : ""}${reason}: its driver was reset, or the computer slept.`;
    const fail = async (what: string): Promise<void> => {
      const text = `${lost} ${what}`;
      bench.tell({
        type: "state",
        state: "failed",
        text: run ? `${text} ${await standing()}` : text,
      });
    };
    try {
      await bench.turn(() => bench.reopen());
    } catch (error) {
      await fail(`It can't be opened again (${wordsOf(error, Infinity)}): reload the page.`);
      return;
    }
    if (!run) {
      bench.tell({ type: "lost", text: `${lost} It was opened again.` });
      return;
    }
    if (wasRunning && lostAt !== undefined && reached <= lostAt) {
      await fail("It was lost at the same step before: try a smaller batch.");
      return;
    }
    try {
      const next = await rebuild(run);
      lostAt = wasRunning ? Math.max(reached, next.step + 1) : undefined;
      const from = next.step === 0 ? "its beginning" : `step ${next.step}, which was saved last`;
      bench.tell({
        type: "lost",
        text: `${lost} It was opened again, and the run goes on from ${from}.`,
      });
      if (wasRunning) void trainOn(bench, next);
      else enter(bench, next, "paused", `Paused after step ${next.step}.`);
    } catch (error) {
      await fail(`The run can't go on by itself (${wordsOf(error, Infinity)}).`);
    }
  };
  bench.whenLost = (message) => void recover(message);
}
