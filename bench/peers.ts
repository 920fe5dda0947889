// `npm run bench -- peers`: times the same training step in Longhand, TensorFlow.js and jax-js, in turn.
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { LonghandError, UsageError } from "../src/gpu/errors.ts";
import { compareRuns, CHECK_BATCH, type CheckResult } from "./check.ts";
import type { ContestantName, Report, StepReply } from "./contestants/messages.ts";
import { batchOf, browserArena, ON_NODE, type Arena, type Remote } from "./contestants/start.ts";
import { comparePeerKernels } from "./peer-kernels.ts";
import { figuresOf } from "./step.ts";
import {
  bytes,
  checkReport,
  duration,
  interruption,
  median,
  progress,
  progressDone,
  table,
  writeReport,
} from "./reports.ts";

/** The command's flags. */
export interface PeersFlags {
  /** Default 32, in a browser 8. */
  readonly batch?: number;
  readonly rounds: number;
  readonly browser?: boolean;
  readonly check: boolean;
  readonly kernels?: boolean;
  readonly only?: ContestantName;
  readonly adapter?: string;
  readonly json?: string;
}

/** The measurements of one contestant. */
interface Measured {
  readonly first: StepReply;
  readonly steps: StepReply[];
  report?: Report;
}

const FOLDER = join(import.meta.dirname, "peers");
const NAMES: readonly ContestantName[] = ["longhand", "tfjs", "jax-js"];
const IN_BROWSERS = ["longhand", "tfjs"] as const;

/** Seconds that a step and a first step took in each at batch 32, on lavapipe and two cores, for the estimate. */
const SECONDS = { longhand: [4, 10], tfjs: [14, 12], "jax-js": [11, 60] } as const;

/** Returns the versions that `bench/peers/package.json` pins, by package. */
export function peerVersions(): Readonly<Record<string, string>> {
  const manifest: { dependencies: Record<string, string> } = JSON.parse(
    readFileSync(join(FOLDER, "package.json"), "utf8"),
  );
  return manifest.dependencies;
}

/** Installs the peers into `bench/peers/node_modules` unless they are there. Throws `UsageError`. */
export async function installPeers(): Promise<void> {
  const missing = Object.entries(peerVersions()).filter(([name, version]) => {
    const manifest = join(FOLDER, "node_modules", name, "package.json");
    if (!existsSync(manifest)) return true;
    const installed: { version: string } = JSON.parse(readFileSync(manifest, "utf8"));
    return installed.version !== version;
  });
  if (missing.length === 0) return;
  const wanted = missing.map(([name, version]) => `${name} ${version}`).join(", ");
  console.log(
    `Installing ${wanted} into bench/peers/ (npm ci, about 310 MB), for this comparison only.`,
  );
  try {
    await promisify(execFile)("npm", ["ci", "--prefix", FOLDER, "--ignore-scripts", "--no-audit"], {
      cwd: FOLDER,
      maxBuffer: 2 ** 26,
    });
  } catch (error) {
    const reason = String(error).split("\n").filter(Boolean).slice(0, 3).join("; ");
    throw new UsageError(
      `peers: npm ci --prefix bench/peers failed (${reason}); check the network`,
    );
  }
}

/** Measures all contestants in turn, one step each per round, and prints figures and ratios. */
export async function peersCommand(flags: PeersFlags): Promise<void> {
  checkReport(flags.json);
  await installPeers();
  const { rounds, adapter } = flags;
  const batch = batchOf(flags);
  const all = flags.browser ? IN_BROWSERS : NAMES;
  const names = flags.only ? all.filter((n) => n === "longhand" || n === flags.only) : all;
  console.log(estimate(names, batch, flags));
  const stop = interruption();
  const remotes: Remote[] = [];
  const arena = flags.browser ? await browserArena(IN_BROWSERS) : ON_NODE;
  const start = async (name: ContestantName): Promise<Remote> => {
    const remote = await arena.start({ name, recipe: "dcgan", batch, adapter });
    remotes.push(remote);
    return remote;
  };
  try {
    let found: object;
    if (flags.kernels) {
      for (const name of names) await start(name);
      found = { kernels: await comparePeerKernels(remotes, batch, rounds, stop.asked) };
    } else {
      const checked = flags.check ? await check(arena, names, adapter) : undefined;
      const { measured, fault } = await compareSteps(names, start, rounds, stop.asked);
      show(measured, batch);
      if (fault) console.error(fault.message);
      if (checked) console.log(checked.line);
      const contestants = [...measured].map(([{ name }, each]) => recordOf(name, each));
      found = { check: checked, contestants, fault: fault?.message };
    }
    const versions = peerVersions();
    const shared = { adapter: remotes[0]?.adapter, batch, rounds, peers: versions };
    writeReport(flags.json, "peers", { ...shared, ...found });
  } finally {
    for (const remote of remotes) remote.stop();
    await arena.close();
    stop.forget();
  }
}

/** Runs the first steps, and then one step each per round. If one fails, the measurements before it still count. */
async function compareSteps(
  names: readonly ContestantName[],
  start: (name: ContestantName) => Promise<Remote>,
  rounds: number,
  asked: () => boolean,
): Promise<{
  readonly measured: Map<Remote, Measured>;
  readonly fault: LonghandError | undefined;
}> {
  const measured = new Map<Remote, Measured>();
  let fault: LonghandError | undefined;
  try {
    for (const name of names) {
      if (asked()) break;
      progress(`${name}: first step`);
      const remote = await start(name);
      measured.set(remote, { first: await remote.first(), steps: [] });
    }
    for (let round = 1; round <= rounds && !asked(); round += 1) {
      for (const [remote, { steps }] of measured) {
        if (asked()) break;
        steps.push(await remote.step());
        const took = duration(steps.at(-1)!.milliseconds);
        progress(`round ${round} of ${rounds}: ${remote.name} ${took}`);
      }
    }
    for (const [remote, each] of measured) {
      if (each.steps.length > 0) each.report = await remote.report();
    }
  } catch (error) {
    if (!(error instanceof LonghandError)) throw error;
    fault = error;
    process.exitCode = 1;
  }
  progressDone();
  return { measured, fault };
}

/** Says what the command will do, and about how long it takes on two CPU cores. */
function estimate(names: readonly ContestantName[], batch: number, flags: PeersFlags): string {
  const { rounds, check: checked, kernels } = flags;
  if (kernels) {
    return `${names.join(", ")}: eleven kernels at batch ${batch}, ${rounds} rounds each in turn; about 4 min on two CPU cores, mostly compiling.`;
  }
  const scale = Math.max(0.3, batch / 32);
  const seconds = names.reduce((sum, name) => {
    const [step, first] = SECONDS[name];
    return sum + step * scale * rounds + first * (checked ? 2 : 1);
  }, 0);
  const checks = checked ? "a check that all train the same model, then " : "";
  return `${names.join(", ")}: ${checks}a first step and ${rounds} steps each in turn at batch ${batch}; about ${Math.ceil(seconds / 60)} min on two CPU cores, four times that on SwiftShader.`;
}

/** Runs all contestants from the same weights on the same batch, without dropout, and compares them. */
async function check(
  arena: Arena,
  names: readonly ContestantName[],
  adapter: string | undefined,
): Promise<CheckResult> {
  return compareRuns(names, async (name, input) => {
    progress(`check: ${name}, 3 steps of ${CHECK_BATCH} images`);
    const options = { name, recipe: "dcgan", batch: CHECK_BATCH, adapter, check: input };
    const remote = await arena.start(options);
    try {
      await remote.first();
      const reports = [await remote.report()];
      for (const _ of input.latents.slice(1)) {
        await remote.step();
        reports.push(await remote.report());
      }
      return reports;
    } finally {
      remote.stop();
    }
  });
}

function show(measured: ReadonlyMap<Remote, Measured>, batch: number): void {
  const known = [...measured].flatMap(([{ name, adapter }, each]) => {
    const { report, steps } = each;
    if (!report) return [];
    return [{ name, adapter, each, ...figuresOf(steps, report, {}), report }];
  });
  const own = known.find(({ name }) => name === "longhand");
  if (!own) return console.log("Nothing was measured.");
  console.log(`\ndcgan, batch ${batch}, one step on ${own.adapter}`);
  const row = (title: string, cell: (of: (typeof known)[number]) => string): string[] => [
    title,
    ...known.map(cell),
  ];
  console.log(
    table(
      ["", ...known.map(({ name }) => name)],
      [
        row("step, median", ({ steady }) => duration(steady)),
        row("fastest to slowest", ({ each }) => {
          const times = each.steps.map(({ milliseconds }) => milliseconds);
          return `${duration(Math.min(...times))} to ${duration(Math.max(...times))}`;
        }),
        row("times Longhand's", ({ steady }) => (steady / own.steady).toFixed(2)),
        row("first step, with the cache as it was", ({ each }) =>
          duration(each.first.milliseconds),
        ),
        row("dispatches", ({ dispatches }) => String(dispatches)),
        row("submits / passes", ({ submits, passes }) => `${submits} / ${passes}`),
        row("buffers created", ({ buffers, bufferBytes }) => `${buffers} (${bytes(bufferBytes)})`),
        row("bind groups created", ({ bindGroups }) => String(bindGroups)),
        row("bytes uploaded", ({ uploadedBytes }) => bytes(uploadedBytes)),
        row("peak GPU memory", ({ peakBytes }) => bytes(peakBytes)),
        row(
          "loss D, loss G",
          ({ report }) => `${report.lossD.toFixed(3)}, ${report.lossG.toFixed(3)}`,
        ),
      ],
    ),
  );
  for (const { name, steady } of known) {
    const goal = { longhand: undefined, tfjs: 8, "jax-js": 6 }[name];
    if (goal === undefined) continue;
    const ratio = steady / own.steady;
    const word = ratio >= goal ? "ok" : `short by ${(goal / ratio).toFixed(2)}×`;
    console.log(`${ratio.toFixed(2)}× faster than ${name} (goal ≥ ${goal}×): ${word}`);
  }
}

function recordOf(name: ContestantName, { first, steps, report }: Measured): object {
  return {
    name,
    firstMilliseconds: first.milliseconds,
    stepMilliseconds: steps.map(({ milliseconds }) => milliseconds),
    median: median(steps.map(({ milliseconds }) => milliseconds)),
    counts: steps.at(-1)?.counts,
    peakBytes: report?.peakBytes,
    losses: report && [report.lossD, report.lossG],
  };
}
