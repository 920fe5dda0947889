// The launches of a training step as inspection shows them: where each belongs, what it costs, its variant and the WGSL
// that runs.
import type { Device } from "../../gpu/device.ts";
import type { Dispatch } from "../../gpu/dispatch.ts";
import type { ExplainedDispatch } from "../../gpu/inspection/explain.ts";
import type { PipelineRequest } from "../../gpu/pipelines.ts";
import { placeNow, type Place } from "../../gpu/place.ts";
import { compile, type Program } from "../../gpu/program.ts";
import { shaderOf } from "../../kernels/autotune.ts";
import { kernelChoices, VARIANTS, type Workload } from "../../kernels/variant.ts";
import type { Gan } from "../gan.ts";
import { trainingStep } from "../step.ts";

/** A launch of a step. */
export interface StepLaunch extends ExplainedDispatch {
  /** The part of the step that it belongs to. */
  readonly part: string | undefined;
  /** The layer that it works for: `discriminator.conv2d_1`. */
  readonly layer: string | undefined;
  readonly shader: string;
  readonly entry: string;
  /** The constants that the shader is specialised by. */
  readonly constants: Readonly<Record<string, string>>;
}

/** A compiled step whose launches can be inspected. */
export interface InspectedStep {
  readonly program: Program;
  readonly launches: readonly StepLaunch[];
  /** Returns what a launch's pipeline is made of. `Pipelines.code` turns it into the text that the driver gets. */
  readonly request: (index: number) => PipelineRequest;
  /** Returns what a launch computes, if its kernel has several variants. */
  readonly workload: (index: number) => Workload | undefined;
}

/** Compiles a GAN's step for inspection. Running it trains the GAN, as the step that `compileSteps` makes does. */
export async function inspectStep(gan: Gan): Promise<InspectedStep> {
  const { device, plan } = gan;
  const workloads = noteWorkloads(device);
  const compiling = compile(device, "inspected_step", () => trainingStep(gan, plan.batch));
  workloads.stop(); // what is traced was traced before the first wait, and others may listen next
  const program = await compiling;
  const { dispatches } = program.plan;
  const explained = program.explain().dispatches;
  const found = workloads.of(dispatches);
  return {
    program,
    launches: dispatches.map(({ place, pipeline: { request } }, index) => ({
      ...explained[index]!,
      part: place.part,
      layer: place.layer,
      shader: request.shader,
      entry: request.entry,
      constants: Object.fromEntries(
        Object.entries(request.constants).map(([name, value]) => [name, String(value)]),
      ),
    })),
    request: (index) => dispatches[index]!.pipeline.request,
    workload: (index) => found.get(index),
  };
}

/** Listens to the choices of variants until `stop`. */
function noteWorkloads(device: Device): {
  readonly stop: () => void;
  readonly of: (dispatches: readonly Dispatch[]) => ReadonlyMap<number, Workload>;
} {
  const choices = kernelChoices(device);
  const before = choices.onChoice;
  const noted = new Map<string, Workload[]>();
  choices.onChoice = (workload) => {
    const key = keyOf(placeNow(), workload.kernel);
    noted.set(key, [...(noted.get(key) ?? []), workload]);
  };
  return {
    stop: () => {
      choices.onChoice = before;
    },
    of(dispatches) {
      const users = new Map<string, number[]>();
      for (const [index, { place, pipeline }] of dispatches.entries()) {
        const key = keyOf(place, kernelOf(pipeline.request.shader));
        users.set(key, [...(users.get(key) ?? []), index]);
      }
      const found = new Map<number, Workload>();
      for (const [key, workloads] of noted) {
        const indices = users.get(key) ?? [];
        // A workload may take several launches, such as the two passes of a long sum.
        const each = indices.length / workloads.length;
        indices.forEach((index, i) => found.set(index, workloads[Math.floor(i / each)]!));
      }
      return found;
    },
  };
}

const keyOf = ({ part, layer }: Place, kernel: string): string => `${part} ${layer} ${kernel}`;

/** Returns the kernel of a shader: `conv2d-forward` for `conv2d-forward-lanes`. */
const kernelOf = (shader: string): string =>
  Object.keys(VARIANTS).find(
    (kernel) =>
      shader === kernel || VARIANTS[kernel]!.some((each) => shader === shaderOf(kernel, each)),
  ) ?? shader;
