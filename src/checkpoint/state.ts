// The state of a checkpoint besides its arrays, as a small JSON.
import { z } from "zod";
import { fileOf } from "./arrays.ts";
import { formatJson, parseJson } from "./json.ts";

/** The JSON of a checkpoint. */
export interface CheckpointState {
  /** 2 has a manifest next to it; 1 was written by a version without manifests. */
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

/** The name of that JSON file. */
export const STATE_FILE = "state.json";

/** Returns the text of a checkpoint's JSON. */
export function formatState(state: CheckpointState): string {
  return `${formatJson(state, 2)}\n`;
}

/** Parses and checks a checkpoint's JSON. Throws `CheckpointError`, which names `folder`. */
export function parseState(
  files: ReadonlyMap<string, Uint8Array>,
  folder: string,
): CheckpointState {
  return parseJson(schema, fileOf(files, STATE_FILE, folder), `${folder}/${STATE_FILE}`);
}
