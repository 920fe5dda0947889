// One contestant on one platform: builds, steps and reports when told to, in Node and in a browser alike.
import type { Counters } from "../counters.ts";
import type { Contestant } from "./contestant.ts";
import type { KernelContestant, KernelRow } from "./kernel-rows.ts";
import type { Answer, Command, Report, StepReply } from "./messages.ts";

/** Answers commands. */
export interface Stand {
  readonly first: () => Promise<StepReply>;
  readonly step: () => Promise<StepReply>;
  readonly report: () => Promise<Report>;
  /** Sets up a kernel and runs it once; gives the norm of its result. */
  readonly kernel: (row: KernelRow) => Promise<number>;
  /** Runs that kernel. */
  readonly launch: () => Promise<StepReply>;
}

/** Builds what a stand runs. */
export interface Builders {
  readonly create: () => Promise<Contestant>;
  readonly createKernel: (row: KernelRow) => Promise<KernelContestant>;
}

/** Puts a contestant under `counters`. */
export function createStand(counters: Counters, { create, createKernel }: Builders): Stand {
  let contestant: Contestant | undefined;
  let running: KernelContestant | undefined;
  const built = (): Contestant => {
    if (!contestant) throw new Error("contestant: the first step comes first");
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
      await running.run(); // which compiles
      return running.resultNorm();
    },
    launch: () =>
      timed(async () => {
        if (!running) throw new Error("contestant: a kernel has to be chosen first");
        await running.run();
      }),
    async report() {
      const { losses, gradientNorms, drawnLatents, datasetBytes, multiplyAdds } = built();
      const peakBytes = counters.peakBytes() - datasetBytes; // reading back must not count
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

/** Does what a message asks. */
export async function obey(stand: Stand, command: Command): Promise<Answer> {
  if (typeof command === "object") return { resultNorm: await stand.kernel(command.kernel) };
  return command === "report" ? { report: await stand.report() } : { step: await stand[command]() };
}
