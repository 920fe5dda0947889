// What a launch is, before and after it is recorded, and which buffers one may bind together.
import { locate, type GpuArray, type Storage } from "./array.ts";
import { GpuError } from "./errors.ts";
import type { PipelineEntry } from "./pipelines.ts";
import type { Constant } from "./shader.ts";

/** What a kernel's launcher asks for. `bind` goes by the names of the shader's variables. */
export interface Launch {
  /** Path below `shaders/`, without `.wgsl`. */
  readonly shader: string;
  readonly entry: string;
  readonly constants: Readonly<Record<string, Constant>>;
  readonly bind: Readonly<Record<string, GpuArray>>;
  readonly workgroups: readonly [number, number, number];
  /** Floating-point operations, for plans and profiles; a multiply-add counts as two. */
  readonly flop?: number;
  /**
   * Of products and convolutions: the operations that their tiles do, what lies past a matrix's edge
   * included, and without the padding that a kernel skips. Counted where somebody asks.
   */
  readonly done?: () => number;
  /** Bytes that it reads, where that isn't all of each array it binds to read. */
  readonly bytesRead?: number;
}

/** One array as one dispatch uses it. */
export interface Binding {
  readonly binding: number;
  readonly access: "read" | "read_write";
  readonly array: GpuArray;
}

/** A recorded launch: what a trace keeps, and what the eager recorder runs at once. */
export interface Dispatch {
  readonly label: string;
  readonly pipeline: PipelineEntry;
  readonly bindings: readonly Binding[];
  readonly workgroups: readonly [number, number, number];
  readonly flop: number;
  readonly done: Launch["done"];
  readonly bytesRead: number | undefined;
}

/** Collects dispatches instead of running them, and the temporaries made meanwhile. */
export interface Trace {
  readonly label: string;
  readonly dispatches: Dispatch[];
  readonly temporaries: Set<Storage>;
  /** What is still to be launched once the traced function has returned, by what it is for. */
  readonly last: Map<object, () => void>;
}

/**
 * WebGPU takes no buffer both to read and to write in one dispatch; its own words name no dispatch.
 * Throws `GpuError`.
 */
export function refuseAliases(label: string, bindings: readonly Binding[]): void {
  const roots = (access: Binding["access"]): Storage[] =>
    bindings
      .filter((binding) => binding.access === access)
      .map(({ array }) => locate(array.storage, 0).root);
  const written = new Set(roots("read_write"));
  const both = roots("read").find((root) => written.has(root));
  if (both) {
    throw new GpuError(`${label}: reads and writes ${both.label} at once; write to another array`);
  }
}

/** Whether a dispatch reads one and writes the other: in one buffer, WebGPU refuses that. */
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
