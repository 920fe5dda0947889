// Runs a program dispatch by dispatch and reads back what each one wrote, to find where a step goes wrong.
import type { GpuArray, HostArray } from "../array.ts";
import type { Device } from "../device.ts";
import type { Dispatch } from "../dispatch.ts";
import type { Program } from "../program.ts";

/** An array that a dispatch read or wrote, with its elements after the dispatch. */
export interface Seen {
  /** The variable's name in the shader. */
  readonly name: string;
  readonly array: GpuArray;
  readonly values: HostArray;
}

/** A dispatch that has just run. */
export interface Stepped {
  /** Its index in the plan. */
  readonly index: number;
  readonly dispatch: Dispatch;
  /** Copies what it wrote to the host. */
  readonly written: () => Promise<readonly Seen[]>;
  /** Copies what it only read to the host. */
  readonly read: () => Promise<readonly Seen[]>;
}

/**
 * Runs a program once, with one submit per dispatch, and calls `look` after each. Ends early if `look` returns true,
 * and returns whether it did. The values are those of `program.run`, bit for bit: the same pipelines run on the same
 * buffers in the same order.
 */
export async function runStepwise(
  device: Device,
  program: Program,
  look: (stepped: Stepped) => Promise<boolean>,
): Promise<boolean> {
  await device.idle();
  for (const [storage, buffer] of program.planned) storage.buffer = buffer; // so that they can be read
  try {
    for (const [index, dispatch] of program.plan.dispatches.entries()) {
      const encoder = device.gpu.createCommandEncoder({ label: dispatch.label });
      const pass = encoder.beginComputePass({ label: dispatch.label });
      program.encode(pass, index);
      pass.end();
      device.gpu.queue.submit([encoder.finish()]);
      const copies = (access: "read" | "read_write") => async (): Promise<readonly Seen[]> => {
        const found = dispatch.bindings.filter((binding) => binding.access === access);
        const names = new Map(dispatch.pipeline.bindings.map((each) => [each.binding, each.name]));
        return Promise.all(
          found.map(async ({ binding, array }) => ({
            name: names.get(binding)!,
            array,
            values: await device.read(array, array.dtype),
          })),
        );
      };
      const stepped = { index, dispatch, written: copies("read_write"), read: copies("read") };
      if (await look(stepped)) return true;
    }
    return false;
  } finally {
    for (const storage of program.planned.keys()) storage.buffer = undefined;
  }
}
