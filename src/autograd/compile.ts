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
  /** What the function returned: the tensors that every run writes. */
  readonly outputs: Readonly<T>;
  /**
   * Submits one run, and returns the outputs. Resolves when no more than one run is still in flight: the values are
   * there once they are read. Throws `DeviceLostError`, or `GpuError` with what the GPU reported.
   */
  readonly run: () => Promise<Readonly<T>>;
  /** The plan in figures: what each dispatch reads, writes and costs, and where its result is kept. */
  readonly explain: () => Explanation;
}

/**
 * Traces `body` once and returns a program that replays it in one submit. Tensors that `body` captures stay alive with
 * it: `write` gives them new values, such as the next batch. An Rng that it draws from counts its step up at each run.
 * Throws `TraceError` if `body` reads a value or isn't done when it returns, `GpuError` if a shader doesn't compile,
 * `MemoryError` where the temporaries don't fit.
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
