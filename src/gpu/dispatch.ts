// Launches, before and after they are recorded, and which buffers one may bind together.
import { locate, type GpuArray, type Storage } from "./array.ts";
import { GpuError } from "./errors.ts";
import type { PipelineEntry } from "./pipelines.ts";
import type { Place } from "./place.ts";
import type { Constant } from "./shader.ts";

/** What a kernel's launcher asks for. The keys of `bind` are the names of the shader's variables. */
export interface Launch {
  /** Path below `shaders/`, without `.wgsl`. */
  readonly shader: string;
  readonly entry: string;
  /** The name in errors and profiles, if one entry point is several variants. Default: shader and entry point. */
  readonly label?: string;
  readonly constants: Readonly<Record<string, Constant>>;
  readonly bind: Readonly<Record<string, GpuArray>>;
  readonly workgroups: readonly [number, number, number];
  /** Floating-point operations, for plans and profiles; a multiply-add counts as two. */
  readonly flop?: number;
  /**
   * For products and convolutions: returns the operations that their tiles do, including those past a matrix's edge and
   * without the padding that the kernel skips. It is a function because it is only counted on demand.
   */
  readonly done?: () => number;
  /** Bytes read, if it doesn't read all of each array that it binds for reading. */
  readonly bytesRead?: number;
}

/** An array as a dispatch uses it. */
export interface Binding {
  readonly binding: number;
  readonly access: "read" | "read_write";
  readonly array: GpuArray;
}

/** A recorded launch: a trace keeps it, and the eager recorder encodes it immediately. */
export interface Dispatch {
  readonly label: string;
  readonly pipeline: PipelineEntry;
  readonly bindings: readonly Binding[];
  readonly workgroups: readonly [number, number, number];
  readonly flop: number;
  readonly done: Launch["done"];
  readonly bytesRead: number | undefined;
  readonly place: Place;
}

/**
 * What the host does between a program's launches, such as an exchange with other processes. Arrays are f32, or f16 if
 * they are only read.
 */
export interface HostWork {
  /** Arrays that are copied to the host before `run`, and the memory that receives them at each run. */
  readonly read?: readonly { readonly array: GpuArray; readonly into: HostFloats }[];
  /** Arrays that get new values after `run`, and the memory that holds them. If there are none, launches don't wait. */
  readonly write?: readonly { readonly array: GpuArray; readonly from: HostFloats }[];
  readonly run: () => Promise<void> | void;
}

/** Memory of the host that belongs to one program and is reused at each run. */
export type HostFloats = Float32Array<ArrayBuffer>;

/** Work of the host as a trace has it: before dispatch number `before`. */
export interface HostCall {
  readonly label: string;
  readonly before: number;
  readonly work: HostWork;
}

/** Collects dispatches instead of running them, and the temporaries made meanwhile. */
export interface Trace {
  readonly label: string;
  readonly dispatches: Dispatch[];
  readonly hostCalls: HostCall[];
  readonly temporaries: Set<Storage>;
  /** What to launch after the traced function has returned, by subject. */
  readonly last: Map<object, () => void>;
}

/** Returns a trace that holds nothing yet. */
export const newTrace = (label: string): Trace => ({
  label,
  dispatches: [],
  hostCalls: [],
  temporaries: new Set(),
  last: new Map(),
});

/**
 * Throws `GpuError` if a dispatch binds one buffer both to read and to write. WebGPU refuses that too, but its message
 * doesn't name the dispatch.
 */
export function refuseAliases(label: string, bindings: readonly Binding[]): void {
  const roots = (access: Binding["access"]): Storage[] =>
    bindings
      .filter((binding) => binding.access === access)
      .map(({ array }) => locate(array.storage, 0).root);
  const written = new Set(roots("read_write"));
  const both = roots("read").find((root) => written.has(root));
  if (both) {
    throw new GpuError(
      `${label}: must not both read and write ${both.label}; write to another array`,
    );
  }
}

/** Whether a dispatch reads one of two arrays and writes the other. In one buffer, WebGPU refuses that. */
export function conflicts(trace: Trace, storage: Storage, slot: GpuArray): boolean {
  const arena = locate(slot.storage, 0).root;
  return trace.dispatches.some(({ bindings }) => {
    const uses = (match: (found: Storage) => boolean): Set<string> =>
      new Set(
        bindings
          .filter(({ array }) => match(locate(array.storage, 0).root))
          .map(({ access }) => access),
      );
    const inside = uses((found) => found === arena);
    const mine = uses((found) => found === storage);
    return inside.size > 0 && mine.size > 0 && new Set([...inside, ...mine]).size > 1;
  });
}
