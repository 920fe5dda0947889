// The real side of the Fréchet distance as one small safetensors file, for pages: the Gaussian of a judge's features of
// all training images, so that a page measures samples without judging 60,000 images, and a few digits to show.
import { z } from "zod";
import { decodeSafetensors, encodeSafetensors, readTensor } from "../checkpoint/safetensors.ts";
import { checkSeal, EMPTY_SEAL, sealed } from "../checkpoint/seal.ts";
import { CheckpointError } from "../gpu/errors.ts";
import { frechetDistance, gaussianOf, type Gaussian } from "../metrics/metrics.ts";
import { featuresOf } from "./comparison.ts";
import { CLASSES, FEATURES, SIDE } from "./designs.ts";
import type { Judge, Judged } from "./judge.ts";

/** What samples are compared with. */
export interface RealSide {
  /** The fingerprint of the judge whose features these are. */
  readonly judge: string;
  /** The Gaussian of the features of all training images. */
  readonly train: Gaussian;
  /** How many training images are of each digit. */
  readonly counts: readonly number[];
  /** Real test digits to show, (count, 28, 28), where 0 is black: as many of each class, in turn from 0 to 9. */
  readonly digits: Uint8Array;
  /** The Fréchet distance of `count` real test images to the training images: what perfect samples would have. */
  readonly attainable: readonly { readonly count: number; readonly distance: number }[];
}

const FORMAT = "longhand real side 1";

const attainableSchema = z.array(z.object({ count: z.int().min(2), distance: z.number() }));
const schema = z.object({
  format: z.literal(FORMAT),
  judge: z.string(),
  attainable: z.string().transform((text, context) => {
    try {
      return attainableSchema.parse(JSON.parse(text));
    } catch {
      context.addIssue("no list of distances");
      return z.NEVER;
    }
  }),
});

/** Returns the bytes of a real side's file, sealed. Means and covariances are rounded to 32 bits. */
export function encodeRealSide(side: RealSide): Promise<Uint8Array<ArrayBuffer>> {
  const { judge, train, counts, digits, attainable } = side;
  const shown = digits.length / SIDE ** 2;
  return sealed(
    encodeSafetensors(
      new Map([
        ["mean", { dtype: "F32", shape: [FEATURES], data: Float32Array.from(train.mean) }],
        [
          "covariance",
          {
            dtype: "F32",
            shape: [FEATURES, FEATURES],
            data: Float32Array.from(train.covariance),
          },
        ],
        ["counts", { dtype: "U32", shape: [CLASSES], data: Uint32Array.from(counts) }],
        ["digits", { dtype: "U8", shape: [shown, SIDE, SIDE], data: digits }],
      ]),
      { format: FORMAT, seal: EMPTY_SEAL, judge, attainable: JSON.stringify(attainable) },
    ),
  );
}

/** Reads a real side's file. Throws `CheckpointError`, which names the file, if it is damaged or holds something else. */
export async function decodeRealSide(bytes: Uint8Array, name: string): Promise<RealSide> {
  const file = decodeSafetensors(bytes, name);
  const parsed = schema.safeParse(file.metadata);
  if (!parsed.success) throw new CheckpointError(`${name}: holds no real side of a comparison`);
  await checkSeal(bytes, name);
  return {
    judge: parsed.data.judge,
    train: {
      size: FEATURES,
      mean: Float64Array.from(readTensor(file, "mean", "F32", [FEATURES])),
      covariance: Float64Array.from(readTensor(file, "covariance", "F32", [FEATURES, FEATURES])),
    },
    counts: [...readTensor(file, "counts", "U32", [CLASSES])],
    digits: readTensor(file, "digits", "U8"),
    attainable: parsed.data.attainable,
  };
}

/**
 * Returns the Fréchet distance of judged images to the training images. Throws `CheckpointError` if the features are
 * another judge's, and what `frechetDistance` throws on fewer than two images, or on numbers that aren't finite.
 */
export function frechetAgainst(
  real: RealSide,
  judge: Pick<Judge, "fingerprint">,
  judged: Judged,
): number {
  if (judge.fingerprint !== real.judge) {
    throw new CheckpointError(
      `The real side was made with judge ${real.judge}, not with ${judge.fingerprint}: use the two files that were made together`,
    );
  }
  return frechetDistance(real.train, gaussianOf(featuresOf(judged)));
}
