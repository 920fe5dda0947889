// What optimizers share: where gradients go, and the names of the state that a checkpoint saves.
import { gradArrays, vectorJacobianArrays } from "../autograd/backward.ts";
import { Tensor } from "../autograd/tensor.ts";
import { GpuArray } from "../gpu/array.ts";
import { AttributeError } from "../gpu/errors.ts";
import { show } from "../gpu/foreign-text.ts";
import { checkArgument, finite, type Check } from "../kernels/attributes.ts";
import { advance, type Counter } from "../kernels/counters.ts";
import type { Rng } from "../kernels/random.ts";
import type { Network } from "./network.ts";
import type { ParameterGroup } from "./parameters.ts";

/** An optimizer: its state and what it does. */
export interface Optimizer<Group extends ParameterGroup = Network> {
  /** The network, or another group of parameters, that it updates. */
  readonly network: Group;
  /** What updates keep from step to step, by name. A checkpoint saves it. */
  readonly state: ReadonlyMap<string, GpuArray>;
  /**
   * Writes the loss's gradients into the group's gradient arena. If the gradient that flows into it is given, `loss`
   * may be an output of any shape.
   */
  readonly differentiate: (loss: Tensor, gradient?: GpuArray) => void;
  /** Takes one step down a loss: `differentiate(loss)`, then `update()`. */
  readonly step: (loss: Tensor) => void;
  /** Updates every parameter from the gradient arena, and counts the update. */
  readonly update: () => void;
  /** Updates without counting, for `updateAll`. The learning rate is multiplied by `scale` (1). */
  readonly updateUncounted: (scale?: number) => void;
  /** The counters of the updates. */
  readonly counters: readonly Counter[];
}

/**
 * Runs the updates of several optimizers. Then advances their counters, and the Rng's step if there is an Rng, with one
 * launch per two counters: the last launches of a step. Learning rates are multiplied by `scale`, for schedules.
 */
export function updateAll(
  optimizers: readonly Optimizer<ParameterGroup>[],
  rng?: Rng,
  scale = 1,
): void {
  for (const { updateUncounted } of optimizers) updateUncounted(scale);
  const device = (rng?.state ?? optimizers[0]?.network.arena)?.device;
  const counters = optimizers.flatMap((optimizer) => optimizer.counters);
  if (device) advance(device, counters, rng);
}

/** What differs between optimizers. */
interface OptimizerParts {
  readonly state: Optimizer["state"];
  readonly counters: Optimizer["counters"];
  /** Launches an update of every parameter, with the learning rate multiplied by `scale`. */
  readonly launch: (scale: number) => void;
}

/** Makes an optimizer of a group. Errors call it `op`. */
export function optimizerOf<Group extends ParameterGroup>(
  op: string,
  network: Group,
  { state, counters, launch }: OptimizerParts,
): Optimizer<Group> {
  const optimizer: Optimizer<Group> = {
    network,
    state,
    counters,
    differentiate: (loss, gradient) => void differentiate(network, loss, gradient),
    update: () => updateAll([optimizer]),
    step(loss) {
      optimizer.differentiate(loss);
      optimizer.update();
    },
    updateUncounted(scale = 1) {
      checkArgument(op, "the learning-rate scale", scale, finite(0));
      checkDifferentiated(op, network);
      launch(scale);
    },
  };
  return optimizer;
}

/** Throws `AttributeError` if a group has no gradients yet. */
export function checkDifferentiated(op: string, { name, gradients }: ParameterGroup): void {
  if (gradients.storage.written) return;
  throw new AttributeError(
    `${op}: ${name} has no gradients yet; call step(loss), or differentiate(loss) before update()`,
  );
}

const isParameter = (value: unknown): boolean =>
  typeof value === "object" &&
  value !== null &&
  "gradient" in value &&
  value.gradient instanceof GpuArray;

/** Throws `AttributeError` unless a value is a group of parameters. */
export function checkGroup(op: string, group: ParameterGroup): void {
  const given: unknown = group;
  const { name, arena, gradients, parameters } = Object.assign(Object.create(null), given);
  const arenas = arena instanceof GpuArray && gradients instanceof GpuArray;
  const parts = arenas && Array.isArray(parameters) && parameters.every(isParameter);
  if (parts && typeof name === "string") return;
  const hint =
    Array.isArray(given) && !given.some((each) => each instanceof Tensor)
      ? "make an optimizer for each; call differentiate(loss) of all, then update() of all"
      : "put tensors into parameterGroup(device, name, { … })";
  throw new AttributeError(
    `${op}: takes a network or a parameterGroup; got ${show(given)}: ${hint}`,
  );
}

/** The check of a learning rate. */
export const rateCheck: Check = {
  expects: "a finite number ≥ 0, or a scalar tensor of f32",
  accepts: (value) =>
    value instanceof Tensor
      ? value.array.size === 1 && value.array.dtype === "f32"
      : finite(0).accepts(value),
};

/** Returns a learning rate as kernels take it: a constant, or 1 and the array that multiplies it. */
export function rateOf(learningRate: number | Tensor): {
  readonly learningRate: number;
  readonly rate: GpuArray | undefined;
} {
  return typeof learningRate === "number"
    ? { learningRate, rate: undefined }
    : { learningRate: 1, rate: learningRate.array };
}

/**
 * Writes the gradients of a loss, or of an output given its own gradient, into a group's gradient arena. Returns the
 * gradients with respect to other tensors on the way.
 */
export function differentiate(
  { parameters }: ParameterGroup,
  loss: Tensor,
  flowing?: GpuArray,
  others: readonly Tensor[] = [],
): readonly GpuArray[] {
  const tensors = [...parameters.map(({ tensor }) => tensor), ...others];
  const names = parameters.map((each) => each.name);
  const found = flowing
    ? vectorJacobianArrays(loss, flowing, tensors, names)
    : gradArrays(loss, tensors, names);
  parameters.forEach(({ gradient }, index) => loss.array.device.moveInto(found[index]!, gradient));
  return found.slice(parameters.length);
}

/**
 * Returns the parts of arenas that are laid out as a network's parameters, by parameter and arena:
 * `dense.kernel.first`.
 */
export function stateOf(
  { parameters }: ParameterGroup,
  arenas: Readonly<Record<string, GpuArray>>,
): [string, GpuArray][] {
  return parameters.flatMap(({ name, gradient: { byteOffset, shape } }) =>
    Object.entries(arenas).map(([what, arena]): [string, GpuArray] => [
      `${name}.${what}`,
      arena.device.viewAt(arena, byteOffset, shape),
    ]),
  );
}
