// Ranks that share a training: what they tell each other before the first step. Rank 0 leads: it has the run's folder and
// writes it. The others get the run's task and its state from rank 0, so that they need not see the folder.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { LoadedImageSet } from "../../data/files.ts";
import type { Gan } from "../../gan/gan.ts";
import { shareAmong, type Sharing } from "../../gan/sharing.ts";
import { RanksError } from "../../gpu/errors.ts";
import type { MpiRanks } from "../../mpi/ranks.ts";
import type { Choices } from "../choices.ts";
import { longhandVersion } from "../checkout.ts";
import { constantsOf } from "../constants.ts";
import type { Draft } from "./draft-run.ts";

/** What rank 0 tells the others to train. */
export interface Task {
  readonly recipe: string;
  readonly constants: ReturnType<typeof constantsOf>;
  readonly batch: number;
  readonly seed: number;
  readonly activationType: Draft["activationType"];
  readonly batchNorm: Draft["batchNorm"];
  readonly reduce: Draft["reduce"];
  readonly dataFolder: string | null;
  /** How rank 0 has read the images: rows and columns exchanged or not, and fitted into a size. */
  readonly transpose: boolean | undefined;
  readonly size: Draft["size"];
  /** The run's kernels and their adapter, if it is resumed. */
  readonly earlier: { readonly adapter: string; readonly choices: Choices } | undefined;
}

/** What must be equal on all ranks, so that they compute equal bits. */
interface Facts {
  readonly data: Pick<LoadedImageSet, "fingerprint" | "labels">;
  readonly adapter: string;
  readonly choices: Choices;
}

/** From which step to which a training goes. */
export interface Stretch {
  readonly from: number;
  readonly until: number;
}

/** The ranks of a training, as rank 0 sees them. Each function is called once, in this order. */
export interface Team {
  readonly sharing: Sharing;
  /** Tells the others what to train. */
  readonly begin: (draft: Draft) => Promise<void>;
  /** Throws `RanksError` if a rank differs from rank 0. */
  readonly agree: (facts: Facts) => Promise<void>;
  /** Gives the others the state of the GAN. */
  readonly start: (gan: Gan, stretch: Stretch) => Promise<void>;
}

/** Returns a rank's part of a batch. */
export const ownBatch = (batch: number, team: Pick<Team, "sharing"> | undefined): number =>
  Math.ceil(batch / (team?.sharing.ranks.size ?? 1));

/** Returns the team of rank 0. */
export function leadTeam(ranks: MpiRanks): Team {
  const sharing: Sharing = shareAmong(ranks);
  return {
    sharing,
    begin: async (draft) => {
      sharing.batchNorm = draft.batchNorm;
      sharing.reduce = draft.reduce;
      await tell(ranks, taskOf(draft));
    },
    agree: (facts) => agree(ranks, facts),
    async start(gan, stretch) {
      await tell(ranks, stretch);
      await copyState(ranks, gan);
    },
  };
}

function taskOf(draft: Draft): Task {
  const { recipe, batch, seed, activationType, batchNorm, reduce } = draft;
  const { dataFolder, data, size, earlier } = draft;
  return {
    recipe: recipe.name,
    constants: constantsOf(recipe),
    batch,
    seed,
    activationType,
    batchNorm,
    reduce,
    dataFolder,
    transpose: data.transposed,
    size,
    earlier: earlier && { adapter: earlier.adapter, choices: earlier.choices },
  };
}

/** Gives the others a value. */
async function tell<T extends object>(ranks: MpiRanks, value: T): Promise<void> {
  await ranks.broadcast(new TextEncoder().encode(JSON.stringify(value)));
}

/** Returns the value that rank 0 tells. */
export async function hear<T extends object>(ranks: MpiRanks): Promise<T> {
  return JSON.parse(new TextDecoder().decode(await ranks.broadcast(undefined)));
}

const sha = (...parts: readonly (string | Uint8Array)[]): string => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex").slice(0, 16);
};

/** Returns a hash of all sources and shaders. */
function codeHash(): string {
  const root = fileURLToPath(new URL("../../../", import.meta.url));
  const files = ["src", "shaders"].flatMap((folder) =>
    readdirSync(`${root}${folder}`, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => `${entry.parentPath}/${entry.name}`),
  );
  return sha(...files.toSorted().flatMap((file) => [file.slice(root.length), readFileSync(file)]));
}

/** Throws `RanksError` if a rank differs from rank 0: on every rank, with the same words. */
export async function agree(ranks: MpiRanks, { data, adapter, choices }: Facts): Promise<void> {
  const own = {
    longhand: `${longhandVersion()}, sources ${codeHash()}`,
    Node: `${process.version} on ${process.platform}-${process.arch}`,
    images: data.fingerprint.slice(0, 16),
    labels: data.labels ? sha(data.labels) : "none",
    adapter,
    kernels:
      Object.keys(choices).length === 0 ? "the defaults" : `tuned, ${sha(JSON.stringify(choices))}`,
  };
  const texts = await ranks.gatherTexts(JSON.stringify(own));
  const all = texts.map((text): Record<string, string> => JSON.parse(text));
  for (const [rank, facts] of all.entries()) {
    const differing = Object.keys(own).filter((name) => facts[name] !== all[0]![name]);
    if (differing.length === 0) continue;
    const words = differing.map((name) => `${name} is ${facts[name]}, on rank 0 ${all[0]![name]}`);
    throw new RanksError(
      `ranks: rank ${rank} of ${ranks.size} (on ${ranks.hosts[rank]}) differs from rank 0 (on ${ranks.hosts[0]}): ${words.join("; ")}; ranks must compute equal bits, so give all nodes the same code, Node, data and adapters`,
    );
  }
}

/** Gives every rank the state of rank 0's GAN. */
export async function copyState(ranks: MpiRanks, gan: Gan): Promise<void> {
  const named = Object.values(gan.state).flatMap((arrays) => [...arrays.values()]);
  for (const array of [...named, gan.rng.state]) {
    const values = await gan.device.read(array, array.dtype);
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    await ranks.copyFromFirst(bytes);
    if (ranks.rank > 0) array.write(values);
  }
}
