// The command line of the slow proofs: the full op table, in every variant, on every software adapter here and with
// every set of limits; the mutants; faults; memory.
import { execFile, execFileSync, spawn } from "node:child_process";
import { cpus } from "node:os";
import { writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { Command, InvalidArgumentError } from "commander";
import { surveyAdapters } from "../../src/gpu/node/adapter.ts";
import type { Verdict } from "../support/ops-doc.ts";
import { keptReports, RELIABILITY_FIGURES } from "../support/reliability-doc.ts";
import { PARTS, runFaults, type RunFaults } from "./faults.ts";
import type { Flatness } from "./flat-memory.ts";
import { type Mutant, mutants } from "./mutants.ts";
import type { Report } from "./run-faults.ts";

const LIMITS = ["default", "adapter"] as const;
const RESULTS = new URL("../../docs/mutants.json", import.meta.url);

/** Runs vitest with some variables set. Gives its exit code and what it printed. */
async function vitest(
  args: readonly string[],
  variables: Readonly<Record<string, string>>,
  show: boolean,
): Promise<{ code: number; printed: string }> {
  const child = spawn("npx", ["vitest", "run", ...args], {
    env: { ...process.env, ...variables },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      printed += text;
      if (show) process.stdout.write(text);
    });
  }
  const code = await new Promise<number>((resolve, reject) => {
    child.on("error", reject).on("close", (exit) => resolve(exit ?? 1));
  });
  return { code, printed };
}

/** The names of the adapters to prove the table on: those given, or every software one here. */
async function adaptersFor(names: readonly string[]): Promise<readonly string[]> {
  if (names.length > 0) return names;
  const { adapters } = await surveyAdapters();
  return adapters.map(({ name }) => name);
}

async function crossTable(names: readonly string[]): Promise<boolean> {
  const failed: string[] = [];
  for (const adapter of await adaptersFor(names)) {
    for (const limits of LIMITS) {
      // Limits change no kernel: with all of the adapter's, the table is not crossed in full again.
      const soak = limits === "default" ? "1" : "";
      console.log(`\n== the op table on ${adapter}, ${limits} limits${soak && ", in full"}`);
      const variables = {
        LONGHAND_SOAK: soak,
        LONGHAND_ADAPTER: adapter,
        LONGHAND_LIMITS: limits,
      };
      const { code } = await vitest(["test/kernels/"], variables, true);
      if (code !== 0) failed.push(`${adapter} with ${limits} limits`);
    }
  }
  for (const where of failed) console.error(`failed on ${where}`);
  return failed.length === 0;
}

/** Where a mutant's tests are, as vitest's arguments. */
function testsOf({ noticed }: Mutant): readonly string[] {
  return "file" in noticed
    ? [noticed.file, "-t", noticed.name]
    : [
        "test/kernels/ops.test.ts",
        "test/kernels/conv2d.test.ts",
        "test/kernels/gpu-variants.test.ts",
        "-t",
        `the op (${noticed.join("|")}) `,
      ];
}

async function tryMutant(mutant: Mutant): Promise<Verdict> {
  const variables = { LONGHAND_MUTANT: String(mutants.indexOf(mutant)), NO_COLOR: "1", CI: "" };
  const args = [...testsOf(mutant), "--bail=1", "--reporter=json"];
  const { code, printed } = await vitest(args, variables, false);
  // A test that ran and failed; a mutant that isn't valid WGSL, or no test at all, proves nothing.
  const report = printed.slice(printed.indexOf('{"numTotalTestSuites'));
  const failure = /"fullName":"([^"]*)","status":"failed"/.exec(report)?.[1];
  const killed = code !== 0 && failure !== undefined && !/Error while parsing WGSL/.test(report);
  return { kernel: mutant.kernel, what: mutant.what, killed, by: killed ? failure : "" };
}

async function killMutants(pattern: string | undefined): Promise<boolean> {
  const chosen = mutants.filter(({ kernel }) => kernel.includes(pattern ?? ""));
  const verdicts: Verdict[] = [];
  const queue = [...chosen];
  await Promise.all(
    Array.from({ length: Math.min(2, cpus().length) }, async () => {
      for (let mutant = queue.shift(); mutant; mutant = queue.shift()) {
        const verdict = await tryMutant(mutant);
        verdicts.push(verdict);
        const word = verdict.killed ? "killed" : "SURVIVED";
        console.log(
          `${verdicts.length}/${chosen.length} ${word} ${verdict.kernel}: ${verdict.what}${verdict.by && ` (${verdict.by})`}`,
        );
      }
    }),
  );
  const killed = verdicts.filter((verdict) => verdict.killed).length;
  console.log(`${killed} of ${chosen.length} mutants killed`);
  if (pattern === undefined) {
    const sorted = chosen.map((mutant) =>
      verdicts.find(({ kernel, what }) => kernel === mutant.kernel && what === mutant.what)!,
    );
    writeFileSync(RESULTS, `${JSON.stringify(sorted, null, 2)}\n`);
  }
  return killed === chosen.length;
}

/** Most that a step may leave once all is collected, in bytes: on the heap, and of the process's memory. */
const LEFT = { heap: 64, resident: 512 } as const;

/** Most that resident memory may vary by where V8 collects as it likes: its young generation fills and empties. */
const SWING = 24e6;

/** Trains for some steps in processes of their own, on each adapter, with all garbage collected and as V8 likes. */
async function holdMemory(names: readonly string[], steps: number): Promise<Report> {
  const adapters = ["null", ...(await adaptersFor(names))];
  const figures: string[] = [];
  const failures: string[] = [];
  for (const [adapter, garbage] of adapters.flatMap((name) => [
    [name, "collected"] as const,
    [name, "garbage"] as const,
  ])) {
    const args = ["--import", "tsx", "test/soak/flat-memory.ts", String(steps), adapter, garbage];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    const found: Flatness = JSON.parse(stdout);
    const resident = found.samples.map((sample) => sample.resident);
    const [least, most] = [Math.min(...resident), Math.max(...resident)];
    const flat =
      garbage === "garbage"
        ? most - least < SWING
        : found.residentPerStep < LEFT.resident && found.heapPerStep < LEFT.heap;
    const passed = found.buffers === 0 && flat;
    const line = `${found.adapter}, ${garbage === "garbage" ? "as V8 collects" : "all collected"}: ${found.buffers} buffers, ${found.bytes} bytes made; a step leaves ${found.heapPerStep.toFixed(0)} bytes on the heap, ${found.residentPerStep.toFixed(0)} resident (${(least / 1e6).toFixed(1)} to ${(most / 1e6).toFixed(1)} MB)`;
    console.log(`${passed ? "flat " : "GROWS"} ${line}`);
    figures.push(line);
    if (!passed) failures.push(line);
  }
  return { figures: `${steps} steps. ${figures.join(". ")}`, failures };
}

/** What `--keep` does: a part's report, with what it is of, in the figures of docs/reliability.md. */
async function keeper(seed: number): Promise<NonNullable<RunFaults["onReport"]>> {
  const git = (...args: string[]): string => execFileSync("git", args).toString().trim();
  const changed = git("status", "--porcelain", "--", ".", `:!${RELIABILITY_FIGURES}`) !== "";
  const commit = `${git("rev-parse", "--short", "HEAD")}${changed ? " and changes" : ""}`;
  const adapter = (await surveyAdapters()).adapters[0]?.name ?? "none";
  return (name, count, { figures, failures }) => {
    const date = new Date().toISOString().slice(0, 10);
    const report = { figures, failures, count, seed, date, commit, adapter };
    const all = { ...keptReports(), [name]: report };
    writeFileSync(RELIABILITY_FIGURES, `${JSON.stringify(all, null, 2)}\n`);
  };
}

function finish(passed: boolean): void {
  if (!passed) process.exitCode = 1;
}

function positive(text: string): number {
  const value = Number(text);
  if (value > 0 && value <= 100) return value;
  throw new InvalidArgumentError("It takes a number above 0, at most 100.");
}

function whole(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It takes a whole number, 0 or more.");
}

/** Builds the program `npm run soak --` with all its commands; whoever parses with it runs one. */
export function soakProgram(): Command {
  const program = new Command("npm run soak --")
    .description("Slow proofs. Without a command: the op table in full.")
    .showHelpAfterError();
  program
    .command("table", { isDefault: true })
    .description(
      "every case in every variant, on each software adapter, with default and full limits",
    )
    .argument("[adapters...]", "such as llvmpipe or swiftshader (default: all here)")
    .action(async (names: string[]) => finish(await crossTable(names)));
  program
    .command("mutants")
    .description("spoils each kernel in turn; the tests must notice every time")
    .option("--kernel <part>", "only kernels whose name has this part", (value) => {
      if (mutants.some(({ kernel }) => kernel.includes(value))) return value;
      throw new InvalidArgumentError("No kernel has that in its name.");
    })
    .action(async ({ kernel }: { kernel?: string }) => finish(await killMutants(kernel)));
  program
    .command("faults")
    .description("runs killed, stopped and out of disk; files flipped, cut and made up")
    .argument("[parts...]", `of ${Object.keys(PARTS).join(", ")} (default: all)`)
    .option(
      "--share <part>",
      "how much of the usual counts, such as 0.01 (default: 1)",
      positive,
      1,
    )
    .option("--seed <n>", "what is random follows from it (default: 0)", whole, 0)
    .option("--keep", "keep the figures for docs/reliability.md, which npm run docs writes")
    .action(async (parts: string[], flags: { share: number; seed: number; keep?: true }) => {
      const unknown = parts.find((part) => !Object.hasOwn(PARTS, part));
      if (unknown !== undefined) program.error(`error: no part is called ${unknown}`);
      const { share, seed } = flags;
      const onReport = flags.keep && (await keeper(seed));
      finish(await runFaults(parts, { share, seed, ...(onReport ? { onReport } : {}) }));
    });
  program
    .command("memory")
    .description("thousands of training steps leave neither buffers nor memory behind")
    .argument("[adapters...]", "such as llvmpipe or swiftshader (default: all here; null always)")
    .option("--steps <n>", "training steps", whole, 20_000)
    .option("--keep", "keep the figures for docs/reliability.md, which npm run docs writes")
    .action(async (names: string[], { steps, keep }: { steps: number; keep?: true }) => {
      const report = await holdMemory(names, steps);
      if (keep) (await keeper(0))("memory", steps, report);
      finish(report.failures.length === 0);
    });
  program
    .command("ranks")
    .description("ranks of an MPI job killed, or standing still, while they train")
    .option("--kills <n>", "how many ranks to kill", whole, 20)
    .option("--seed <n>", "what is random follows from it (default: 0)", whole, 0)
    .action(async ({ kills, seed }: { kills: number; seed: number }) => {
      const { killRanks } = await import("./kill-ranks.ts");
      await killRanks(kills, seed, sayCase);
    });
  program
    .command("hosts")
    .description("ranks on two hosts, made of network namespaces, with a link that is cut; as root")
    .action(async () => {
      const { tryHosts } = await import("./hosts.ts");
      await tryHosts(sayCase);
    });
  return program;
}

/** Prints a line per case, and fails the command if a case has failed. */
function sayCase(passed: boolean, line: string): void {
  if (passed) console.log(line);
  else console.error(`FAILED ${line}`);
  finish(passed);
}
