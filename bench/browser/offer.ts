// What a contestant's page offers to the benchmark that drives it.
import type { Answer, Command, StartOptions } from "../contestants/messages.ts";
import { createStand, obey, type Builders, type Stand } from "../contestants/stand.ts";
import { countCalls } from "../counters.ts";

/** What a page answers: the same as a contestant's process, but by calls. */
export interface Page {
  readonly start: (options: StartOptions) => Promise<Answer>;
  readonly obey: (command: Command) => Promise<Answer>;
}

declare global {
  interface Window {
    /** Set once the page's script has run. */
    contest?: Page;
  }
}

/** Sets `window.contest`. `open` returns the adapter's name and how to build what runs. */
export function offer(
  open: (options: StartOptions) => Promise<{
    readonly adapter: string;
    readonly builders: Builders;
  }>,
): void {
  let stand: Stand | undefined;
  const caught = async (body: () => Promise<Answer>): Promise<Answer> => {
    try {
      return await body();
    } catch (error) {
      return { error: error instanceof Error ? error.message : String(error) };
    }
  };
  window.contest = {
    start: (options) =>
      caught(async () => {
        const { adapter, builders } = await open(options);
        stand = createStand(countCalls(), builders);
        return { ready: adapter };
      }),
    obey: (command) =>
      caught(async () => (stand ? obey(stand, command) : { error: "the page was not started" })),
  };
}
