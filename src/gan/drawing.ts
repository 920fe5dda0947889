// Drawing the same number of images again and again, as a page does that shows them while they change: one program, whose
// images stay on the device.
import { noGrad, Tensor } from "../autograd/tensor.ts";
import type { GpuArray } from "../gpu/array.ts";
import { compile, type Program } from "../gpu/program.ts";
import type { Models } from "./gan.ts";

/** A program that draws images from inputs. */
export interface Drawing {
  readonly count: number;
  /** (count, the generator's inputs): write them before each run. */
  readonly inputs: GpuArray;
  readonly program: Program<{ readonly images: GpuArray }>;
  /** (count, height, width, channels) in [−1, 1], after a run. */
  readonly images: GpuArray;
}

/**
 * Compiles the drawing of `count` images by a GAN's sampler, with its current weights at each run and the running
 * statistics of its batch norms.
 */
export async function compileDrawing(
  { device, sampler }: Models,
  count: number,
  label = "drawing",
): Promise<Drawing> {
  const inputs = device.persistent([count, ...sampler.inputShape], "f32", `${label}.inputs`);
  const program = await compile(device, label, () =>
    noGrad(() => ({ images: sampler.forward(new Tensor(inputs), { training: false }).array })),
  );
  return { count, inputs, program, images: program.outputs.images };
}
