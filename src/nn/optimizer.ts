// What optimizers share: where gradients go, and the names of what a checkpoint keeps.
import { gradArrays, Tensor, vectorJacobianArrays } from "../autograd/tensor.ts";
import { GpuArray } from "../gpu/array.ts";
import { AttributeError } from "../gpu/errors.ts";
import { show } from "../gpu/foreign-text.ts";
import { checkArgument, finite, type Check } from "../kernels/attributes.ts";
import { advance, type Counter } from "../kernels/counters.ts";
import type { Rng } from "../kernels/random.ts";
import type { Network } from "./network.ts";
import type { ParameterGroup } from "./parameters.ts";

/** An optimizer's arrays and what it does. */
export interface Optimizer<Group extends ParameterGroup = Network> {
  /** The network, or another group of parameters, that it updates. */
  readonly network: Group;
  /** What updates remember, by name: what a checkpoint keeps. */
  readonly state: ReadonlyMap<string, GpuArray>;
  /**
   * Puts the loss's gradients into the group's gradient arena. An output of any shape will do, given the
   * gradient that flows into it.
   */
  readonly differentiate: (loss: Tensor, gradient?: GpuArray) => void;
  /** One step down a loss: `differentiate(loss)`, then `update()`. */
  readonly step: (loss: Tensor) => void;
  /** Updates every parameter from the gradient arena, and counts the update. */
  readonly update: () => void;
  /** Does the same without counting, for `updateAll`. The learning rate is multiplied by `scale` (1). */
  readonly updateUncounted: (scale?: number) => void;
  /** What counts the updates. */
  readonly counters: readonly Counter[];
}

/**
 * Updates from several optimizers, then counts all that, and the Rng's step if there is one, in one launch for
 * every two counters: the last launches of a step. Learning rates are multiplied by `scale`: for schedules.
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

/** What one optimizer has that others haven't. */
interface OptimizerParts {
  readonly state: Optimizer["state"];
  readonly counters: Optimizer["counters"];
  /** Launches an update of every parameter, the learning rate multiplied by `scale`. */
  readonly launch: (scale: number) => void;
}

/** An optimizer of a group; `op` is what errors call it. */
export function optimizerOf<Group extends ParameterGroup>(
  op: string,
  network: Group,
  { state, counters, launch }: OptimizerParts,
): Optimizer<Group> {
  const optimizer: Optimizer<Group> = {
    network,
    state,
    counters,
    differentiate: (loss, gradient) => differentiate(network, loss, gradient),
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

/** Throws `AttributeError` if there never were gradients to update a group by. */
export function checkDifferentiated(op: string, { name, gradients }: ParameterGroup): void {
  if (gradients.storage.written) return;
  throw new AttributeError(
    `${op}: there are no gradients of ${name} to update it by; call step(loss), or differentiate(loss) before update()`,
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
  throw new AttributeError(
    `${op}: takes a network or a parameterGroup; got ${show(given)}: put tensors into parameterGroup(device, name, { … })`,
  );
}

/** What a learning rate may be. */
export const rateCheck: Check = {
  expects: "a finite number ≥ 0, or a scalar tensor of f32",
  accepts: (value) =>
    value instanceof Tensor
      ? value.array.size === 1 && value.array.dtype === "f32"
      : finite(0).accepts(value),
};

/** A learning rate as kernels take it: a constant, or 1 and the array that it is multiplied by. */
export function rateOf(learningRate: number | Tensor): {
  readonly learningRate: number;
  readonly rate: GpuArray | undefined;
} {
  return typeof learningRate === "number"
    ? { learningRate, rate: undefined }
    : { learningRate: 1, rate: learningRate.array };
}

/** Puts a loss's gradients, or an output's given its own, into a group's gradient arena. */
function differentiate({ parameters }: ParameterGroup, loss: Tensor, flowing?: GpuArray): void {
  const tensors = parameters.map(({ tensor }) => tensor);
  const found = flowing ? vectorJacobianArrays(loss, flowing, tensors) : gradArrays(loss, tensors);
  found.forEach((gradient, index) =>
    loss.array.device.moveInto(gradient, parameters[index]!.gradient),
  );
}

/** The parts of arenas that are laid out as a network's parameters, by parameter and arena: `dense.kernel.first`. */
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
