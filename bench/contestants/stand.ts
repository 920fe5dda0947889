// One contestant on one platform: builds, steps and reports when told to, in Node and in a browser alike.
import type { Counters } from "../counters.ts";
import type { Contestant } from "./contestant.ts";
import type { Answer, Command, Report, StepReply } from "./messages.ts";

/** Answers commands. */
export interface Stand {
  readonly first: () => Promise<StepReply>;
  readonly step: () => Promise<StepReply>;
  readonly report: () => Promise<Report>;
}

/** Puts a contestant that `create` will build under `counters`. */
export function createStand(counters: Counters, create: () => Promise<Contestant>): Stand {
  let contestant: Contestant | undefined;
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
  return command === "report" ? { report: await stand.report() } : { step: await stand[command]() };
}
