// Every error that Longhand throws on purpose. A message is one line for a person: the op, what must hold, what it got,
// and how to mend it.
import { printable } from "./foreign-text.ts";

const MOST = 4000;

/**
 * The base class of Longhand's own errors: an `instanceof LonghandError` was thrown on purpose. Its message is one
 * printable line, whatever foreign text it contains.
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

/** No adapter matches the request, or none is available. */
export class AdapterError extends LonghandError {
  override readonly name: string = "AdapterError";
}

/** WebGPU reported a validation, internal or out-of-memory error; the message names the dispatch. */
export class GpuError extends LonghandError {
  override readonly name: string = "GpuError";
}

/** The device is lost: unplugged, reset by the system, or destroyed. */
export class DeviceLostError extends LonghandError {
  override readonly name: string = "DeviceLostError";
}

/** The traced code did something that a trace can't record, such as reading a value. */
export class TraceError extends LonghandError {
  override readonly name: string = "TraceError";
}

/** Arrays need more bytes than the budget, the device or the adapter allows. */
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

/** A training run has diverged: its numbers are no longer finite. */
export class DivergedError extends LonghandError {
  override readonly name: string = "DivergedError";
}

/** A gradient differs from the finite differences of its function: the backward is wrong. */
export class GradientError extends LonghandError {
  override readonly name: string = "GradientError";
}

/** A command-line flag or value that isn't allowed. */
export class UsageError extends LonghandError {
  override readonly name: string = "UsageError";
}

/** Processes that train together can't: MPI is missing, they differ, or one of them failed. */
export class RanksError extends LonghandError {
  override readonly name: string = "RanksError";
}
