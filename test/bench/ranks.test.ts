// The model of a step that ranks share, and a short run of the benchmark that it belongs to.
import { execFile } from "node:child_process";
import { describe, expect, test } from "vitest";
import { efficiency, exchangeTime, type SharedStep, WIRES } from "../../bench/ranks/model.ts";
import { ROOT } from "../support/longhand.ts";
import { isInstalled, MAKES } from "../support/mpirun.ts";

const step: SharedStep = { compute: 10, host: 1, parameters: 1e6, joins: 6, joinBytes: 1024 };
const wire = { name: "round numbers", latency: 0.1, bandwidth: 1e6 };

test("the model adds up latencies and bytes", () => {
  expect(exchangeTime(step, wire, 1)).toBe(0);
  // Two ranks: one round. Two sums of two phases, six joins; 4 MB of sums each way, 1 KB in each join.
  expect(exchangeTime(step, wire, 2)).toBeCloseTo(0.4 + 0.6 + 4 + 6 * 0.001024, 10);
  expect(exchangeTime(step, wire, 8)).toBeCloseTo(3 * (0.4 + 0.6) + 7 + 6 * 7 * 0.001024, 10);
  expect(efficiency(step, wire, 1)).toBe(1);
  expect(efficiency(step, wire, 2)).toBeCloseTo(10 / (11 + exchangeTime(step, wire, 2)), 10);
});

test("more ranks and slower networks never make it better", () => {
  for (const each of WIRES) {
    const shares = [2, 8, 64, 1024].map((ranks) => efficiency(step, each, ranks));
    expect(shares).toEqual(shares.toSorted((a, b) => b - a));
  }
  expect(efficiency(step, WIRES[0]!, 64)).toBeLessThan(efficiency(step, WIRES[1]!, 64));
});

const launcher = MAKES.find(isInstalled);

describe.skipIf(!launcher)("npm run bench -- scaling --ranks (skipped without mpirun)", () => {
  const bench = async (mpirun: string): Promise<string> => {
    const all = ["--ranks", "1,2", "--rounds", "2", "--recipe", "mlp", "--batch", "4"];
    const args = ["bench/main.ts", "scaling", ...all, "--adapter", "null", "--mpirun", mpirun];
    const env = {
      ...process.env,
      OMPI_ALLOW_RUN_AS_ROOT: "1",
      OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1",
    };
    return new Promise((resolve) => {
      const command = ["--import", "tsx", ...args];
      execFile(process.execPath, command, { cwd: ROOT, env }, (_error, out, err) =>
        resolve(out + err),
      );
    });
  };

  test("times each number of ranks, and models more", async () => {
    const said = await bench([launcher!.launcher, ...launcher!.args].join(" "));
    expect(said).toContain(`through ${launcher!.make}`);
    expect(said).toMatch(/^1 +\S.*%$/m);
    expect(said).toMatch(/^2 +\S.*%$/m);
    expect(said).toMatch(/2 ranks: sums take \d+\.\d\d× MPI's own/);
    expect(said).toMatch(/^1024 +\S+ % +\S+ %$/m);
  });

  test("says in one line that ranks don't start", async () => {
    expect(await bench("no-such-mpirun")).toMatch(
      /^scaling: 1 ranks didn't run \(.*\); --mpirun names the command that starts them/m,
    );
  });
});
