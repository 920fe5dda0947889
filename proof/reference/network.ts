// A network's parameters by name: their gradients from a tape, and Adam for all of them.
import { type AdamOptions, adamStep } from "./adam.ts";
import { type Ref, zeros } from "./array.ts";
import { gradients, type Node } from "./tape.ts";

/** One array for each parameter of a network. */
export type NamedRefs<Name extends string> = Readonly<Record<Name, Ref>>;

/** A network's parameters with Adam's moments. */
export interface NetworkState<Name extends string> {
  readonly weights: NamedRefs<Name>;
  readonly m: NamedRefs<Name>;
  readonly v: NamedRefs<Name>;
}

/** Builds a record with one value for each name. */
export function mapNames<Name extends string, Value>(
  names: readonly Name[],
  make: (name: Name) => Value,
): Record<Name, Value> {
  const record: Partial<Record<Name, Value>> = {};
  for (const name of names) record[name] = make(name);
  return record as Record<Name, Value>; // every name has its value now
}

/** The gradients of a loss by a record of parameters. */
export function gradientsByName<Name extends string>(
  names: readonly Name[],
  loss: Node,
  parameters: Readonly<Record<Name, Node>>,
): Record<Name, Ref> {
  const grads = gradients(
    loss,
    names.map((name) => parameters[name]),
  );
  return mapNames(names, (name) => grads[names.indexOf(name)]!);
}

/** A network before its first step: Adam's moments are 0. */
export function fresh<Name extends string>(
  names: readonly Name[],
  weights: NamedRefs<Name>,
): NetworkState<Name> {
  const moments = (): Record<Name, Ref> => mapNames(names, (name) => zeros(weights[name].shape));
  return { weights, m: moments(), v: moments() };
}

/** Adam's t-th step for every parameter of a network. */
export function update<Name extends string>(
  names: readonly Name[],
  state: NetworkState<Name>,
  grads: NamedRefs<Name>,
  t: number,
  options: AdamOptions,
): NetworkState<Name> {
  const slots = mapNames(names, (name) => {
    const slot = { x: state.weights[name], m: state.m[name], v: state.v[name] };
    return adamStep(slot, grads[name], t, options);
  });
  return {
    weights: mapNames(names, (name) => slots[name].x),
    m: mapNames(names, (name) => slots[name].m),
    v: mapNames(names, (name) => slots[name].v),
  };
}
