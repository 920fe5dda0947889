// Turns what a kernel's launcher asks for into a dispatch: the pipeline, and each array at its binding.
import { wordsIntoBinding } from "./binding.ts";
import type { Device } from "./device.ts";
import { refuseAliases, type Binding, type Dispatch, type Launch } from "./dispatch.ts";
import { AttributeError, GpuError } from "./errors.ts";
import { placeNow } from "./place.ts";

/** Returns the dispatch of a launch, or undefined if there is nothing to compute. Throws if it isn't allowed. */
export function dispatchOf(device: Device, launch: Launch): Dispatch | undefined {
  const { shader, entry, workgroups, bind } = launch;
  if (workgroups.some((count) => count === 0)) return undefined;
  if (workgroups.some((count) => count > device.maxWorkgroups)) {
    throw new GpuError(
      `${shader}.${entry}: workgroups must be at most ${device.maxWorkgroups} per dimension; got ${workgroups.join(" × ")}`,
    );
  }
  const names = Object.keys(bind);
  const starts = Object.fromEntries(names.map((name) => [name, wordsIntoBinding(bind[name]!)]));
  const f16Bindings = names.filter((name) => bind[name]!.dtype === "f16");
  const pipeline = device.pipelines.entry({ ...launch, starts, names, f16Bindings });
  const bindings = pipeline.bindings.map(({ name, binding, access }): Binding => {
    const array = bind[name]!;
    if (array.device !== device) {
      throw new AttributeError(
        `${pipeline.label}: ${name} is on a different device; copy it with read and upload`,
      );
    }
    return { binding, access, array };
  });
  refuseAliases(pipeline.label, bindings);
  for (const { access, array } of bindings) array.storage.written ||= access === "read_write";
  return {
    label: pipeline.label,
    pipeline,
    bindings,
    workgroups,
    flop: launch.flop ?? 0,
    done: launch.done,
    bytesRead: launch.bytesRead,
    place: placeNow(),
  };
}
