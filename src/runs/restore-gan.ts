// Puts a GAN's training back to where a checkpoint left it. No file access, because browsers use it too.
import { restoreArrays } from "../checkpoint/arrays.ts";
import type { VerifiedFiles } from "../checkpoint/manifest.ts";
import type { Gan } from "../gan/gan.ts";

/**
 * Puts a checkpoint's arrays and random state on the device. Errors call the checkpoint `path`. Throws
 * `CheckpointError`, before anything changed, if the arrays are another model's.
 */
export function restoreGan(
  gan: Gan,
  { files, path, state }: Pick<VerifiedFiles, "files" | "state"> & { readonly path: string },
): void {
  restoreArrays(gan.state, files, path);
  gan.rng.state.write(
    Uint32Array.of(state.seed >>> 0, Math.floor(state.seed / 2 ** 32), state.step),
  );
}
