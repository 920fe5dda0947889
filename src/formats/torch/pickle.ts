// Reads the pickle of a PyTorch state dict without running anything: the opcodes that a dictionary of tensors needs, and
// of the functions that it calls only those that rebuild tensors. All else is refused by name. Written here because
// parsers of any pickle build any object that a file asks for.
import { quote } from "../../gpu/foreign-text.ts";
import type { Refuse } from "../stored-zip.ts";

/** A storage that a pickle names: its class, such as `FloatStorage`, its key, and its number of elements. */
export interface StorageRef {
  readonly kind: "storage";
  readonly type: string;
  readonly key: string;
  readonly size: number;
}

/** A tensor in a pickle: a view of a storage. */
export interface TensorRef {
  readonly kind: "tensor";
  readonly storage: StorageRef;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

interface Global {
  readonly kind: "global";
  readonly name: string;
}

type Value =
  | string
  | number
  | boolean
  | null
  | Value[]
  | Dictionary
  | Global
  | StorageRef
  | TensorRef;

interface Dictionary {
  readonly kind: "dictionary";
  readonly entries: Map<Value, Value>;
}

const MOST_STEPS = 50_000; // a state dict takes about thirty per tensor
const MOST_AXES = 8;
const STORAGE = /^torch (\w+Storage)$/;
const DICTIONARY = "collections OrderedDict";
const TENSOR = "torch._utils _rebuild_tensor_v2";
const PARAMETER = "torch._utils _rebuild_parameter";
const AS_STATE_DICT = "save the state dict alone: torch.save(model.state_dict(), path)";

/** Returns the tensors of a pickled state dict by name. `refuse` throws on anything else. */
export function unpickleTensors(bytes: Uint8Array, refuse: Refuse): ReadonlyMap<string, TensorRef> {
  const top = unpickle(bytes, refuse);
  if (!isKind(top, "dictionary")) return refuse(`holds no dictionary; ${AS_STATE_DICT}`);
  const tensors = new Map<string, TensorRef>();
  for (const [name, value] of top.entries) {
    if (typeof name !== "string") return refuse(`holds a key that is no name; ${AS_STATE_DICT}`);
    if (!isKind(value, "tensor")) {
      return refuse(`holds ${quote(name)}, which is no tensor; ${AS_STATE_DICT}`);
    }
    tensors.set(name, value);
  }
  return tensors;
}

function isKind<K extends "dictionary" | "global" | "storage" | "tensor">(
  value: Value | undefined,
  kind: K,
): value is Extract<Value, { readonly kind: K }> {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === kind;
}

const MARK: unique symbol = Symbol("mark");

function unpickle(bytes: Uint8Array, refuse: Refuse): Value {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const stack: (Value | typeof MARK)[] = [];
  const memo = new Map<number, Value>();
  let at = 0;
  const cut = (): never => refuse("its pickle is cut, or damaged");
  const skip = (count: number): number => {
    const from = at;
    at += count;
    return at <= bytes.length ? from : cut();
  };
  const text = (length: number): string => {
    const from = skip(length);
    return new TextDecoder().decode(bytes.subarray(from, from + length));
  };
  const line = (): string => {
    const end = bytes.indexOf(0x0a, at);
    if (end < 0) return cut();
    const found = text(end - at);
    at = end + 1;
    return found;
  };
  const pop = (): Value => {
    const value = stack.pop();
    return value === undefined || value === MARK ? cut() : value;
  };
  const top = (): Value => {
    const value = stack.at(-1);
    return value === undefined || value === MARK ? cut() : value;
  };
  const toMark = (): Value[] => {
    const from = stack.lastIndexOf(MARK);
    if (from < 0) return cut();
    return stack.splice(from).slice(1) as Value[]; // no other mark lies above the last
  };
  const several = (count: number): Value[] => Array.from({ length: count }, pop).toReversed();
  const put = (values: readonly Value[]): void => {
    const into = top();
    if (!isKind(into, "dictionary") || values.length % 2 !== 0) return cut();
    for (let i = 0; i < values.length; i += 2) into.entries.set(values[i]!, values[i + 1]!);
  };
  const append = (values: readonly Value[]): void => {
    const into = top();
    if (!Array.isArray(into)) return cut();
    into.push(...values);
  };
  const steps: Readonly<Record<number, () => unknown>> = {
    0x80: () => skip(1), // PROTO
    0x95: () => skip(8), // FRAME
    0x28: () => stack.push(MARK),
    0x7d: () => stack.push({ kind: "dictionary", entries: new Map() }),
    0x5d: () => stack.push([]),
    0x29: () => stack.push([]),
    0x4e: () => stack.push(null),
    0x88: () => stack.push(true),
    0x89: () => stack.push(false),
    0x4b: () => stack.push(view.getUint8(skip(1))),
    0x4d: () => stack.push(view.getUint16(skip(2), true)),
    0x4a: () => stack.push(view.getInt32(skip(4), true)),
    0x8a: () => stack.push(longOf(bytes, view.getUint8(skip(1)), skip)), // LONG1
    0x47: () => stack.push(view.getFloat64(skip(8))),
    0x58: () => stack.push(text(view.getUint32(skip(4), true))),
    0x8c: () => stack.push(text(view.getUint8(skip(1)))),
    0x63: () => stack.push(globalOf(line(), line(), refuse)),
    0x93: () => stack.push(globalOf(...(several(2) as [Value, Value]), refuse)),
    0x71: () => memo.set(view.getUint8(skip(1)), top()),
    0x72: () => memo.set(view.getUint32(skip(4), true), top()),
    0x94: () => memo.set(memo.size, top()),
    0x68: () => stack.push(memo.get(view.getUint8(skip(1))) ?? cut()),
    0x6a: () => stack.push(memo.get(view.getUint32(skip(4), true)) ?? cut()),
    0x85: () => stack.push(several(1)),
    0x86: () => stack.push(several(2)),
    0x87: () => stack.push(several(3)),
    0x74: () => stack.push(toMark()),
    0x73: () => put(several(2)),
    0x75: () => put(toMark()),
    0x61: () => append(several(1)),
    0x65: () => append(toMark()),
    0x51: () => stack.push(storageOf(pop(), refuse)), // BINPERSID
    0x52: () => stack.push(called(...(several(2) as [Value, Value]), refuse)), // REDUCE
    0x62: () => isKind((pop(), top()), "dictionary") || cut(), // BUILD: a state dict's versions
  };
  for (let step = 0; step < MOST_STEPS; step += 1) {
    const op = view.getUint8(skip(1));
    if (op === 0x2e) return pop();
    const run = steps[op] ?? refuse(`its pickle has an opcode ${op}, which no state dict needs`);
    run();
  }
  return refuse(
    `its pickle takes more than ${MOST_STEPS} steps; a state dict takes a few thousand`,
  );
}

/** Reads a whole number of up to six bytes: sizes. */
function longOf(bytes: Uint8Array, length: number, skip: (count: number) => number): number {
  const from = skip(length);
  let value = 0;
  for (let i = length - 1; i >= 0; i -= 1) value = value * 256 + bytes[from + i]!;
  return length <= 6 ? value : NaN;
}

function globalOf(module: Value, name: Value, refuse: Refuse): Global {
  const full = `${String(module)} ${String(name)}`;
  if ([DICTIONARY, TENSOR, PARAMETER].includes(full) || STORAGE.test(full)) {
    return { kind: "global", name: full };
  }
  return refuse(`calls ${quote(full.replace(" ", "."))}; only tensors are read; ${AS_STATE_DICT}`);
}

const isSize = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0;

function storageOf(id: Value, refuse: Refuse): StorageRef {
  const [word, type, key, , size] = Array.isArray(id) ? id : [];
  const name = isKind(type, "global") ? STORAGE.exec(type.name)?.[1] : undefined;
  if (word === "storage" && name !== undefined && typeof key === "string" && isSize(size)) {
    return { kind: "storage", type: name, key, size };
  }
  return refuse("names a storage in a way that PyTorch doesn't");
}

function called(callee: Value, given: Value, refuse: Refuse): Value {
  const name = isKind(callee, "global") ? callee.name : "";
  if (name === DICTIONARY) return { kind: "dictionary", entries: new Map() };
  const [first, offset, shape, strides] = Array.isArray(given) ? given : [];
  if (name === PARAMETER && isKind(first, "tensor")) return first;
  const isShape = (value: Value | undefined): value is number[] =>
    Array.isArray(value) && value.length <= MOST_AXES && value.every(isSize);
  if (
    name === TENSOR &&
    isKind(first, "storage") &&
    isSize(offset) &&
    isShape(shape) &&
    isShape(strides) &&
    shape.length === strides.length
  ) {
    return { kind: "tensor", storage: first, offset, shape, strides };
  }
  return refuse("rebuilds a tensor in a way that PyTorch doesn't");
}
