// The simultaneous step: both networks learn together, from one forward.
import { apply, entryOf, onRows, Tensor, viewBefore } from "../../autograd/tensor.ts";
import type { GpuArray } from "../../gpu/array.ts";
import { within } from "../../gpu/place.ts";
import { adversarialLoss, hasRatios } from "../../kernels/adversarial-loss.ts";
import { scaleGradient } from "../../kernels/scale-gradient.ts";
import { recordStep } from "../../kernels/step-log.ts";
import { differentiate } from "../../nn/optimizer.ts";
import type { Gan } from "../gan.ts";
import {
  averageGradients,
  classesOf,
  drawLatents,
  endStep,
  inPart,
  judgingMode,
  learns,
  type Player,
  realImages,
  trainingMode,
  type StepOptions,
  type StepOutputs,
} from "./parts.ts";
import { penalisedLoss } from "./penalty.ts";

const BOTH: readonly Player[] = ["discriminator", "generator"];
const MASKS = 1; // the first stream of the discriminator's masks; the noise has stream 0

/** Returns a tensor through which an image's gradient flows back times a factor, and then through x's epilogue. */
const scaled = (x: Tensor, factors: GpuArray): Tensor =>
  viewBefore(x, (before) =>
    apply(scaleGradient, [before, new Tensor(factors)], [before.array, factors], {}),
  );

/**
 * D learns CE(1, D(real)) + CE(0, D(fake)) and G learns CE(1, D(fake)), or the recipe's losses instead. Both gradients
 * are taken at the old weights. D sees real and fake images as one batch; only the fake half carries G's loss back. If
 * the recipe has a `penalty`, D also learns to change little under noise. If ranks share the batch, D's gradients are
 * averaged over them while G's flow back.
 *
 * For a generated image, the gradients of both losses differ by a factor until they reach the image, since D judges
 * each image by itself. So they flow back through D together, up to its first layer; see `entryOf` for other Ds.
 */
export function stepSimultaneously(
  gan: Gan,
  count: number,
  options: StepOptions = {},
): StepOutputs {
  const { generator, discriminator, generatorAdam, discriminatorAdam } = gan;
  const { rng, device, recipe, ring, sharing } = gan;
  const { see = () => undefined } = options;
  const mode = trainingMode(gan);
  const classes = inPart("real", () => classesOf(gan, count));
  const z = inPart("noise", () => drawLatents(gan, count, classes));
  const judge = (track: boolean) => {
    const images = device.empty([2 * count, ...recipe.image], "f32", "images");
    inPart("real", () => realImages(gan, count, images.rows(0, count)));
    const fake = inPart("generate", () => {
      const tracks = track && learns("generator", options);
      const drawn = generator.forward(z, { ...mode, track: tracks });
      device.moveInto(drawn.array, images.rows(count, count));
      return drawn;
    });
    rng.nextStream = MASKS;
    const all = new Tensor(images);
    const tracks = track && learns("discriminator", options);
    const outputs = inPart("judge", () =>
      discriminator.forward(all, { ...judgingMode(gan), track: tracks, batches: 2 }),
    );
    return { images, all, fake, outputs };
  };
  const judged = judge(true);
  const { images, all, outputs } = judged;
  const ofG = (options.shareWork ?? true) ? judged : judge(false);

  const penalised = (recipe.penalty ?? 0) > 0 && learns("discriminator", options);
  const form = recipe.loss === "sigmoid" ? "logits" : recipe.loss;
  const together = (options.shareGradients ?? true) && !options.only && !penalised;
  const entry = together && hasRatios(form) ? entryOf(outputs, all) : undefined;
  const { scalars, dDiscriminator, dGenerator, ratios } = inPart("losses", () =>
    adversarialLoss(outputs.array, rng, {
      ...(sharing ? {} : { ring }),
      form,
      smoothing: recipe.smoothing,
      labels: classes,
      withRatios: entry !== undefined,
    }),
  );
  see("noise", z.array);
  if (classes) see("labels", classes);
  see("real", images.rows(0, count));
  see("fake", images.rows(count, count));
  see("verdictsOnReal", outputs.array.rows(0, count));
  see("verdictsOnFake", outputs.array.rows(count, count));
  see("scalars", scalars);
  const learned = penalised
    ? inPart("penalty", () =>
        penalisedLoss(gan, { images, outputs, dDiscriminator, classes, masks: MASKS }),
      )
    : undefined;
  const updated = BOTH.filter((player) => learns(player, options));
  let shared: GpuArray | undefined;
  const backward: Readonly<Record<Player, () => void>> = {
    discriminator() {
      if (learned) discriminatorAdam.differentiate(learned);
      else [shared] = differentiate(discriminator, outputs, dDiscriminator, entry ? [entry] : []);
    },
    generator() {
      const { fake } = ofG;
      if (entry && ratios && shared) {
        const source = within({ layer: entry.node?.layer }, () => scaled(fake, ratios));
        const ofFakes = onRows(entry, all, source, count);
        generatorAdam.differentiate(ofFakes, shared.rows(count, count));
      } else {
        generatorAdam.differentiate(onRows(ofG.outputs, ofG.all, fake, count), dGenerator);
      }
    },
  };
  const averaged = updated.map((player, index) => {
    inPart(`${player}-backward`, backward[player]);
    return averageGradients(gan, player, index === 0 ? [scalars] : []);
  });
  for (const wait of averaged) wait();
  if (sharing) inPart("losses", () => recordStep(scalars, ring, rng));
  endStep(gan, updated);
  return { scalars };
}
