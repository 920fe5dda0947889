// What a page's thread did for some time, as the browser's own trace has it.
import type { Page } from "playwright-core";

/** One task of the page's thread. */
export interface PageTask {
  /** Milliseconds from its begin to its end, waiting for a core included. */
  readonly wall: number;
  /** Milliseconds that the thread worked. */
  readonly work: number;
}

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly dur?: number; // µs
  readonly tdur?: number;
  readonly args: { readonly name?: string };
}

/** Returns the tasks that the page's thread does in the next `milliseconds`. */
export async function tasksOf(page: Page, milliseconds: number): Promise<PageTask[]> {
  const browser = page.context().browser()!;
  await browser.startTracing(page, { categories: ["disabled-by-default-devtools.timeline"] });
  await page.waitForTimeout(milliseconds);
  const text = (await browser.stopTracing()).toString("utf8");
  const { traceEvents } = JSON.parse(text) as { readonly traceEvents: readonly TraceEvent[] };
  const pages = traceEvents
    .filter(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain")
    .map(({ pid, tid }) => `${pid}:${tid}`);
  return traceEvents
    .filter(({ name, pid, tid }) => name === "RunTask" && pages.includes(`${pid}:${tid}`))
    .map(({ dur = 0, tdur = 0 }) => ({ wall: dur / 1000, work: tdur / 1000 }));
}
