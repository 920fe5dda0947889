// Parameters in arenas: a group's values in one and its gradients in another, so that one launch updates them all.
import { arrayOf, Tensor, variable } from "../autograd/tensor.ts";
import { checkName } from "../gpu/arguments.ts";
import { sizeOf, type GpuArray } from "../gpu/array.ts";
import { checkDevice } from "../gpu/check-device.ts";
import type { Device } from "../gpu/device.ts";
import { AttributeError, ShapeError } from "../gpu/errors.ts";
import { keyPath } from "../gpu/foreign-text.ts";
import { checkArgument, type Check } from "../kernels/attributes.ts";
import { checkArray } from "../kernels/op.ts";

/** A parameter in its arena: the tensor that forwards use, and the array of its gradient. */
export interface Parameter {
  readonly name: string;
  readonly tensor: Tensor;
  readonly gradient: GpuArray;
}

/** Parameters that an optimizer updates together. A network is such a group. */
export interface ParameterGroup {
  readonly name: string;
  readonly parameters: readonly Parameter[];
  /** All parameters, one after another, each from a multiple of 256 bytes; the gaps hold zeros. */
  readonly arena: GpuArray;
  /** The gradients, laid out as the parameters are. */
  readonly gradients: GpuArray;
}

/** Returns the number of learned values of a layer or network. */
export function parameterCount(parameters: readonly Parameter[]): number {
  return parameters.reduce((total, { tensor }) => total + tensor.array.size, 0);
}

const ALIGNMENT = 64; // floats in 256 bytes: arrays at such multiples are bound without an offset

const aligned = (shape: readonly number[]): number =>
  Math.ceil(sizeOf(shape) / ALIGNMENT) * ALIGNMENT;

/** Returns empty arenas for parameters of some shapes, and a function that puts parameters into them, in any order. */
export function layOut(
  device: Device,
  name: string,
  shapes: readonly (readonly number[])[],
): {
  readonly arena: GpuArray;
  readonly gradients: GpuArray;
  readonly take: (name: string, shape: readonly number[], value: GpuArray) => Parameter;
} {
  const total = shapes.reduce((sum, shape) => sum + aligned(shape), 0);
  const arena = device.persistent([total], "f32", `${name}.parameters`);
  const gradients = device.persistent([total], "f32", `${name}.gradients`);
  let offset = 0;
  return {
    arena,
    gradients,
    take(full, shape, value) {
      const array = device.viewAt(arena, offset * 4, shape);
      const gradient = device.viewAt(gradients, offset * 4, shape);
      offset += aligned(shape);
      device.moveInto(value, array);
      return { name: full, tensor: variable(array), gradient };
    },
  };
}

const named: Check = {
  expects: "an object of tensors by name, such as { weight, bias }",
  accepts: (value) => typeof value === "object" && value !== null && !(value instanceof Tensor),
};

/**
 * Copies tensors into arenas of their own, as parameters that an optimizer can update. For models that aren't a
 * `sequential` network. The group's `tensors` are the parameters, by the names that they were given under. Throws
 * `DTypeError` unless all are f32 tensors, `ShapeError` if there are none.
 */
export function parameterGroup<Names extends string>(
  device: Device,
  name: string,
  initial: Readonly<Record<Names, Tensor>>,
): ParameterGroup & { readonly tensors: Readonly<Record<Names, Tensor>> };
export function parameterGroup(
  device: Device,
  name: string,
  initial: Readonly<Record<string, Tensor>>,
): ParameterGroup & { readonly tensors: Readonly<Record<string, Tensor>> } {
  checkDevice("parameterGroup", device);
  checkName("parameterGroup", name);
  checkArgument("parameterGroup", "tensors", initial, named);
  const entries = Object.entries(initial);
  if (entries.length === 0) {
    throw new ShapeError(`parameterGroup: ${name} has no parameters; give one tensor or more`);
  }
  entries.forEach(([key, tensor], index) => {
    const array = arrayOf("parameterGroup", index, tensor);
    checkArray("parameterGroup", key, array, entries[0]![1].array);
    if (array.device !== device) {
      throw new AttributeError(
        `parameterGroup: ${keyPath([key])} lives on another device than the group`,
      );
    }
  });
  const { arena, gradients, take } = layOut(
    device,
    name,
    entries.map(([, { shape }]) => shape),
  );
  const parameters = entries.map(([key, { shape, array }]) => take(key, shape, array));
  const tensors = Object.fromEntries(parameters.map((each) => [each.name, each.tensor]));
  return { name, parameters, arena, gradients, tensors };
}
