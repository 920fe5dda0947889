// Which kernel variants an adapter runs fastest, as JSON for a file or for a browser's storage.
import { type Variant } from "../kernels/variant.ts";
import { z } from "zod";
import { formatJson, parseJson } from "../checkpoint/json.ts";

/** Variants by the keys of their workloads. */
export type Choices = Readonly<Record<string, Variant>>;

/** What was measured on one adapter. */
export interface StoredChoices {
  readonly format: 1;
  /** Name and driver. */
  readonly adapter: string;
  /** Identifies the kernels that were measured. Choices among other kernels are not valid. */
  readonly kernels: string;
  readonly choices: Choices;
}

const variants: Readonly<{ [V in Variant]: V }> = {
  tiled: "tiled",
  narrow: "narrow",
  direct: "direct",
  split: "split",
  workgroup: "workgroup",
  workgroup128: "workgroup128",
  workgroup256: "workgroup256",
  workgroup32: "workgroup32",
  subgroup: "subgroup",
  lanes: "lanes",
};

/** One adapter's file holds the shapes of every recipe, width and batch that was tuned on it. */
const MAX_BYTES = 2 ** 22;

/** The schema of `Choices`. */
export const choicesSchema: z.ZodType<Choices> = z.record(z.string(), z.enum(variants));

const schema: z.ZodType<StoredChoices> = z.object({
  format: z.literal(1),
  adapter: z.string(),
  kernels: z.string(),
  choices: choicesSchema,
});

/** The text to store. */
export function formatChoices(stored: StoredChoices): string {
  return `${formatJson(stored, 2)}\n`;
}

/** Reads what `formatChoices` wrote. Throws `CheckpointError` naming `where` if it is anything else. */
export function parseChoices(text: Uint8Array | string, where: string): StoredChoices {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  return parseJson(schema, bytes, where, MAX_BYTES);
}
