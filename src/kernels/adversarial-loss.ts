// A GAN's two losses with their gradients, from the discriminator's outputs on one batch. This is no op of the tape,
// because each loss flows back along a path of its own.
import { formatShape, type GpuArray } from "../gpu/array.ts";
import { AttributeError, ShapeError } from "../gpu/errors.ts";
import type { Rng } from "./random.ts";
import { checkArray } from "./op.ts";

/** The number of scalars that one step records. */
export const SCALARS = 4;

/** What `adversarialLoss` returns. */
export interface AdversarialLoss {
  /** (4): lossD, lossG, and D's mean probability of being real for the real images and for the generated ones. */
  readonly scalars: GpuArray;
  /** The gradient of lossD with respect to the outputs, in their shape. */
  readonly dDiscriminator: GpuArray;
  /** The gradient of lossG with respect to the outputs on generated images: half as many rows. */
  readonly dGenerator: GpuArray;
  /** (B), if asked for: by which factor an image's part of `dGenerator` is its part of `dDiscriminator`. */
  readonly ratios: GpuArray | undefined;
}

/** In the order of the shader's numbers. */
const FORMS = ["logits", "hinge", "paired", "probabilities", "clamped"] as const;

/** What the discriminator's outputs are, and how its loss is computed from them. */
export interface AdversarialLossOptions {
  /** (steps, 4): receives the scalars in the row of the Rng's step, modulo the number of rows. */
  readonly ring?: GpuArray;
  /** What the outputs are and which loss they enter. Default `logits`. */
  readonly form?: (typeof FORMS)[number];
  /** The discriminator's label for real images is 1 − smoothing. In [0, 1), and 0 with `hinge` and `paired`; default 0. */
  readonly smoothing?: number;
  /** (B) i32: the classes of the real images and of the generated ones. Needed if the outputs have columns. */
  readonly labels?: GpuArray | undefined;
  /**
   * Whether to return `ratios`, for `logits` and `paired`. An image's part of `dDiscriminator` is then kept from
   * vanishing: its slope is at least 2⁻⁶⁰, where it would be less for outputs below −41. Default false.
   */
  readonly withRatios?: boolean;
}

/** Whether the gradients of both losses are never 0, so that the one is the other times a factor. */
export const hasRatios = (form: AdversarialLossOptions["form"]): boolean =>
  form === "logits" || form === "paired";

/**
 * Computes both losses of a step, and their gradients, in one launch. For logits and probabilities, lossD =
 * mean CE(1, D(real)) + mean CE(0, D(fake)) and lossG = mean CE(1, D(fake)). `probabilities` are clipped to
 * [1e-7, 1 − 1e-7]; `clamped` keeps their logarithms above −100 instead. For `hinge`, lossD =
 * mean max(0, 1 − D(real)) + mean max(0, 1 + D(fake)) and lossG = −mean D(fake). For `paired`, each real image and its
 * generated counterpart are one pair: lossD = mean softplus(D(fake) − D(real)) and lossG = mean softplus(D(real) −
 * D(fake)); the probabilities are those of logits.
 *
 * Shapes: outputs (2B), (2B, 1) or, for classes, (2B, K): B real images, then B generated ones.
 * Throws: `ShapeError` on other shapes; `DTypeError` unless outputs are f32 and labels i32; `AttributeError` on arrays
 * of two devices, on smoothing that isn't in [0, 1) or comes with `hinge` or `paired`, and on ratios of other losses.
 * Source: Goodfellow et al. 2014, the non-saturating loss; Lim and Ye 2017; Jolicoeur-Martineau 2018 (RSGAN) for
 * `paired`; Salimans et al. 2016 for smoothing; Keras's binary_crossentropy and PyTorch's BCELoss for probabilities.
 */
export function adversarialLoss(
  outputs: GpuArray,
  rng: Rng,
  options: AdversarialLossOptions = {},
): AdversarialLoss {
  const { ring, form = "logits", smoothing = 0, labels, withRatios = false } = options;
  const { device, shape } = outputs;
  const [rows = 0, classes = 1] = shape;
  checkArray("adversarialLoss", "the outputs", outputs, outputs);
  if (shape.length > 2 || rows === 0 || rows % 2 !== 0 || (classes !== 1 && !labels)) {
    throw new ShapeError(
      `adversarialLoss: outputs must have shape (2B), (2B, 1) or, with labels, (2B, K): B real images, then B generated ones; got ${formatShape(shape)}`,
    );
  }
  if (labels) {
    checkArray("adversarialLoss", "the labels", labels, outputs, ["i32"]);
    if (labels.shape.length !== 1 || labels.size !== rows / 2) {
      throw new ShapeError(
        `adversarialLoss: labels must have shape (${rows / 2}): one class per real image, shared by its generated counterpart; got ${formatShape(labels.shape)}`,
      );
    }
  }
  const labelled = form !== "hinge" && form !== "paired";
  if (!(smoothing >= 0 && smoothing < 1) || (!labelled && smoothing !== 0)) {
    throw new AttributeError(
      `adversarialLoss: smoothing must be in [0, 1), and 0 with the hinge and paired losses, which have no labels; got ${smoothing}`,
    );
  }
  if (withRatios && !hasRatios(form)) {
    throw new AttributeError(
      `adversarialLoss: ratios are there for logits and paired, whose gradients are never 0; got ${form}`,
    );
  }
  checkArray("adversarialLoss", "the Rng's state", rng.state, outputs, ["u32"]);
  if (ring) checkArray("adversarialLoss", "the ring", ring, outputs);
  if (ring && (ring.shape.length !== 2 || ring.shape[0] === 0 || ring.shape[1] !== SCALARS)) {
    throw new ShapeError(
      `adversarialLoss: the ring must have shape (steps, ${SCALARS}), with at least one step; got ${formatShape(ring.shape)}`,
    );
  }
  const empty = (of: readonly number[], what: string): GpuArray =>
    device.empty(of, "f32", `adversarial_loss.${what}`);
  const scalars = empty([SCALARS], "scalars");
  const dDiscriminator = empty(shape, "d_discriminator");
  const dGenerator = empty([rows / 2, ...shape.slice(1)], "d_generator");
  const ratios = empty([rows / 2], "ratios");
  device.launch({
    shader: "adversarial-loss",
    entry: "losses",
    constants: {
      COUNT: rows / 2,
      CLASSES: classes,
      FORM: FORMS.indexOf(form),
      SMOOTHING: smoothing,
      RATIOS: withRatios,
      RECORD: ring !== undefined,
      CAPACITY: ring?.shape[0] ?? 1,
    },
    bind: {
      outputs,
      labels: labels ?? rng.state,
      state: rng.state,
      scalars,
      ring: ring ?? empty([SCALARS], "no_ring"),
      d_discriminator: dDiscriminator,
      d_generator: dGenerator,
      ratios,
    },
    workgroups: [1, 1, 1],
    flop: 40 * rows,
  });
  return { scalars, dDiscriminator, dGenerator, ratios: withRatios ? ratios : undefined };
}
