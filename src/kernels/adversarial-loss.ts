// A GAN's two losses with their gradients, from the discriminator's logits of one batch: no op of the tape, as
// each loss flows back by another way.
import { formatShape, type GpuArray } from "../gpu/array.ts";
import { ShapeError } from "../gpu/errors.ts";
import type { Generator } from "./random.ts";
import { checkArray } from "./rule.ts";

/** Scalars that one step records. */
export const SCALARS = 4;

/** What a step learns from its logits. */
export interface AdversarialLoss {
  /** (4): lossD, lossG, and the mean probability of being real that D gives real images, and generated ones. */
  readonly scalars: GpuArray;
  /** The gradient of lossD by the logits, of their shape. */
  readonly dDiscriminator: GpuArray;
  /** The gradient of lossG by the logits of generated images: of half as many rows. */
  readonly dGenerator: GpuArray;
}

/**
 * lossD = mean CE(1, real) + mean CE(0, fake) and lossG = mean CE(1, fake), in one launch.
 *
 * Shapes: logits (2B) or (2B, 1), of B real images, then of B generated ones; ring (steps, 4), which gets the
 * scalars in the slot of the generator's step, if there is one.
 * Throws: `ShapeError` on other shapes; `DTypeError` unless both are f32; `AttributeError` on two devices.
 * Source: Goodfellow et al. 2014, the non-saturating loss.
 */
export function adversarialLoss(
  logits: GpuArray,
  generator: Generator,
  ring?: GpuArray,
): AdversarialLoss {
  const { device, shape } = logits;
  const [rows = 0, columns = 1] = shape;
  checkArray("adversarialLoss", "the logits", logits, logits);
  if (shape.length > 2 || columns !== 1 || rows === 0 || rows % 2 !== 0) {
    throw new ShapeError(
      `adversarialLoss: logits must be (2B) or (2B, 1), of B real images and then of B generated ones; got ${formatShape(shape)}`,
    );
  }
  checkArray("adversarialLoss", "the generator's state", generator.state, logits, ["u32"]);
  if (ring) checkArray("adversarialLoss", "the ring", ring, logits);
  if (ring && (ring.shape.length !== 2 || ring.shape[0] === 0 || ring.shape[1] !== SCALARS)) {
    throw new ShapeError(
      `adversarialLoss: the ring must be (steps, ${SCALARS}), a step or more; got ${formatShape(ring.shape)}`,
    );
  }
  const empty = (of: readonly number[], what: string): GpuArray =>
    device.empty(of, "f32", `adversarial_loss.${what}`);
  const scalars = empty([SCALARS], "scalars");
  const dDiscriminator = empty(shape, "d_discriminator");
  const dGenerator = empty([rows / 2, ...shape.slice(1)], "d_generator");
  device.launch({
    shader: "adversarial-loss",
    entry: "losses",
    constants: { COUNT: rows / 2, RECORD: ring !== undefined, CAPACITY: ring?.shape[0] ?? 1 },
    bind: {
      logits,
      state: generator.state,
      scalars,
      ring: ring ?? empty([SCALARS], "no_ring"),
      d_discriminator: dDiscriminator,
      d_generator: dGenerator,
    },
    workgroups: [1, 1, 1],
    flop: 40 * rows,
  });
  return { scalars, dDiscriminator, dGenerator };
}
