// Numbers by step as TensorBoard's event files: records of one protocol buffer each, with their lengths and checksums.
import { crc32c } from "@aws-crypto/crc32c";
import { create, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { EventSchema } from "./event_pb.js";

/** The values of a step, by TensorBoard's tags, such as `loss/generator`. */
export interface StepValues {
  readonly step: number;
  readonly values: Readonly<Record<string, number>>;
}

const VERSION = "brain.Event:2";

/**
 * Returns an event file. `wallTime` is the time that all events get, in seconds since 1970, since logs here have no times
 * of their own.
 */
export function encodeEvents(steps: Iterable<StepValues>, wallTime: number): Uint8Array {
  const parts = [recordOf({ wallTime, what: { case: "fileVersion", value: VERSION } })];
  for (const { step, values } of steps) {
    const value = Object.entries(values).map(([tag, number]) => ({
      tag,
      value: { case: "simpleValue" as const, value: number },
    }));
    const what = { case: "summary" as const, value: { value } };
    parts.push(recordOf({ wallTime, step: BigInt(step), what }));
  }
  return Uint8Array.from(Buffer.concat(parts));
}

/** TensorFlow's framing: the length as u64, its checksum, the bytes, their checksum; all little-endian. */
function recordOf(event: MessageInitShape<typeof EventSchema>): Uint8Array {
  const body = toBinary(EventSchema, create(EventSchema, event));
  const record = new Uint8Array(body.length + 16);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(body.length), true);
  view.setUint32(8, masked(record.subarray(0, 8)), true);
  record.set(body, 12);
  view.setUint32(12 + body.length, masked(body), true);
  return record;
}

/** A CRC-32C turned by 15 bits and shifted by a constant, so that a checksum of checksums isn't trivial. */
function masked(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
