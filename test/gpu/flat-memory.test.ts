// A short slice of `npm run soak -- memory`: steps create no buffers, and leave nothing on the heap.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import type { Flatness } from "../soak/flat-memory.ts";

test("steps leave nothing behind", async () => {
  const args = ["--import", "tsx", "test/soak/flat-memory.ts", "2000", "null"];
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    cwd: new URL("../..", import.meta.url).pathname,
    timeout: 100_000,
  });
  const { buffers, bytes, heapPerStep, residentPerStep }: Flatness = JSON.parse(stdout);
  expect({ buffers, bytes }).toEqual({ buffers: 0, bytes: 0 });
  expect(heapPerStep).toBeLessThan(200);
  expect(residentPerStep).toBeLessThan(4000); // a few pages are many where steps are few
});
