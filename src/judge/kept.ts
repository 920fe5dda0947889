// A judge as one safetensors file: its weights, and how it was trained in the header's metadata.
import { z } from "zod";
import {
  decodeSafetensors,
  encodeSafetensors,
  type NativeTensor,
} from "../checkpoint/safetensors.ts";
import { sha256 } from "../checkpoint/hashing.ts";
import { checkSeal, EMPTY_SEAL, sealed } from "../checkpoint/seal.ts";
import type { Device } from "../gpu/device.ts";
import { CheckpointError } from "../gpu/errors.ts";
import { architectureOf, designs, type Which } from "./designs.ts";
import { createJudge, weightsOf, type Judge, type JudgeNetworks, type KeptJudge } from "./judge.ts";

const FORMAT = "longhand judge 2";
const UNSEALED = "longhand judge 1"; // of older versions: only the weights' fingerprint can be checked

const whole = z.string().regex(/^\d+$/).transform(Number);
const schema = z.object({
  format: z.enum([FORMAT, UNSEALED]),
  which: z.enum(["first", "second"]),
  accuracy: z.string().transform(Number).pipe(z.number().min(0).max(1)),
  fingerprint: z.string(),
  seed: whole,
  epochs: whole,
  adapter: z.string(),
  architecture: z.string(),
});

/** How a judge was trained. */
export type Training = Pick<KeptJudge, "which" | "accuracy" | "seed" | "epochs" | "adapter">;

/** Reads a judge's weights from the device, to store them. */
export async function keepJudge(networks: JudgeNetworks, training: Training): Promise<KeptJudge> {
  const weights = new Map<string, Float32Array>();
  for (const [name, array] of weightsOf(networks)) weights.set(name, await array.read());
  return {
    ...training,
    fingerprint: await fingerprintOf(weights),
    architecture: architectureOf(designs[training.which]),
    weights,
  };
}

/** Returns weights as the tensors of a file. */
function tensorsOf(weights: ReadonlyMap<string, Float32Array>): Map<string, NativeTensor> {
  return new Map(
    [...weights].map(([name, data]): [string, NativeTensor] => [
      name,
      { dtype: "F32", shape: [data.length], data },
    ]),
  );
}

/** Returns the first 16 hex digits of the SHA-256 of all weights by name. */
async function fingerprintOf(weights: ReadonlyMap<string, Float32Array>): Promise<string> {
  return (await sha256(encodeSafetensors(tensorsOf(weights)))).slice(0, 16);
}

/** Returns the bytes of a judge's file, sealed. */
export async function encodeJudge({
  weights,
  ...rest
}: KeptJudge): Promise<Uint8Array<ArrayBuffer>> {
  const strings = Object.entries(rest).map(([key, value]) => [key, String(value)]);
  const metadata = { format: FORMAT, seal: EMPTY_SEAL, ...Object.fromEntries(strings) };
  return sealed(encodeSafetensors(tensorsOf(weights), metadata));
}

/**
 * Reads a judge's file. Throws `CheckpointError`, which names the file, if it is damaged or holds no judge.
 * `createJudge` and the caller check whether the judge has this version's architecture.
 */
export async function decodeJudge(bytes: Uint8Array, name: string): Promise<KeptJudge> {
  const { tensors, metadata } = decodeSafetensors(bytes, name);
  const parsed = schema.safeParse(metadata);
  if (!parsed.success) throw new CheckpointError(`${name}: holds no judge`);
  const weights = new Map<string, Float32Array>();
  for (const [key, { dtype, data }] of tensors) {
    if (dtype === "F32") weights.set(key, data);
  }
  const { format, ...said } = parsed.data;
  if ((await fingerprintOf(weights)) !== said.fingerprint) {
    throw new CheckpointError(
      `${name}: its weights aren't those that were saved: the file is damaged`,
    );
  }
  if (format === FORMAT) await checkSeal(bytes, name);
  return { ...said, weights };
}

/**
 * Puts the judge of a file on a device. Throws `CheckpointError`, which names the file, if it is damaged, or isn't the
 * first judge of this version.
 */
export async function loadJudge(device: Device, bytes: Uint8Array, name: string): Promise<Judge> {
  const kept = await decodeJudge(bytes, name);
  checkFit(kept, "first", name);
  return createJudge(device, kept);
}

/** Throws `CheckpointError` unless a stored judge is the requested one, with this version's architecture. */
export function checkFit(kept: KeptJudge, which: Which, name: string): void {
  if (kept.which !== which) {
    throw new CheckpointError(`${name}: holds the ${kept.which} judge, not the ${which} one`);
  }
  if (kept.architecture !== architectureOf(designs[which])) {
    throw new CheckpointError(`${name}: was trained by a version with a different ${which} judge`);
  }
}
