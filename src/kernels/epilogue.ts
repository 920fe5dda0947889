// What a heavy kernel does to its result before storing it (bias, activation, dropout), and the gradient of that.
// Both happen in the kernel's own store, without a launch of their own.
import { sizeOf, type GpuArray } from "../gpu/array.ts";
import type { Constant } from "../gpu/shader.ts";

/** An epilogue whose mask is fixed, because forward and backward must use the same one. */
export interface Epilogue {
  readonly constants: Readonly<Record<string, Constant>>;
  /** The state of the Rng that the mask is drawn from, if elements are dropped. */
  readonly state: GpuArray | undefined;
}

/**
 * The way back through an epilogue: the gradient after it, times its derivative. A kernel whose result is the gradient
 * after it multiplies in its own store; for other kernels, `applyEpilogueGradient` is a launch of its own.
 */
export interface EpilogueGradient {
  readonly epilogue: Epilogue;
  /** What the forward stored. */
  readonly kept: GpuArray;
  /** The offset of `kept`, in elements, in the array that the mask was drawn for. */
  readonly first: number;
}

/** What a kernel does in its store: an epilogue, with or without a bias, or the gradient of one. */
export interface KernelEpilogue {
  readonly bias?: GpuArray | undefined;
  readonly epilogue?: Epilogue | undefined;
  readonly epilogueGradient?: EpilogueGradient | undefined;
  /** The result's type (f32). */
  readonly activationType?: "f32" | "f16";
}

/**
 * Returns the constants and bindings of `lib/epilogue.wgsl`. Its bindings can't be left out of a launch, so `spare`, an
 * array of 32-bit words that the launch reads anyway, is bound to the unused ones.
 */
export function epilogueLaunch(
  spare: GpuArray,
  { bias, epilogue, epilogueGradient }: KernelEpilogue,
): {
  readonly constants: Readonly<Record<string, Constant>>;
  readonly bind: { readonly bias: GpuArray; readonly kept: GpuArray; readonly state: GpuArray };
} {
  const kept = epilogueGradient?.kept ?? spare;
  const state = (epilogueGradient?.epilogue ?? epilogue)?.state ?? spare;
  return {
    constants: epilogueGradient
      ? { ...epilogueGradient.epilogue.constants, BACK: true, FIRST: epilogueGradient.first }
      : { ...epilogue?.constants, ...(bias ? { WITH_BIAS: true } : {}) },
    bind: { bias: bias ?? spare, kept, state },
  };
}

/** Returns the gradient before an epilogue from the gradient after it, in a launch of its own. */
export function applyEpilogueGradient(
  dout: GpuArray,
  epilogueGradient: EpilogueGradient,
): GpuArray {
  const { device, shape, size } = dout;
  const dinp = device.empty(shape, "f32", "epilogue.backward");
  const { constants, bind } = epilogueLaunch(dout, { epilogueGradient });
  device.launch({
    shader: "epilogue",
    entry: "backward",
    constants: { ...constants, COUNT: size },
    bind: { dout, dinp, ...bind },
    workgroups: device.linear(Math.ceil(size / 4)),
    flop: 2 * size,
  });
  return dinp;
}

/** Returns the epilogue gradient of `count` rows from row `first` on. */
export function epilogueGradientRows(
  epilogueGradient: EpilogueGradient,
  first: number,
  count: number,
): EpilogueGradient {
  const { kept } = epilogueGradient;
  const row = sizeOf(kept.shape.slice(1));
  return {
    ...epilogueGradient,
    kept: kept.rows(first, count),
    first: epilogueGradient.first + first * row,
  };
}
