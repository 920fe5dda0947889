// One rank of `npm run bench -- scaling --ranks`: times its step, the same step without exchanges, and the exchanges
// alone. Rank 0 prints what it found as a line of JSON.
import { createGan } from "../../src/gan/gan.ts";
import { recipeNamed } from "../../src/gan/recipes/list.ts";
import { averagedParameters, shareAmong } from "../../src/gan/sharing.ts";
import { standIns } from "../../src/gan/stand-in.ts";
import { compileSteps } from "../../src/gan/train-steps.ts";
import type { Program } from "../../src/gpu/program.ts";
import { launchIn } from "../../src/mpi/launcher.ts";
import { loadMpi } from "../../src/mpi/library.ts";
import { openRanks } from "../../src/mpi/ranks.ts";
import { open } from "../../src/node.ts";
import { median } from "../reports.ts";

/** What a rank is to time. */
export interface RankTask {
  readonly recipe: string;
  /** Images of all ranks per step. */
  readonly batch: number;
  readonly rounds: number;
  readonly adapter?: string | undefined;
}

/** What rank 0 found; times are medians in ms. */
export interface RankTimes {
  readonly ranks: number;
  readonly library: string;
  readonly adapter: string;
  readonly parameters: number;
  /** Exchanges in a step, those of batch norm included. */
  readonly exchanges: number;
  /** A step with its exchanges. */
  readonly step: number;
  /** The same step of a rank's part of the batch, without exchanges, while all ranks compute. */
  readonly compute: number;
  /** The sums of both networks' gradients alone, on stand-ins. */
  readonly sums: number;
  /** The same sums as the library's blocking call does them. */
  readonly bareSums: number;
  /** The same sums in 16 bits. */
  readonly halfSums: number;
  /** Bytes that a rank gives in one of batch norm's exchanges, on average. */
  readonly joinBytes: number;
  /** Such an exchange alone. */
  readonly gather: number;
}

const task: RankTask = JSON.parse(process.argv[2]!);
const ranks = await openRanks();
const { size } = ranks;
const { device, adapter, close } = await open(task.adapter, { limits: "adapter" });
const recipe = recipeNamed(task.recipe);
const sharing = size === 1 ? undefined : shareAmong(ranks);
const data = standIns(recipe, task.batch);
const shared = createGan(device, recipe, data, { seed: 0, batch: task.batch, sharing });
const alone = createGan(device, recipe, data, { seed: 0, batch: task.batch / size });
const arrive = async (): Promise<void> => ranks.sum(new Float32Array(1));

/** Returns the median time of `body`, which all ranks begin together. */
async function timed(body: () => Promise<unknown>, rounds: number = task.rounds): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < rounds + 1; round += 1) {
    await arrive();
    const began = performance.now();
    await body();
    if (round > 0) times.push(performance.now() - began); // the first compiles
  }
  return median(times);
}

const done = async (program: Program): Promise<void> => {
  await program.run();
  await device.idle();
};
const step = (await compileSteps(shared)).full;
const own = (await compileSteps(alone)).full;
const parameters = averagedParameters(shared);
const gradients = new Float32Array(new ArrayBuffer(4 * parameters));
const channels = shared.generator.layers.flatMap(({ layer, outputShape }) =>
  layer.kind === "BatchNorm" ? [outputShape.at(-1)!] : [],
);
const mean = channels.reduce((total, each) => total + each, 0) / Math.max(1, channels.length);
const joinBytes = Math.ceil(16 * mean); // two float64 per channel
const part = new Uint8Array(new ArrayBuffer(joinBytes));
const all = new Uint8Array(new ArrayBuffer(joinBytes * size));
const { call, constants } = await loadMpi(launchIn(process.env)!, process.env["LONGHAND_MPI"]);
const { inPlace, float, sum, world } = constants;
const bare = async (): Promise<void> => {
  call.Allreduce(inPlace, gradients, parameters, float, sum, world);
};
const SHORT = 20; // rounds of what takes a millisecond
const times: RankTimes = {
  ranks: size,
  library: ranks.version,
  adapter: adapter.name,
  parameters,
  exchanges: step.plan.hostCalls.filter(({ work }) => (work.read ?? []).length > 0).length,
  joinBytes,
  step: await timed(async () => done(step)),
  compute: await timed(async () => done(own)),
  sums: await timed(async () => ranks.sum(gradients), SHORT),
  halfSums: await timed(async () => ranks.sum(gradients, "f16"), SHORT),
  bareSums: await timed(bare, SHORT),
  gather: await timed(async () => ranks.gather(part, all), SHORT),
};
if (ranks.rank === 0) console.log(JSON.stringify(times));
await ranks.close();
close();
