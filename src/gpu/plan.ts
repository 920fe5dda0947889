// Plans a trace: which dispatches are dead, how long each temporary lives, and which buffers temporaries share.
import { locate, type GpuArray, type Storage } from "./array.ts";
import type { Dispatch, HostCall, Trace } from "./dispatch.ts";
import { sizeClass } from "./pool.ts";

/** A temporary, with the indices into `Plan.dispatches` of its first and last use. */
export interface Lifetime {
  readonly storage: Storage;
  readonly first: number;
  readonly last: number;
  /** The index into `Plan.slots`. */
  slot: number;
}

/** What a program does in each run, and in how much memory. */
export interface Plan {
  readonly dispatches: readonly Dispatch[];
  /** What the host does in between, in order; `before` counts the plan's dispatches. */
  readonly hostCalls: readonly HostCall[];
  readonly dropped: number;
  readonly lifetimes: readonly Lifetime[];
  /** Bytes of each buffer that temporaries share. */
  readonly slots: readonly number[];
  /** Temporaries that are outputs; each has a buffer of its own. */
  readonly outputs: readonly Storage[];
}

/** How temporaries get their buffers. */
export interface PlanOptions {
  /** Whether temporaries whose lifetimes don't overlap share buffers. */
  readonly share: boolean;
  /** The sizes of buffers that already exist. */
  readonly available: readonly number[];
  /** The device's `maxBufferSize`. */
  readonly mostBytes: number;
}

const rootOf = (array: GpuArray): Storage => locate(array.storage, 0).root;

/**
 * Plans a trace. The roots are the outputs and every write to an array that the trace didn't make. A dispatch that
 * reaches no root is dropped. Without `share`, each temporary has its own slot. Buffers that already exist are the
 * first slots.
 */
export function planTrace(trace: Trace, outputs: readonly GpuArray[], options: PlanOptions): Plan {
  const temporaries = trace.temporaries;
  const outputRoots = new Set(outputs.map(rootOf).filter((root) => temporaries.has(root)));
  const needed = new Set<Storage>(outputRoots);
  for (const { work } of trace.hostCalls) {
    for (const { array } of work.read ?? []) needed.add(rootOf(array));
  }
  const live: Dispatch[] = [];
  for (const dispatch of trace.dispatches.toReversed()) {
    const writes = dispatch.bindings.filter(({ access }) => access === "read_write");
    const reachesRoot = writes.some(({ array }) => {
      const root = rootOf(array);
      return needed.has(root) || !temporaries.has(root);
    });
    if (!reachesRoot) continue;
    live.push(dispatch);
    for (const { array } of dispatch.bindings) needed.add(rootOf(array));
  }
  live.reverse();

  const hostCalls = inPlan(trace.hostCalls, trace.dispatches, new Set(live));
  const uses = new Map<Storage, Lifetime>();
  const use = (array: GpuArray, index: number): void => {
    const storage = rootOf(array);
    if (!temporaries.has(storage) || outputRoots.has(storage)) return;
    const { first, last } = uses.get(storage) ?? { first: index, last: index };
    const widened = { first: Math.min(first, index), last: Math.max(last, index) };
    uses.set(storage, { storage, ...widened, slot: -1 });
  };
  live.forEach((dispatch, index) => {
    for (const { array } of dispatch.bindings) use(array, index);
  });
  for (const { before, work } of hostCalls) {
    // The host reads after the dispatch in front of it has run, and writes before the next one runs.
    for (const { array } of work.read ?? []) use(array, before - 1);
    for (const { array } of work.write ?? []) use(array, before);
  }
  const lifetimes = [...uses.values()];
  return {
    dispatches: live,
    hostCalls,
    dropped: trace.dispatches.length - live.length,
    lifetimes,
    slots: assignSlots(lifetimes, options),
    outputs: [...outputRoots],
  };
}

/** Returns the host's calls with their places among the dispatches that are left. */
function inPlan(
  calls: readonly HostCall[],
  all: readonly Dispatch[],
  live: ReadonlySet<Dispatch>,
): readonly HostCall[] {
  return calls.map((call) => ({
    ...call,
    before: all.slice(0, call.before).filter((dispatch) => live.has(dispatch)).length,
  }));
}

/**
 * Assigns slots greedily by size: the largest temporaries choose first, and each takes the smallest sufficient slot
 * that is free for its whole lifetime. Two temporaries of one dispatch overlap, so no slot is bound twice in a
 * dispatch.
 */
function assignSlots(lifetimes: readonly Lifetime[], options: PlanOptions): readonly number[] {
  const slots = options.share ? [...options.available] : [];
  const tenants: Lifetime[][] = slots.map(() => []);
  const bySize = lifetimes.toSorted(
    (a, b) => b.storage.bytes - a.storage.bytes || a.first - b.first,
  );
  for (const lifetime of bySize) {
    const { bytes } = lifetime.storage;
    let best = -1;
    for (let slot = 0; options.share && slot < slots.length; slot += 1) {
      const fits = slots[slot]! >= bytes && (best < 0 || slots[slot]! < slots[best]!);
      const free = tenants[slot]!.every((t) => t.last < lifetime.first || t.first > lifetime.last);
      if (fits && free) best = slot;
    }
    if (best < 0) best = slots.push(sizeClass(bytes, options.mostBytes)) - 1;
    (tenants[best] ??= []).push(lifetime);
    lifetime.slot = best;
  }
  return slots;
}
