// Spectral normalisation: divides a layer's weights by their largest singular value (Miyato et al. 2018).
// The layer is then 1-Lipschitz for its own norm.
import { div, matmul, mul, reshape, sqrt, square, sum } from "../autograd/ops.ts";
import { noGrad, Tensor } from "../autograd/tensor.ts";
import { AttributeError } from "../gpu/errors.ts";
import { normalInitialiser } from "./initialisers.ts";
import { checkArgument } from "../kernels/attributes.ts";
import { isLayer, type Layer } from "./layer.ts";

/** v / |v|. */
const normalised = (v: Tensor): Tensor => div(v, sqrt(sum(square(v))));

/**
 * Applies spectral normalisation to the weights w of a dense or convolution layer, taken as a matrix (rest, outputs).
 * In training, each forward runs one power iteration on the buffer `u`, (outputs, 1): v = w·u / |w·u|, u = wᵀ·v, σ =
 * vᵀ·w·u / |u|. The layer then uses w / σ. Gradients flow through σ, with u and v held constant. In inference, u stays.
 * Throws `AttributeError` on a layer without such weights.
 */
export function spectral(layer: Layer): Layer {
  checkArgument("spectral", "the layer", layer, isLayer);
  const weightOf = (names: readonly string[]): string => {
    const name = names.find((each) => each === "kernel" || each === "filter");
    if (name && layer.kind !== "ConvTranspose2d") return name;
    throw new AttributeError(
      `spectral: takes dense and conv2d layers, whose weights end in the outputs; got ${layer.kind}`,
    );
  };
  const { form, ...rest } = layer;
  return {
    ...rest,
    ...(form ? { form: { op: "spectral", of: form } } : {}),
    detail: `${layer.detail}, spectral`,
    buffers(input) {
      const parameters = layer.parameters(input);
      const { shape } = parameters[weightOf(Object.keys(parameters))]!;
      const u = { shape: [shape.at(-1)!, 1], initialiser: normalInitialiser(1) };
      return { ...layer.buffers(input), u };
    },
    forward(x, parameters, { u, ...buffers }, mode, output) {
      const name = weightOf(Object.keys(parameters));
      const weight = parameters[name]!;
      const outputs = weight.shape.at(-1)!;
      const w = reshape(weight, { shape: [weight.array.size / outputs, outputs] });
      const [left, right] = noGrad(() => {
        const held = new Tensor(u!);
        const v = normalised(matmul(w, held));
        if (!mode.training || mode.track === false) return [v, normalised(held)];
        // u keeps its own length. The gradients of this forward need the normalised copy, another array, which the
        // next forward doesn't overwrite.
        const next = matmul(w, v, { transposeA: true });
        u!.device.moveInto(next.array, u!);
        return [v, normalised(next)];
      });
      const sigma = sum(mul(left, matmul(w, right)));
      return layer.forward(x, { ...parameters, [name]: div(weight, sigma) }, buffers, mode, output);
    },
  };
}
