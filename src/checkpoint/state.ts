// What a checkpoint says beside its arrays, in a small JSON.
import { z } from "zod";
import { fileOf } from "./arrays.ts";
import { formatJson, parseJson } from "./json.ts";

/** What the JSON of a checkpoint says. */
export interface CheckpointState {
  /** 2 has a manifest beside it; 1 was written by a version that knew of none. */
  readonly format: 1 | 2;
  /** Steps done. */
  readonly step: number;
  readonly seed: number;
}

const schema: z.ZodType<CheckpointState> = z.object({
  format: z.union([z.literal(1), z.literal(2)]),
  step: z.int().min(0),
  seed: z.int().min(0),
});

/** The name of that JSON. */
export const STATE_FILE = "state.json";

/** The text of a checkpoint's JSON. */
export function formatState(state: CheckpointState): string {
  return `${formatJson(state, 2)}\n`;
}

/** Checks a checkpoint's JSON. Throws `CheckpointError` naming `folder`. */
export function parseState(
  files: ReadonlyMap<string, Uint8Array>,
  folder: string,
): CheckpointState {
  return parseJson(schema, fileOf(files, STATE_FILE, folder), `${folder}/${STATE_FILE}`);
}
