// Measures the heavy kernels in every variant that an adapter runs, at the full dcgan's shapes.
import { kernelChoices, VARIANTS, type Variant } from "../src/kernels/variant.ts";
import { repeated, repetitions, type Repeated } from "../src/gpu/inspection/repeat.ts";
import type { GpuArray } from "../src/gpu/array.ts";
import type { Device } from "../src/gpu/device.ts";
import type { Dispatch } from "../src/gpu/dispatch.ts";
import { convolve, dataGradient } from "../src/kernels/conv2d.ts";
import { weightGradient } from "../src/kernels/conv2d-weight-gradient.ts";
import { convolutionGeometry } from "../src/kernels/conv2d-geometry.ts";
import { multiply } from "../src/kernels/matmul.ts";
import { createRng, uniform } from "../src/kernels/random.ts";

/** One kernel at one shape. */
interface Workload {
  readonly name: string;
  /** The kernel's key in `kernelChoices(device).forced`. */
  readonly kernel: string;
  readonly launch: () => GpuArray;
}

/** The measurement of one variant at one shape. */
export interface KernelTiming {
  readonly name: string;
  readonly variant: Variant;
  /** Whether this variant runs by default. */
  readonly chosen: boolean;
  readonly flop: number;
  /** Median milliseconds per launch, and those of the fastest and slowest round. */
  readonly milliseconds: number;
  readonly range: readonly [number, number];
  /** 10⁹ floating-point operations per second at the median. */
  readonly gigaflops: number;
}

function workloads(device: Device, batch: number): Workload[] {
  const rng = createRng(device, 1);
  const noise = (...shape: number[]): GpuArray => uniform(rng, shape, -1, 1);
  const product = (m: number, k: number, n: number): Workload => {
    const [a, b] = [noise(m, k), noise(k, n)];
    const name = `matmul (${m}, ${k}) · (${k}, ${n})`;
    return { name, kernel: "matmul", launch: () => multiply(a, b) };
  };
  /** Returns all three kernels of a convolution; if it is transposed, under the names that they have there. */
  const convolution = (
    size: number,
    channels: number,
    filters: number,
    strides: number,
    transposed: boolean,
  ): Workload[] => {
    const shape = [5, 5, channels, filters];
    const attributes = { strides, padding: "same" } as const;
    const geometry = convolutionGeometry([batch, size, size, channels], shape, attributes);
    const small = size / strides;
    const x = noise(batch, size, size, channels);
    const y = noise(batch, small, small, filters);
    const filter = noise(...shape);
    const [from, to] = [`${size}²×${channels}`, `${small}²×${filters}`];
    const title = transposed ? `convTranspose2d ${to} → ${from}` : `conv2d ${from} → ${to}`;
    const [out, back] = transposed ? ["data gradient", "forward"] : ["forward", "data gradient"];
    const named = (what: string, kernel: string, launch: () => GpuArray): Workload => ({
      name: `${title}, ${what}`,
      kernel: `conv2d-${kernel}`,
      launch,
    });
    return [
      named(out!, "forward", () => convolve(x, filter, geometry)),
      named(back!, "data-gradient", () => dataGradient(y, filter, geometry)),
      named("filter gradient", "weight-gradient", () => weightGradient(x, y, geometry)),
    ];
  };
  return [
    product(512, 512, 512),
    product(batch, 100, 12_544),
    ...convolution(28, 1, 64, 2, false),
    ...convolution(14, 64, 128, 2, false),
    ...convolution(7, 128, 256, 1, true),
    ...convolution(14, 64, 128, 2, true),
    ...convolution(28, 1, 64, 2, true),
  ];
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** A variant under way. */
interface Candidate extends Pick<KernelTiming, "variant" | "flop" | "chosen"> {
  readonly program: Repeated;
  /** Launches in one pass. */
  readonly count: number;
  /** Milliseconds per launch, one per round. */
  readonly times: number[];
}

/** Calls `body` with a variant of the workload's kernel, or with the default one. */
function inVariant<T>(
  device: Device,
  { kernel }: Workload,
  variant: Variant | undefined,
  body: () => T,
): T {
  const { forced } = kernelChoices(device);
  if (variant) forced.set(kernel, variant);
  try {
    return body();
  } finally {
    forced.delete(kernel);
  }
}

/** Records the dispatches of a workload in a variant, or in the default one. */
function record(device: Device, workload: Workload, variant?: Variant): readonly Dispatch[] {
  const launch = (): void => void workload.launch();
  return inVariant(device, workload, variant, () => device.record("bench", launch)).dispatches;
}

/**
 * Times every workload in every variant that runs, by timestamps if the adapter has them, each repeated in one pass. In
 * each round, all variants are launched in turn, so that a slower machine slows all of them. `only` is a part of the names to time.
 */
export async function timeKernels(
  device: Device,
  options: {
    readonly batch: number;
    readonly rounds: number;
    readonly only: string;
    readonly onResult: (timings: readonly KernelTiming[]) => void;
  },
): Promise<KernelTiming[]> {
  const all: KernelTiming[] = [];
  const chosen = workloads(device, options.batch).filter(({ name }) => name.includes(options.only));
  for (const workload of chosen) {
    const standard = record(device, workload)[0]!.label;
    const labels = new Set<string>();
    const candidates: Candidate[] = [];
    for (const variant of VARIANTS[workload.kernel] ?? []) {
      const { label, flop } = record(device, workload, variant)[0]!; // the launches that sum partial results don't count
      if (labels.has(label)) continue; // it can't run here: another variant took its place
      labels.add(label);
      const program = await repeated(device, workload.name, () =>
        inVariant(device, workload, variant, workload.launch),
      );
      const count = await repetitions(program);
      candidates.push({ variant, flop, chosen: label === standard, times: [], program, count });
    }
    try {
      for (let round = 0; round < options.rounds; round++) {
        for (const { program, count, times } of candidates) times.push(await program.time(count));
      }
    } finally {
      for (const { program } of candidates) program.destroy();
    }
    const timings = candidates.map(({ variant, chosen: isChosen, times, flop }) => ({
      name: workload.name,
      variant,
      chosen: isChosen,
      flop,
      milliseconds: median(times),
      range: [Math.min(...times), Math.max(...times)] as const,
      gigaflops: flop / median(times) / 1e6,
    }));
    options.onResult(timings);
    all.push(...timings);
  }
  return all;
}
