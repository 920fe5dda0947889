// What a run is called, what its record says, and how its files are named.
import {
  constantsOf,
  encodeIdx,
  formatRecord,
  sha256,
  type ImageSet,
  type RunFiles,
  type RunRecord,
} from "../../src/web.ts";
import manifest from "../../package.json" with { type: "json" };
import type { Bench } from "./bench.ts";
import { claimRun } from "./origin-files.ts";
import type { Run } from "./run.ts";

/** This version of Longhand, as checkpoints name it. */
export const LONGHAND: string = manifest.version;

/** Files of a kept run that only the page knows. */
export const SETTINGS_FILE = "page/settings.json";
export const FRAMES_FILE = "page/frames.bin";
/** The images of a run that was not trained on the served ones, as `--data` reads them. */
export const IMAGES_FILE = "images/train-images-idx3-ubyte";
export const LABELS_FILE = "images/train-labels-idx1-ubyte";

/** What a run is called and has been, before the page knew it. */
export interface Identity {
  readonly id: string;
  readonly recordBytes: Uint8Array;
  readonly record: RunRecord;
  /** The bytes of the log up to the step at which it goes on. */
  readonly log: Uint8Array;
  readonly evaluations: Uint8Array | undefined;
  /** The slot that it was read from; undefined if it isn't kept yet. */
  readonly slot: string | undefined;
  /** What was read from that slot. */
  readonly snapshot: Snapshot | undefined;
  /** Its files that belong to no checkpoint. */
  readonly rest: RunFiles;
  /** Releases the claim on it. */
  readonly release: () => void;
}

/** A run as it was last saved. */
export interface Snapshot {
  readonly step: number;
  readonly files: RunFiles;
}

/** Returns a dataset as the IDX files that `--data` reads. */
export function imageFiles({
  images,
  labels,
  count,
  height,
  width,
}: ImageSet): ReadonlyMap<string, Uint8Array> {
  const files = new Map([
    [IMAGES_FILE, encodeIdx({ shape: [count, height, width], data: images })],
  ]);
  if (labels) files.set(LABELS_FILE, encodeIdx({ shape: [count], data: labels }));
  return files;
}

const fingerprints = new WeakMap<ImageSet, Promise<string>>();

/** Returns the fingerprint of a dataset, as Node's runs have it. */
export function fingerprintOf(data: ImageSet): Promise<string> {
  let known = fingerprints.get(data);
  if (!known) {
    known = sha256(data.images);
    fingerprints.set(data, known);
  }
  return known;
}

/** MNIST's training images, which Node finds by itself. */
const MNIST = "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757";

/** Returns the identity of a run that begins. */
export async function newIdentity(bench: Bench, run: Run): Promise<Identity> {
  const { gan, settings, data, choices } = run;
  const fingerprint = await fingerprintOf(data);
  const record: RunRecord = {
    format: 1,
    recipe: settings.recipe,
    constants: constantsOf(gan.recipe),
    batch: gan.plan.batch,
    seed: settings.seed,
    data: {
      folder: fingerprint === MNIST ? null : "images",
      images: data.count,
      fingerprint,
      transposed: false,
    },
    activationType: gan.activationType,
    stepsPerEpoch: gan.plan.steps,
    evaluate: null,
    adapter: bench.adapter.name,
    versions: { longhand: LONGHAND, browser: navigator.userAgent },
    choices,
    // A page doesn't ask the untrained networks: it would have to compile their kernels for one image first.
    untrained: { logit: Number.NaN, probability: Number.NaN },
  };
  return {
    ...(await claimName(settings.recipe)),
    record,
    recordBytes: new TextEncoder().encode(formatRecord(record)),
    log: new Uint8Array(),
    evaluations: undefined,
    slot: undefined,
    snapshot: undefined,
    rest: new Map(),
  };
}

/** Names a run that begins now, and claims the name for this tab; a number follows it if another run has it. */
export async function claimName(recipe: string): Promise<Pick<Identity, "id" | "release">> {
  const named = nameFor(recipe, new Date());
  let id = named;
  let release = await claimRun(id);
  for (let number = 2; !release; number += 1) {
    id = `${named}-${number}`;
    release = await claimRun(id);
  }
  return { id, release };
}

/** Names a run by its recipe and the time at which it began: `small-20261128-104200`. */
function nameFor(recipe: string, date: Date): string {
  const two = (number: number): string => String(number).padStart(2, "0");
  const day = `${date.getFullYear()}${two(date.getMonth() + 1)}${two(date.getDate())}`;
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join("");
  return `${recipe}-${day}-${time}`;
}
