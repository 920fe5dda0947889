// The judge on the lab's device, loaded once per device.
import { loadJudge, type Device, type Judge } from "../../src/web.ts";
import type { Bench } from "./bench.ts";
import { fetchBytes } from "./fetching.ts";
import { oncePer } from "./once-per.ts";

const load = oncePer(async (device: Device): Promise<Judge> => {
  const address = new URL("../assets/judge.safetensors", import.meta.url);
  return loadJudge(device, await fetchBytes(address), "the judge");
});

/** Returns the judge that ships with the page. */
export function loadedJudge({ device }: Bench): Promise<Judge> {
  return load(device);
}
