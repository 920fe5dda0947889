// The simultaneous step: both networks learn together, from one forward.
import { onRows, Tensor } from "../../autograd/tensor.ts";
import { adversarialLoss } from "../../kernels/adversarial-loss.ts";
import { recordStep } from "../../kernels/step-log.ts";
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

/**
 * D learns CE(1, D(real)) + CE(0, D(fake)) and G learns CE(1, D(fake)), or the recipe's losses instead. Both gradients
 * are taken at the old weights. D sees real and fake images as one batch; only the fake half carries G's loss back. If
 * the recipe has a `penalty`, D also learns to change little under noise. If ranks share the batch, D's gradients are
 * averaged over them while G's flow back.
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
    return { images, outputs, ofFakes: () => onRows(outputs, all, fake, count) };
  };
  const judged = judge(true);
  const { images, outputs } = judged;
  const { ofFakes } = (options.shareWork ?? true) ? judged : judge(false);

  const { scalars, dDiscriminator, dGenerator } = inPart("losses", () =>
    adversarialLoss(outputs.array, rng, {
      ...(sharing ? {} : { ring }),
      form: recipe.loss === "sigmoid" ? "logits" : recipe.loss,
      smoothing: recipe.smoothing,
      labels: classes,
    }),
  );
  see("noise", z.array);
  if (classes) see("labels", classes);
  see("real", images.rows(0, count));
  see("fake", images.rows(count, count));
  see("verdictsOnReal", outputs.array.rows(0, count));
  see("verdictsOnFake", outputs.array.rows(count, count));
  see("scalars", scalars);
  const penalised = (recipe.penalty ?? 0) > 0 && learns("discriminator", options);
  const learned = penalised
    ? inPart("penalty", () =>
        penalisedLoss(gan, { images, outputs, dDiscriminator, classes, masks: MASKS }),
      )
    : undefined;
  const updated = BOTH.filter((player) => learns(player, options));
  const averaged = updated.map((player, index) => {
    inPart(`${player}-backward`, () => {
      if (player === "discriminator" && learned) discriminatorAdam.differentiate(learned);
      else if (player === "discriminator") discriminatorAdam.differentiate(outputs, dDiscriminator);
      else generatorAdam.differentiate(ofFakes(), dGenerator);
    });
    return averageGradients(gan, player, index === 0 ? [scalars] : []);
  });
  for (const wait of averaged) wait();
  if (sharing) inPart("losses", () => recordStep(scalars, ring, rng));
  endStep(gan, updated);
  return { scalars };
}
