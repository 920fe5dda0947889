// Makes an array a part of an arena: inside a trace a fresh temporary is placed there; anything else is copied.
import { checkGpuArray } from "./arguments.ts";
import { byteSize, exactBytes, formatShape, locate, type GpuArray } from "./array.ts";
import { wordsIntoBinding } from "./binding.ts";
import type { Device } from "./device.ts";
import { conflicts, type Trace } from "./dispatch.ts";
import { ShapeError } from "./errors.ts";

/** Implements `Device.moveInto`, with the open trace if there is one. Throws `ShapeError` if sizes or types differ. */
export function moveInto(
  device: Device,
  trace: Trace | undefined,
  array: GpuArray,
  slot: GpuArray,
): void {
  checkGpuArray("moveInto", "the array", array);
  checkGpuArray("moveInto", "the slot", slot);
  if (array.size !== slot.size || array.dtype !== slot.dtype) {
    throw new ShapeError(
      `moveInto: the array must have the slot's size and type; got ${formatShape(array.shape)} for ${formatShape(slot.shape)}`,
    );
  }
  const { storage } = array;
  const whole =
    array.byteOffset === 0 &&
    storage.bytes === byteSize(array.shape, array.dtype) &&
    wordsIntoBinding(slot) === 0; // pipelines have been specialised for where their arrays start
  if (trace?.temporaries.has(storage) && whole && !conflicts(trace, storage, slot)) {
    storage.parent = { storage: slot.storage, byteOffset: slot.byteOffset };
    slot.storage.written = true;
    trace.temporaries.delete(storage);
    return;
  }
  const [from, to] = [array, slot].map((end) => locate(end.storage, end.byteOffset));
  if (from!.root !== to!.root) {
    copy(device, array, slot);
  } else if (from!.byteOffset !== to!.byteOffset) {
    // The array is another part of the same arena, but no dispatch may both read and write one buffer.
    const between = device.empty(array.shape, array.dtype, storage.label);
    copy(device, array, between);
    copy(device, between, slot);
  }
}

function copy(device: Device, array: GpuArray, slot: GpuArray): void {
  const count = Math.ceil(exactBytes(array.shape, array.dtype) / 4); // 32-bit words, because smaller types are packed
  const words = (of: GpuArray): GpuArray => device.viewAt(of, 0, [count], "u32");
  device.launch({
    shader: "move",
    entry: "copy",
    constants: { COUNT: count, SHAPE: [1, 1, 1, 1, 1, 1, 1, count] },
    bind: { inp: words(array), out: words(slot) },
    workgroups: device.linear(count),
  });
}
