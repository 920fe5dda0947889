// The page's side of the lab: the worker, and its methods as promises.
import { proxy, transfer, wrap, type Remote } from "comlink";
import type { LabEvent } from "../lab/events.ts";
import type { Lab } from "../lab/lab.ts";

const worker = new Worker(new URL("../lab/lab.ts", import.meta.url), {
  type: "module",
  name: "lab",
});

/** The lab's methods. */
export const lab: Remote<Lab> = wrap<Lab>(worker);

/** Hears of everything that happens in the lab. */
export function listen(listener: (event: LabEvent) => void): void {
  void lab.listen(proxy(listener));
}

/** Calls `heard` if the lab can't be loaded or stops. */
export function onBroken(heard: (words: string) => void): void {
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    heard(event.message || "its script can't be loaded; is the server still running?");
  });
}

/** Hands a canvas to the lab, which paints on it from now on. */
export async function attach(name: string, canvas: HTMLCanvasElement): Promise<void> {
  const offscreen = canvas.transferControlToOffscreen();
  await lab.attach(name, transfer(offscreen, [offscreen]));
}
