// How long each gradient of a network is: one small program on its gradient arena.
import { concat, reshape, sqrt, square, sum } from "../../autograd/ops.ts";
import { Tensor } from "../../autograd/tensor.ts";
import { compile } from "../../gpu/program.ts";
import type { ParameterGroup } from "../../nn/parameters.ts";

/** Measures a network's gradients, those of the last step that it learned in. */
export interface GradientNorms {
  /** The parameters, in the order of the norms: `conv2d_1.filter`. */
  readonly names: readonly string[];
  /** Returns √Σg² of each parameter's gradient. Zeros before the first step. */
  readonly read: () => Promise<readonly number[]>;
}

/** Compiles the norms of a network's gradients. It writes nothing that training reads. */
export async function compileGradientNorms(network: ParameterGroup): Promise<GradientNorms> {
  const { name, parameters } = network;
  const program = await compile(network.arena.device, `gradient_norms.${name}`, () => ({
    norms: concat(
      parameters.map(({ gradient }) =>
        reshape(sqrt(sum(square(new Tensor(gradient)))), { shape: [1] }),
      ),
      { axis: 0 },
    ),
  }));
  return {
    names: parameters.map((parameter) => parameter.name),
    async read() {
      await program.run();
      return [...(await program.outputs.norms.read())];
    },
  };
}
