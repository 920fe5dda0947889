// A function as a layer: any ops between the layers of a network.
import { Tensor } from "../autograd/tensor.ts";
import { checkName } from "../gpu/arguments.ts";
import { formatShape } from "../gpu/array.ts";
import { DTypeError, ShapeError } from "../gpu/errors.ts";
import { show } from "../gpu/foreign-text.ts";
import { callback, checkArgument, checkAttributes, wholes } from "../kernels/attributes.ts";
import type { Layer, Mode } from "./layer.ts";

const none = (): Readonly<Record<never, never>> => ({});

/** The options of `apply`. */
export interface ApplyOptions {
  /** The shape of an example after the function. Default: the one before it. */
  readonly outputShape?: readonly number[];
}

/**
 * Runs a function of the batch as a layer without parameters: `layers.apply("snake", (x) => add(x, square(sin(x))))`.
 * A function of two parameters also gets the forward's mode. If it changes the shape of an example, state it: `{ outputShape: [64] }`.
 */
export function apply(
  name: string,
  f: (x: Tensor, mode: Mode) => Tensor,
  options: ApplyOptions = {},
): Layer {
  checkName("Apply", name);
  checkArgument("Apply", "what it runs", f, callback);
  checkAttributes<ApplyOptions>("Apply", options, { outputShape: wholes(0) });
  const { outputShape } = options;
  return {
    kind: "Apply",
    detail: name,
    outputShape: (input) => outputShape ?? input,
    parameters: none,
    buffers: none,
    forward(x, _parameters, _buffers, mode) {
      // Ops take attributes after the tensor, and must not get a mode for them: `layers.apply("sin", sin)`.
      const result: unknown = f.length === 1 ? Reflect.apply(f, undefined, [x]) : f(x, mode);
      if (!(result instanceof Tensor)) {
        throw new DTypeError(`Apply: ${name} must return a Tensor; got ${show(result)}`);
      }
      const wanted = [x.shape[0]!, ...(outputShape ?? x.shape.slice(1))];
      if (formatShape(result.shape) === formatShape(wanted)) return result;
      throw new ShapeError(
        `Apply: ${name} must return shape ${formatShape(wanted)}; got ${formatShape(result.shape)}: state an example's shape, { outputShape: [${result.shape.slice(1).join(", ")}] }`,
      );
    },
  };
}
