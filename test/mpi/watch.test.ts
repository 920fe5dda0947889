// The thread that watches calls of MPI: a process ends if one takes too long, and only then.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../support/longhand.ts";

test("a call that blocks for too long ends the process, with words; others return what they return", async () => {
  const began = performance.now();
  const found = await new Promise<object>((resolve) => {
    const script = join(import.meta.dirname, "blocked.ts");
    const args = ["--import", "tsx", script];
    execFile(process.execPath, args, { cwd: ROOT }, (error, stdout, stderr) =>
      resolve({ signal: error?.signal, stdout, stderr }),
    );
  });
  expect(found).toEqual({
    signal: "SIGKILL",
    stdout: "returned 600 and 600\n",
    stderr: "nobody came for 1 s\n",
  });
  expect(performance.now() - began).toBeLessThan(18_000);
});
