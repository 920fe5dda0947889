// Every error that Longhand throws on purpose. A message is one line for a person:
// what was asked, what it got, what it expected, and how to mend it.
import { printable } from "./foreign-text.ts";

const MOST = 4000;

/**
 * The base of all of Longhand's own errors: `instanceof LonghandError` means "said on purpose". Whatever foreign
 * text a message holds, it is one printable line.
 */
export class LonghandError extends Error {
  override readonly name: string = "LonghandError";

  constructor(message: string, options?: ErrorOptions) {
    super(printable(message, MOST), options);
  }
}

/** A tensor's rank, shape or size does not fit the op. */
export class ShapeError extends LonghandError {
  override readonly name: string = "ShapeError";
}

/** An array's element type does not fit the op. */
export class DTypeError extends LonghandError {
  override readonly name: string = "DTypeError";
}

/** An op's attribute (stride, axis, rate, …) is out of its range. */
export class AttributeError extends LonghandError {
  override readonly name: string = "AttributeError";
}

/** No adapter fits the request, or none is in reach. */
export class AdapterError extends LonghandError {
  override readonly name: string = "AdapterError";
}

/** WebGPU reported a validation, internal or out-of-memory error; the message names the dispatch. */
export class GpuError extends LonghandError {
  override readonly name: string = "GpuError";
}

/** The device is gone: unplugged, reset by the system, or destroyed. */
export class DeviceLostError extends LonghandError {
  override readonly name: string = "DeviceLostError";
}

/** Something that a trace can't record, such as reading a value while a program is being traced. */
export class TraceError extends LonghandError {
  override readonly name: string = "TraceError";
}

/** Eager arrays outgrew the byte budget: put the work in a `scope`. */
export class MemoryError extends LonghandError {
  override readonly name: string = "MemoryError";
}

/** A dataset file is missing, damaged, or disagrees with its companion; numbers that must be finite aren't. */
export class DataError extends LonghandError {
  override readonly name: string = "DataError";
}

/** A checkpoint or run folder can't be read, or doesn't fit the model. */
export class CheckpointError extends LonghandError {
  override readonly name: string = "CheckpointError";
}

/** A file or folder can't be written (permissions, a full disk). */
export class OutputError extends LonghandError {
  override readonly name: string = "OutputError";
}

/** A training run came to numbers that aren't finite: it has diverged. */
export class DivergedError extends LonghandError {
  override readonly name: string = "DivergedError";
}

/** A gradient isn't what differences of its function say: its backward is wrong. */
export class GradientError extends LonghandError {
  override readonly name: string = "GradientError";
}

/** A command-line flag or value that isn't allowed. */
export class UsageError extends LonghandError {
  override readonly name: string = "UsageError";
}
