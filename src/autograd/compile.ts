// Compiled functions of tensors.
import type { Device } from "../gpu/device.ts";
import type { Explanation } from "../gpu/inspection/explain.ts";
import * as programs from "../gpu/program.ts";
import { Tensor } from "./tensor.ts";

/** Tensors by name, as a compiled function returns them. */
export type Outputs = Readonly<Record<string, Tensor>>;

/** A compiled function. */
export interface Program<T extends Outputs> {
  readonly label: string;
  /** The tensors that `body` returned. Every run overwrites them. */
  readonly outputs: Readonly<T>;
  /**
   * Submits one run and returns the outputs. Resolves once at most one run is still in flight; reading an output waits
   * for its values. Throws `DeviceLostError`, or `GpuError` with what the GPU reported.
   */
  readonly run: () => Promise<Readonly<T>>;
  /** Returns the plan in figures: what each dispatch reads, writes and costs, and where its result is kept. */
  readonly explain: () => Explanation;
}

/**
 * Traces `body` once and returns a program that replays it in one submit. Tensors that `body` captures stay alive with
 * the program; `write` gives them new values, such as the next batch. Each run advances the step of an Rng that `body`
 * draws from.
 * Throws `TraceError` if `body` reads a value or isn't done when it returns, `GpuError` if a shader doesn't compile,
 * `MemoryError` if the temporaries don't fit.
 */
export async function compile<T extends Outputs>(
  device: Device,
  label: string,
  body: () => T,
  options: programs.ProgramOptions = {},
): Promise<Program<T>> {
  const program = await programs.compile(device, label, body, options);
  const outputs: T = asTensors(program.outputs);
  return {
    label,
    outputs,
    async run() {
      await program.run();
      return outputs;
    },
    explain: () => program.explain(),
  };
}

function asTensors<T extends Outputs>(arrays: programs.OutputArrays<T>): T;
function asTensors(arrays: programs.OutputArrays<Outputs>): Outputs {
  return Object.fromEntries(
    Object.entries(arrays).map(([name, array]) => [name, new Tensor(array)]),
  );
}
