// The way back along the tape: gradients flow from a loss to the tensors that ask for them. This file names no op.
import { formatShape, type GpuArray } from "../gpu/array.ts";
import { AttributeError, DTypeError, ShapeError } from "../gpu/errors.ts";
import { show } from "../gpu/foreign-text.ts";
import { within } from "../gpu/place.ts";
import { binary } from "../kernels/binary.ts";
import { checkArray } from "../kernels/op.ts";
import { arrayOf, type Tensor } from "./tensor.ts";

/** Returns every node between `root` and `wanted`, latest first: the order in which gradients can flow. */
function path(root: Tensor, wanted: ReadonlySet<Tensor>): { nodes: Tensor[]; leads: Set<Tensor> } {
  const seen = new Set<Tensor>();
  const stack = [root];
  for (let tensor = stack.pop(); tensor; tensor = stack.pop()) {
    if (seen.has(tensor)) continue;
    seen.add(tensor);
    stack.push(...(tensor.node?.inputs ?? []));
  }
  const order = (tensor: Tensor): number => tensor.node?.order ?? 0;
  const ascending = [...seen].toSorted((a, b) => order(a) - order(b));
  const leads = new Set<Tensor>();
  for (const tensor of ascending) {
    const reaches = tensor.node?.inputs.some((input) => leads.has(input)) ?? false;
    if (wanted.has(tensor) || reaches) leads.add(tensor);
  }
  return { nodes: ascending.filter((t) => t.node && leads.has(t)).toReversed(), leads };
}

/**
 * Returns the gradients of a scalar with respect to some tensors, in their order. Computes only what leads to them.
 * Calling it again returns the same bits. Second derivatives are not supported. Throws `ShapeError` unless `loss` has
 * one element, `AttributeError` if a tensor doesn't lead to it. Errors use `names`.
 */
export function gradArrays(
  loss: Tensor,
  wrt: readonly Tensor[],
  names?: readonly string[],
): GpuArray[] {
  arrayOf("grad", 0, loss);
  if (loss.array.size !== 1) {
    throw new ShapeError(
      `grad: the loss must be a scalar; got ${formatShape(loss.shape)}: reduce it with sum or mean`,
    );
  }
  const { device } = loss.array;
  const one = device.upload(Float32Array.of(1), loss.shape, "f32", "one");
  return vectorJacobianArrays(loss, one, wrt, names);
}

/**
 * Like `gradArrays`, for an output of any shape and the gradient that flows into it. Throws `ShapeError` if their
 * shapes differ, `DTypeError` unless both are f32.
 */
export function vectorJacobianArrays(
  out: Tensor,
  dout: GpuArray,
  wrt: readonly Tensor[],
  names?: readonly string[],
): GpuArray[] {
  checkArray("grad", "the gradient that flows in", dout, arrayOf("grad", 0, out));
  if (!Array.isArray(wrt)) {
    throw new DTypeError(
      `grad: takes a list of tensors to differentiate with respect to; got ${show(wrt)}`,
    );
  }
  Array.from(wrt, (tensor, index) => arrayOf("grad", index + 1, tensor)); // visits holes too
  if (formatShape(out.shape) !== formatShape(dout.shape)) {
    throw new ShapeError(
      `grad: the gradient that flows in must have the output's shape ${formatShape(out.shape)}; got ${formatShape(dout.shape)}`,
    );
  }
  const { nodes, leads } = path(out, new Set(wrt));
  const gradients = new Map<Tensor, GpuArray>([[out, dout]]);
  for (const tensor of nodes) {
    const flowing = gradients.get(tensor);
    if (!flowing) continue;
    const { inputs, backward, takesEpilogueGradients, layer } = tensor.node!;
    const needs = inputs.map((input) => leads.has(input));
    const taken = inputs.map(({ node }, index) =>
      takesEpilogueGradients.includes(index) ? node?.epilogueGradient : undefined,
    );
    const found = within({ layer }, () => backward(flowing, needs, taken));
    found.forEach((gradient, index) => {
      const input = taken[index] ? inputs[index]!.node!.inputs[0]! : inputs[index]!;
      if (!gradient || !needs[index]) return;
      const before = gradients.get(input);
      gradients.set(input, before ? binary("add", before, gradient) : gradient);
    });
  }
  return wrt.map((tensor, index) => {
    const gradient = gradients.get(tensor);
    if (gradient) return gradient;
    const name = names?.[index] ?? `tensor ${index}`;
    throw new AttributeError(
      `grad: ${name} of shape ${formatShape(tensor.shape)} does not lead to the loss; ${whyNot(tensor)}`,
    );
  });
}

/** Returns the likely reasons why a tensor doesn't lead to a loss. */
function whyNot({ tracked }: Tensor): string {
  return tracked
    ? "a parameterGroup copies the tensors that it is given, so compute with group.tensors.NAME; noGrad, detach and ops without a gradient also cut the way"
    : "it isn't tracked: make it with tensor(device, values, shape, { tracked: true }), or use group.tensors.NAME of a parameterGroup, which copies the tensors that it is given";
}
