// What a check of a GPU found, as data. A file of it can be read back, and is refused if it is anything else.
import { z } from "zod";
import { formatJson, parseJson } from "../checkpoint/json.ts";
import { limitsByName } from "../gpu/limits.ts";
import type { AdapterKind } from "../gpu/adapter-words.ts";

/** Which adapter was checked, by what. */
export interface About {
  /** Name and driver. */
  readonly adapter: string;
  readonly kind: AdapterKind;
  readonly vendor: string;
  readonly architecture: string;
  readonly description: string;
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
  /** The WebGPU implementation, and what it runs in. */
  readonly runtime: string;
  /** Longhand's version. */
  readonly longhand: string;
  /** The commit of the checkout; null if it isn't known. */
  readonly commit: string | null;
}

/** Returns what a check says about its adapter: the part that WebGPU knows, and what only the platform can tell. */
export function aboutAdapter(
  { info, features }: GPUAdapter,
  limits: GPUSupportedLimits,
  told: Pick<About, "adapter" | "kind" | "runtime" | "longhand" | "commit">,
): About {
  const { vendor, architecture, description } = info;
  return {
    ...told,
    vendor,
    architecture,
    description,
    features: [...features].toSorted(),
    limits: limitsByName(limits),
  };
}

/** A kernel that the op table launched. */
export interface CheckedKernel {
  /** Shader and entry point, as dispatches are labelled. */
  readonly label: string;
  /** The cases that launched it, and how many of them had a wrong answer. */
  readonly cases: number;
  readonly wrong: number;
}

/** A case with a wrong answer. */
export interface Fault {
  readonly op: string;
  readonly case: string;
  /** The variant that was asked for; null if the case's kernels have none. */
  readonly variant: string | null;
  /** What is wrong, in words. */
  readonly problem: string;
}

/** Which kernels have right answers. */
export interface Correctness {
  readonly cases: number;
  /** The cases that there was no time for. */
  readonly left: number;
  readonly kernels: readonly CheckedKernel[];
  readonly faults: readonly Fault[];
  /** The variants that runs don't use on this adapter, as `kernel.variant`. */
  readonly barred: readonly string[];
  /** Whether 16-bit activations have right answers; null if the adapter has none, or there was no time. */
  readonly f16: boolean | null;
}

/** What the adapter can do at best. */
export interface CheckedCeilings {
  /** Operations per second, a multiply-add as two. */
  readonly flops: number;
  /** The same for 16-bit floats; null if the adapter has none. */
  readonly halfFlops: number | null;
  /** Bytes per second, read and written. */
  readonly bandwidth: number;
  /** Bytes per second read from workgroup memory. */
  readonly sharedBandwidth: number;
  /** Barriers per second, over all workgroups. */
  readonly barriers: number;
  /** Seconds per launch of one small workgroup. */
  readonly launch: {
    readonly dependent: number;
    readonly oneBuffer: number;
    readonly ownBuffers: number;
  };
}

/** A kernel at one shape of a step, in each of its variants. */
export interface CheckedWorkload {
  readonly key: string;
  readonly flop: number;
  readonly timesPerStep: number;
  /** The variant that runs by default. */
  readonly standard: string;
  readonly variants: readonly {
    readonly variant: string;
    /** Milliseconds per launch; null if it wasn't timed. */
    readonly milliseconds: number | null;
    /** Why it isn't to be trusted, or wasn't timed. */
    readonly remark: string | null;
  }[];
}

/** A kernel of a step. */
export interface StepKernel {
  readonly label: string;
  readonly launches: number;
  readonly seconds: number;
  readonly flops: number;
  readonly bandwidth: number;
  /** The least time by the ceilings, divided by the time taken. */
  readonly ofCeiling: number;
}

/** A training step. */
export interface CheckedStep {
  readonly recipe: string;
  readonly batch: number;
  readonly dispatches: number;
  /** Multiply-adds that the step's products and convolutions need. */
  readonly multiplyAdds: number;
  readonly peakBytes: number;
  /** Seconds of a step in one pass and one submit: the median. */
  readonly seconds: number;
  readonly fastest: number;
  readonly slowest: number;
  /** Each timed by itself, the longest first. */
  readonly kernels: readonly StepKernel[];
}

/** All that a check found. */
export interface GpuCheck {
  readonly format: 1;
  readonly date: string;
  readonly about: About;
  /** Seconds that the check took. */
  readonly seconds: number;
  readonly correctness: Correctness;
  /** Null if there was no time for it. */
  readonly ceilings: CheckedCeilings | null;
  readonly workloads: readonly CheckedWorkload[];
  readonly steps: readonly CheckedStep[];
}

const schema: z.ZodType<GpuCheck> = z.object({
  format: z.literal(1),
  date: z.string(),
  about: z.object({
    adapter: z.string(),
    kind: z.enum(["gpu", "software", "swiftshader", "null"]),
    vendor: z.string(),
    architecture: z.string(),
    description: z.string(),
    features: z.array(z.string()),
    limits: z.record(z.string(), z.number()),
    runtime: z.string(),
    longhand: z.string(),
    commit: z.string().nullable(),
  }),
  seconds: z.number(),
  correctness: z.object({
    cases: z.int(),
    left: z.int(),
    kernels: z.array(z.object({ label: z.string(), cases: z.int(), wrong: z.int() })),
    faults: z.array(
      z.object({
        op: z.string(),
        case: z.string(),
        variant: z.string().nullable(),
        problem: z.string(),
      }),
    ),
    barred: z.array(z.string()),
    f16: z.boolean().nullable(),
  }),
  ceilings: z
    .object({
      flops: z.number(),
      halfFlops: z.number().nullable(),
      bandwidth: z.number(),
      sharedBandwidth: z.number(),
      barriers: z.number(),
      launch: z.object({ dependent: z.number(), oneBuffer: z.number(), ownBuffers: z.number() }),
    })
    .nullable(),
  workloads: z.array(
    z.object({
      key: z.string(),
      flop: z.number(),
      timesPerStep: z.int(),
      standard: z.string(),
      variants: z.array(
        z.object({
          variant: z.string(),
          milliseconds: z.number().nullable(),
          remark: z.string().nullable(),
        }),
      ),
    }),
  ),
  steps: z.array(
    z.object({
      recipe: z.string(),
      batch: z.int(),
      dispatches: z.int(),
      multiplyAdds: z.number(),
      peakBytes: z.number(),
      seconds: z.number(),
      fastest: z.number(),
      slowest: z.number(),
      kernels: z.array(
        z.object({
          label: z.string(),
          launches: z.int(),
          seconds: z.number(),
          flops: z.number(),
          bandwidth: z.number(),
          ofCeiling: z.number(),
        }),
      ),
    }),
  ),
});

const MAX_BYTES = 2 ** 22;

/** Returns the text of `gpu-check.json`. */
export function formatCheck(check: GpuCheck): string {
  return `${formatJson(check, 2)}\n`;
}

/** Reads what `formatCheck` wrote. Throws `CheckpointError` naming `where` if it is anything else. */
export function parseCheck(bytes: Uint8Array, where: string): GpuCheck {
  return parseJson(schema, bytes, where, MAX_BYTES);
}
