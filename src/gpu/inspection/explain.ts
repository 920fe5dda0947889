// A program's plan as data and as a table: what each dispatch reads, writes and costs, which buffer holds its result
// and how long, and the totals of the step.
import { exactBytes, formatShape, locate, type GpuArray, type Storage } from "../array.ts";
import type { Dispatch } from "../dispatch.ts";
import type { Plan } from "../plan.ts";
import { textTable } from "../text-table.ts";

/** An array that a dispatch writes, and where it is stored. */
export interface ExplainedResult {
  readonly shape: readonly number[];
  /** A buffer that temporaries share, such as `#3` for the fourth, or the label of an output or of state. */
  readonly buffer: string;
  /** The last dispatch that uses a temporary, after which its buffer is free. Undefined for outputs and state. */
  readonly freedAfter: number | undefined;
}

/** One dispatch of a plan. */
export interface ExplainedDispatch {
  readonly index: number;
  /** Shader and entry point, such as `conv2d-forward.tiled`. */
  readonly label: string;
  readonly results: readonly ExplainedResult[];
  /** Shapes of the arrays that it only reads, each once. */
  readonly inputs: readonly (readonly number[])[];
  readonly workgroups: readonly [number, number, number];
  /** Floating-point operations that the result needs; a multiply-add counts as two. 0 if they aren't counted. */
  readonly flop: number;
  /** For products and convolutions: the operations that their tiles do; else undefined. */
  readonly done: number | undefined;
  /** Bytes of the arrays that it reads, each counted once. */
  readonly bytesRead: number;
  /** Bytes of the arrays that it writes, each counted once. */
  readonly bytesWritten: number;
}

/** A plan in figures. */
export interface Explanation {
  readonly label: string;
  readonly dispatches: readonly ExplainedDispatch[];
  /** How many traced dispatches were dropped because they reach no output and no state. */
  readonly dropped: number;
  readonly temporaries: number;
  /** How many buffers the temporaries share. */
  readonly buffers: number;
  readonly flop: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Multiply-adds of products and convolutions: those needed, including taps in the padding, and those done. */
  readonly multiplyAdds: { readonly needed: number; readonly done: number };
  /** Bytes of the buffers that the program keeps: captured arrays, temporaries, outputs. */
  readonly peak: {
    readonly state: number;
    readonly temporaries: number;
    readonly outputs: number;
    readonly total: number;
  };
}

/** What a program knows in addition to its plan. */
export interface PlanBytes {
  /** Bytes of the captured arrays' buffers. */
  readonly state: number;
  /** Bytes of the temporaries' buffers. */
  readonly temporaries: number;
}

const sum = (values: readonly number[]): number => values.reduce((total, each) => total + each, 0);

/** Returns where an array starts. Two arrays of a dispatch at one place are one, bound for loads of two widths. */
function placeOf(array: GpuArray, places: Map<Storage, number>): string {
  const { root, byteOffset } = locate(array.storage, array.byteOffset);
  if (!places.has(root)) places.set(root, places.size);
  return `${places.get(root)}+${byteOffset}`;
}

function explainDispatch(dispatch: Dispatch, index: number, plan: Plan): ExplainedDispatch {
  const places = new Map<Storage, number>();
  const read = new Map<string, GpuArray>();
  const written = new Map<string, GpuArray>();
  dispatch.bindings.forEach(({ array, access }, i) => {
    const place = placeOf(array, places);
    if (access === "read_write") written.set(place, array);
    if (dispatch.pipeline.bindings[i]!.read) read.set(place, array);
  });
  const bytes = (arrays: Iterable<GpuArray>): number =>
    sum([...arrays].map(({ shape, dtype }) => exactBytes(shape, dtype)));
  return {
    index,
    label: dispatch.label,
    results: [...written.values()].map((array) => {
      const { root } = locate(array.storage, 0);
      const life = plan.lifetimes.find(({ storage }) => storage === root);
      const buffer = life ? `#${life.slot}` : root.label;
      return { shape: array.shape, buffer, freedAfter: life?.last };
    }),
    inputs: [...read].filter(([place]) => !written.has(place)).map(([, { shape }]) => shape),
    workgroups: dispatch.workgroups,
    flop: dispatch.flop,
    done: dispatch.done?.(),
    bytesRead: dispatch.bytesRead ?? bytes(read.values()),
    bytesWritten: bytes(written.values()),
  };
}

/** Returns the figures of a plan: each dispatch's, and their sums. */
export function explainPlan(label: string, plan: Plan, bytes: PlanBytes): Explanation {
  const dispatches = plan.dispatches.map((dispatch, index) =>
    explainDispatch(dispatch, index, plan),
  );
  const products = dispatches.filter(({ done }) => done !== undefined);
  const outputs = sum(plan.outputs.map((storage) => storage.bytes));
  return {
    label,
    dispatches,
    dropped: plan.dropped,
    temporaries: plan.lifetimes.length,
    buffers: new Set(plan.lifetimes.map(({ slot }) => slot)).size,
    flop: sum(dispatches.map(({ flop }) => flop)),
    bytesRead: sum(dispatches.map(({ bytesRead }) => bytesRead)),
    bytesWritten: sum(dispatches.map(({ bytesWritten }) => bytesWritten)),
    multiplyAdds: {
      needed: sum(products.map(({ flop }) => flop / 2)),
      done: sum(products.map(({ done }) => done! / 2)),
    },
    peak: { ...bytes, outputs, total: bytes.state + bytes.temporaries + outputs },
  };
}

const millions = (count: number, digits: number): string => (count / 1e6).toFixed(digits);

function summary(explanation: Explanation): readonly string[] {
  const { dispatches, peak, multiplyAdds } = explanation;
  const { needed, done } = multiplyAdds;
  const traffic = `${millions(explanation.bytesRead, 1)} MB read, ${millions(explanation.bytesWritten, 1)} MB written`;
  return [
    `${explanation.label}: ${dispatches.length} dispatches (${explanation.dropped} dropped), ${millions(explanation.flop, 1)} MFLOP, ${traffic}`,
    `Multiply-adds of products and convolutions: ${millions(needed, 1)} M needed, ${millions(done, 1)} M done: ${(needed > 0 ? done / needed : 1).toFixed(3)} of what is needed`,
    `Peak ${millions(peak.total, 1)} MB: state ${millions(peak.state, 1)}, ${explanation.temporaries} temporaries in ${explanation.buffers} buffers ${millions(peak.temporaries, 1)}, outputs ${millions(peak.outputs, 1)}`,
  ];
}

/**
 * Returns the plan for a terminal: one line per dispatch, then the sums. `done` is the ratio of the operations that a
 * kernel does to those that its result needs. `buffer` is where the result is stored (`#n`: shared by temporaries), and
 * `free` is the dispatch after which that buffer is free again.
 */
export function explanationTable(explanation: Explanation): string {
  const columns = [
    { title: "", numeric: true },
    { title: "dispatch" },
    { title: "result" },
    { title: "from" },
    { title: "workgroups" },
    { title: "MFLOP", numeric: true },
    { title: "done", numeric: true },
    { title: "read MB", numeric: true },
    { title: "written", numeric: true },
    { title: "buffer" },
    { title: "free", numeric: true },
  ];
  const rows = explanation.dispatches.map((each) => [
    String(each.index),
    each.label,
    each.results.map(({ shape }) => formatShape(shape)).join(" "),
    each.inputs.map(formatShape).join(" "),
    each.workgroups.join("×"),
    each.flop > 0 ? millions(each.flop, 2) : "–",
    each.done === undefined || each.flop === 0 ? "" : (each.done / each.flop).toFixed(2),
    millions(each.bytesRead, 3),
    millions(each.bytesWritten, 3),
    each.results.map(({ buffer }) => buffer).join(" "),
    each.results
      .flatMap(({ freedAfter }) => (freedAfter === undefined ? [] : [String(freedAfter)]))
      .join(" "),
  ]);
  return [...textTable(columns, rows), "", ...summary(explanation)].join("\n");
}
