// The figures of a recipe, counted from its plans without running anything.
import { noGrad, Tensor } from "../autograd/tensor.ts";
import type { GpuArray } from "../gpu/array.ts";
import { explainPlan } from "../gpu/inspection/explain.ts";
import { planTrace } from "../gpu/plan.ts";
import { parameterCount } from "../nn/parameters.ts";
import type { Gan } from "./gan.ts";
import { trainingStep } from "./step.ts";

/** A recipe in figures. */
export interface RecipeFigures {
  /** Learned values of each network. */
  readonly parameters: { readonly generator: number; readonly discriminator: number };
  /** Floating-point operations of a training step per image of its batch. A multiply-add counts as two. */
  readonly trainingFlop: number;
  /** Floating-point operations of drawing one image. */
  readonly drawingFlop: number;
}

/** Returns the figures of a GAN at its batch. The dataset must hold one batch or more. */
export function recipeFigures(gan: Gan): RecipeFigures {
  const { device, generator, discriminator, sampler, plan } = gan;
  const flopOf = (label: string, body: () => GpuArray): number => {
    let output: GpuArray | undefined;
    const trace = device.record(label, () => {
      output = body();
    });
    const planned = planTrace(trace, [output!], {
      share: true,
      available: [],
      mostBytes: device.gpu.limits.maxBufferSize,
    });
    return explainPlan(label, planned, { state: 0, temporaries: 0 }).flop;
  };
  const { batch } = plan;
  const draw = (): GpuArray => {
    const z = new Tensor(device.empty([batch, ...sampler.inputShape], "f32", "latents"));
    return noGrad(() => sampler.forward(z, { training: false })).array;
  };
  return {
    parameters: {
      generator: parameterCount(generator.parameters),
      discriminator: parameterCount(discriminator.parameters),
    },
    trainingFlop: flopOf("step", () => trainingStep(gan, batch).scalars) / batch,
    drawingFlop: flopOf("draw", draw) / batch,
  };
}
