// Tensors and the tape, which records how they were made. This file names no op; backward.ts goes the way back.
import { checkFunction, refuseAsync } from "../gpu/arguments.ts";
import { formatShape, GpuArray, type DType, type HostArray, type HostData } from "../gpu/array.ts";
import { AttributeError, DTypeError, ShapeError } from "../gpu/errors.ts";
import { placeNow, within } from "../gpu/place.ts";
import { show } from "../gpu/foreign-text.ts";
import {
  applyEpilogueGradient,
  epilogueGradientRows,
  type EpilogueGradient,
} from "../kernels/epilogue.ts";
import { checkArray, type Recorded, type Op } from "../kernels/op.ts";

/** What the tape keeps about one application of an op. */
interface Node {
  readonly name: string;
  readonly inputs: readonly Tensor[];
  readonly backward: Recorded["backward"];
  /** The inputs whose epilogue gradients its backward can take over. */
  readonly takesEpilogueGradients: readonly number[];
  /** The same op on some rows of its first input. */
  readonly rows: Recorded["rows"];
  /** Whether rows of its first input affect each other. */
  readonly groupsRows: boolean;
  /** Set on an epilogue, whose only input is what came before it: the gradient that a consumer may take over. */
  readonly epilogueGradient?: EpilogueGradient;
  /** Nodes are numbered as they are made, so a node's inputs have smaller numbers. */
  readonly order: number;
  /** The layer that applied the op. The way back through the op is the same layer's. */
  readonly layer: string | undefined;
}

/** An array that remembers how it was made, if gradients can flow to it. */
export class Tensor {
  readonly array: GpuArray;
  /** True if gradients can flow to it: it is a variable, or made from one. */
  readonly tracked: boolean;
  /** @internal */
  readonly node: Node | undefined;

  constructor(array: GpuArray, tracked = false, node?: Node) {
    if (!(array instanceof GpuArray)) {
      throw new DTypeError(
        `Tensor: takes an array on a device; got ${show(array)}: upload host data first`,
      );
    }
    this.array = array;
    this.tracked = tracked;
    this.node = node;
  }

  // Node's `console.log` prints `Tensor (32, 10) f32, tracked`.
  static {
    Object.defineProperty(this.prototype, Symbol.for("nodejs.util.inspect.custom"), {
      value(this: Tensor): string {
        return `Tensor ${formatShape(this.shape)} ${this.dtype}${this.tracked ? ", tracked" : ""}`;
      },
    });
  }

  get shape(): readonly number[] {
    return this.array.shape;
  }

  get dtype(): DType {
    return this.array.dtype;
  }

  /** Returns the same values, cut off from the tape. */
  detach(): Tensor {
    return new Tensor(this.array);
  }

  /**
   * Copies the values to the host, as one flat list in row-major order: an Int32Array for i32, a Uint32Array for u32, a
   * Float32Array for f32 and f16. A `dtype` states the type that you expect. Throws `TraceError` inside a trace,
   * `DTypeError` if `dtype` isn't the tensor's type.
   */
  async read(): Promise<HostArray>;
  async read<D extends DType>(dtype: D): Promise<HostData[D]>;
  async read(dtype: DType = this.dtype): Promise<HostArray> {
    return this.array.read(dtype);
  }

  /** Returns the one value of a scalar. Throws `ShapeError` unless there is one element, and as `read` does. */
  async item(): Promise<number> {
    if (this.array.size !== 1) {
      throw new ShapeError(
        `item: the tensor must have one element; got ${formatShape(this.shape)}: read() returns all of them`,
      );
    }
    const [value] = await this.read();
    return value!;
  }

  /**
   * Overwrites the values, or a scalar by a number: a compiled step gets a new batch or rate this way. Throws
   * `DTypeError` or `ShapeError` on data of another type or length.
   */
  write(data: HostArray | number): void {
    if (typeof data !== "number") this.array.write(data);
    else this.array.write(this.array.dtype === "f32" ? Float32Array.of(data) : Int32Array.of(data));
  }
}

let recording = true;
let made = 0;

/**
 * Returns a tensor that gradients can be taken with respect to, with the values of an array or of another tensor. Throws
 * `DTypeError` unless they are f32.
 */
export function variable(values: GpuArray | Tensor): Tensor {
  const array = values instanceof Tensor ? values.array : values;
  if (!(array instanceof GpuArray) || array.dtype !== "f32") {
    const got = array instanceof GpuArray ? array.dtype : show(array);
    throw new DTypeError(
      `variable: takes a tensor of f32, the only type with gradients; got ${got}`,
    );
  }
  return new Tensor(array, true);
}

/** Runs `body` without recording on the tape. Throws `TraceError` if it is async. */
export function noGrad<T>(body: () => T): T {
  checkFunction("noGrad", body);
  const before = recording;
  recording = false;
  try {
    const result = body();
    refuseAsync("noGrad", result);
    return result;
  } finally {
    recording = before;
  }
}

/** Returns the array of an op's input. Throws `DTypeError` if the input isn't a tensor. */
export function arrayOf(op: string, index: number, input: Tensor): GpuArray {
  return tensorOf(op, index, input).array;
}

/** Returns an op's input. Throws `DTypeError` if it isn't a tensor. */
export function tensorOf(op: string, index: number, input: unknown): Tensor {
  if (input instanceof Tensor) return input;
  throw new DTypeError(
    `${op}: input ${index} must be a Tensor; got ${show(input)}: ${tensorFor(input)}`,
  );
}

/** Returns what to write for a value that isn't a tensor. */
function tensorFor(value: unknown): string {
  // `x * 2` is NaN, and `x + 1` is a text, if x is a tensor.
  if (typeof value === "number" || (typeof value === "string" && value.startsWith("[object"))) {
    return "write mul(x, 2) and add(x, 1) for x * 2 and x + 1, and tensor(device, 2) for a number";
  }
  if (value === undefined)
    return "check its name; those of a parameterGroup are group.tensors.NAME";
  if (value instanceof GpuArray) return "wrap it in new Tensor";
  if (value instanceof Promise) return "await it first";
  return "make one of values with tensor(device, values)";
}

/** Returns the arrays of a composition's inputs. Checks under its name that they are f32 and on one device. */
export function arraysOf(op: string, inputs: readonly Tensor[]): readonly GpuArray[] {
  const arrays = inputs.map((input, index) => arrayOf(op, index, input));
  arrays.forEach((array, index) => checkArray(op, `input ${index}`, array, arrays[0]!));
  return arrays;
}

/** Applies an op to tensors, and records it if any input is tracked. */
export function apply<Inputs extends readonly GpuArray[], Attributes>(
  op: Op<Inputs, Attributes>,
  inputs: { readonly [I in keyof Inputs]: Tensor },
  arrays: Inputs,
  attributes: Attributes,
): Tensor {
  return record(op.name, inputs, op.apply(arrays, attributes));
}

/** Puts what an op recorded on the tape as one node, or as two: the computation and its epilogue. */
function record(name: string, inputs: readonly Tensor[], recorded: Recorded): Tensor {
  const { out, backward, takesEpilogueGradients, rows, groupsRows, epilogueGradient } = recorded;
  if (!recording || !inputs.some((input) => input?.tracked)) return new Tensor(out);
  made += 1;
  const computed = new Tensor(out, true, {
    name,
    inputs,
    backward,
    takesEpilogueGradients,
    rows,
    groupsRows,
    order: made,
    layer: placeNow().layer,
  });
  return epilogueGradient ? behindEpilogue(computed, epilogueGradient) : computed;
}

/**
 * Returns the tensor behind an epilogue. `computed` stands for the value before it: gradients flow to it, but its array
 * holds the result already.
 */
function behindEpilogue(computed: Tensor, epilogueGradient: EpilogueGradient): Tensor {
  made += 1;
  return new Tensor(computed.array, true, {
    name: "epilogue",
    inputs: [computed],
    backward: (dout) => [applyEpilogueGradient(dout, epilogueGradient)],
    takesEpilogueGradients: [],
    rows: undefined,
    groupsRows: false,
    epilogueGradient,
    order: made,
    layer: placeNow().layer,
  });
}

/** Views the tensor before the epilogue, and gives the epilogue's gradient the new shape: views commute with it. */
export function viewBefore(x: Tensor, view: (before: Tensor) => Tensor): Tensor {
  const { epilogueGradient, inputs } = x?.node ?? {};
  if (!epilogueGradient) return view(x);
  const before = view(inputs![0]!);
  return before.tracked
    ? behindEpilogue(before, { ...epilogueGradient, kept: before.array })
    : before;
}

/**
 * Returns `out` for the rows of `whole`, from `first` on, that `part` holds. All that was computed between them becomes
 * views, so that gradients flow from those rows alone to whatever `part` was made of. Throws `AttributeError` if an op
 * in between mixes rows, or takes groups of them that `part` cuts.
 */
export function onRows(out: Tensor, whole: Tensor, part: Tensor, first: number): Tensor {
  const known = new Map<Tensor, Tensor>([[whole, part]]);
  const count = part.shape[0]!;
  const visit = (tensor: Tensor): Tensor => {
    const found = known.get(tensor);
    if (found) return found;
    const { name, inputs, rows, epilogueGradient, layer } = tensor.node ?? {};
    const narrowed = inputs?.map(visit) ?? [];
    const changed = narrowed.map((input, index) => input !== inputs![index]);
    let result = tensor;
    if (changed.includes(true)) {
      if (epilogueGradient) {
        const partial = epilogueGradientRows(epilogueGradient, first, count);
        result = within({ layer }, () => behindEpilogue(narrowed[0]!, partial));
      } else if (rows && !changed.includes(true, 1)) {
        result = within({ layer }, () => record(name!, narrowed, rows(first, count)));
      } else {
        throw new AttributeError(`onRows: ${name} mixes rows; take rows before or after it`);
      }
    }
    known.set(tensor, result);
    return result;
  };
  return visit(out);
}

/**
 * Returns the first tensor on the way from `input` to `out`, if it is the only one that is made from `input` directly,
 * and if each row of `out` depends on the same row of `input` alone.
 */
export function entryOf(out: Tensor, input: Tensor): Tensor | undefined {
  const entries = new Set<Tensor>();
  const known = new Map<Tensor, boolean>([[input, true]]); // whether a tensor is made from the input
  let apart = true;
  const visit = (tensor: Tensor): boolean => {
    const found = known.get(tensor);
    if (found !== undefined) return found;
    const { inputs = [], rows, groupsRows, epilogueGradient } = tensor.node ?? {};
    const fromInput = inputs.map(visit);
    const leads = fromInput.includes(true);
    if (inputs.includes(input)) entries.add(tensor);
    const together = groupsRows || (!rows && !epilogueGradient) || fromInput.includes(true, 1);
    if (leads && together) apart = false;
    known.set(tensor, leads);
    return leads;
  };
  visit(out);
  return apart && entries.size === 1 ? [...entries][0] : undefined;
}
