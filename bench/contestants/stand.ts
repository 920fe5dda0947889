// One contestant on one platform: builds, steps and reports on command, in Node or in a browser.
import type { Counters } from "../counters.ts";
import type { Contestant } from "./contestant.ts";
import type { KernelContestant, KernelRow } from "./kernel-rows.ts";
import type { Answer, Command, Report, StepReply } from "./messages.ts";

/** Answers commands. */
export interface Stand {
  readonly first: () => Promise<StepReply>;
  readonly step: () => Promise<StepReply>;
  readonly report: () => Promise<Report>;
  /** Sets up a kernel and runs it once; returns the norm of its result. */
  readonly kernel: (row: KernelRow) => Promise<number>;
  /** Runs that kernel. */
  readonly launch: () => Promise<StepReply>;
}

/** Builds what a stand runs. */
export interface Builders {
  readonly create: () => Promise<Contestant>;
  readonly createKernel: (row: KernelRow) => Promise<KernelContestant>;
}

/** Creates a stand that runs a contestant under `counters`. */
export function createStand(counters: Counters, { create, createKernel }: Builders): Stand {
  let contestant: Contestant | undefined;
  let running: KernelContestant | undefined;
  const built = (): Contestant => {
    if (!contestant) throw new Error("contestant: no step has run; send `first` before");
    return contestant;
  };
  const timed = async (body: () => Promise<void>): Promise<StepReply> => {
    counters.take();
    const start = performance.now();
    await body();
    return { milliseconds: performance.now() - start, counts: counters.take() };
  };
  return {
    first: () =>
      timed(async () => {
        contestant = await create();
        await contestant.step();
      }),
    step: () => timed(() => built().step()),
    async kernel(row) {
      running = await createKernel(row);
      await running.run(); // this compiles
      return running.resultNorm();
    },
    launch: () =>
      timed(async () => {
        if (!running) throw new Error("contestant: no kernel is set up; send one before");
        await running.run();
      }),
    async report() {
      const { losses, gradientNorms, drawnLatents, datasetBytes, multiplyAdds } = built();
      const peakBytes = counters.peakBytes() - datasetBytes; // read before the losses are: reading back must not count
      return {
        ...(await losses()),
        gradientNorms: await gradientNorms(),
        drawnLatents: drawnLatents?.() ?? [],
        peakBytes,
        ...(multiplyAdds ? { multiplyAdds } : {}),
      };
    },
  };
}

/** Executes a command, and returns the answer. */
export async function obey(stand: Stand, command: Command): Promise<Answer> {
  if (typeof command === "object") return { resultNorm: await stand.kernel(command.kernel) };
  return command === "report" ? { report: await stand.report() } : { step: await stand[command]() };
}
