// Finds the images that a kept run was trained on.
import { CheckpointError, imageSet, parseIdx, type ImageSet, type KeptRun } from "../../src/web.ts";
import type { Bench } from "./bench.ts";
import { servedImages } from "./dataset.ts";
import { fingerprintOf, IMAGES_FILE, LABELS_FILE } from "./identity.ts";

/**
 * Returns the images of a run: those that were kept with it, the visitor's own, or the served ones, whichever it was
 * trained on. Rejects with a `CheckpointError` if none of them.
 */
export async function imagesFor(
  bench: Bench,
  { record, rest }: KeptRun,
  name: string,
  { own, base }: { readonly own: ImageSet | undefined; readonly base: string },
): Promise<ImageSet> {
  const fits = async (set: ImageSet): Promise<boolean> =>
    (await fingerprintOf(set)) === record.data.fingerprint;
  const images = rest.get(IMAGES_FILE);
  if (images) {
    const labels = rest.get(LABELS_FILE);
    const kept = imageSet(parseIdx(images, IMAGES_FILE), labels && parseIdx(labels, LABELS_FILE), {
      images: IMAGES_FILE,
      labels: LABELS_FILE,
    });
    if (await fits(kept)) return kept;
  }
  if (own && (await fits(own))) return own;
  const served = await servedImages(bench, base);
  if (await fits(served)) return served;
  throw new CheckpointError(
    `${name}: was trained on ${record.data.images} other images than the ${served.count} here; drop them under “Own images” first, or serve them: npm run web -- --data FOLDER`,
  );
}
