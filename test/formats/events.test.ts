// TensorBoard's event files, read back by Python's own arithmetic and protocol buffers: framing, checksums, steps and
// values.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { metricsCommand } from "../../src/cli/commands/metrics.ts";
import { EventSchema } from "../../src/formats/tensorboard/event_pb.js";
import { encodeEvents } from "../../src/formats/tensorboard/write-events.ts";
import { UsageError } from "../../src/gpu/errors.ts";
import { messageOf } from "../support/message-of.ts";
import { pythonWith, runPython } from "../support/python.ts";
import { said } from "../support/said.ts";
import { temporaryFolders } from "../support/set-files.ts";
import { makeTinyRun } from "../support/tiny-run.ts";

const folder = temporaryFolders();
const python = pythonWith("google.protobuf");

// Builds the messages from TensorBoard's numbers of fields, and computes CRC-32C bit by bit.
const READ = `
import sys, json, struct
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
file = descriptor_pb2.FileDescriptorProto(name="event.proto", package="t")
def message(parent, name, *fields):
    m = parent.add(name=name)
    for number, field, kind, label, type_name in fields:
        m.field.add(number=number, name=field, type=kind, label=label, type_name=type_name)
    return m
message(file.message_type, "Value", (1, "tag", 9, 1, None), (2, "simple_value", 2, 1, None))
message(file.message_type, "Summary", (1, "value", 11, 3, ".t.Value"))
message(file.message_type, "Event", (1, "wall_time", 1, 1, None), (2, "step", 3, 1, None), (3, "file_version", 9, 1, None), (5, "summary", 11, 1, ".t.Summary"))
pool = descriptor_pool.DescriptorPool()
pool.Add(file)
Event = message_factory.MessageFactory(pool).GetPrototype(pool.FindMessageTypeByName("t.Event"))
def masked(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF
data, at, events = open(sys.argv[1], "rb").read(), 0, []
while at < len(data):
    length, head = struct.unpack_from("<QI", data, at)
    assert head == masked(data[at : at + 8])
    body = data[at + 12 : at + 12 + length]
    assert struct.unpack_from("<I", data, at + 12 + length)[0] == masked(body)
    event = Event.FromString(body)
    events.append([event.step, event.file_version, [[v.tag, repr(v.simple_value)] for v in event.summary.value], event.wall_time])
    at += 16 + length
print(json.dumps(events))
`;

describe("an event file", () => {
  it.skipIf(python === undefined)(
    `has every row of the log, with sound checksums${python ? "" : " (skipped: no Python here has google.protobuf; Debian's python3-protobuf does)"}`,
    async () => {
      const run = join(folder({}), "run");
      makeTinyRun(run, [3]);
      const words = await said(() => metricsCommand(run, { format: "tensorboard" }));
      const path = join(run, "events.out.tfevents.longhand");
      expect(words).toBe(`${path} (3 steps)`);
      const events: [number, string, [string, string][], number][] = JSON.parse(
        runPython(python!, READ, path),
      );
      expect(events[0]!.slice(0, 3)).toEqual([0, "brain.Event:2", []]);
      expect(events.slice(1).map(([step]) => step)).toEqual([1, 2, 3]);
      const values = Object.fromEntries(events[3]![2]);
      expect(Object.keys(values)).toEqual([
        "loss/discriminator",
        "loss/generator",
        "verdict/real",
        "verdict/generated",
        "epoch",
      ]);
      expect(Math.fround(Number(values["loss/discriminator"]))).toBe(Math.fround(1 / 3));
      expect(values["loss/generator"]).toBe("-0.0");
      expect(Math.abs(events[1]![3] - Date.now() / 1000)).toBeLessThan(600);
    },
  );

  it("keeps numbers that aren't finite, and large steps", () => {
    const bytes = encodeEvents([{ step: 2 ** 40, values: { a: NaN, b: -Infinity } }], 1);
    const first = 16 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
    const event = fromBinary(EventSchema, bytes.subarray(first + 12, -4));
    expect([event.step, event.wallTime]).toEqual([2n ** 40n, 1]);
    expect(event.what.value).toMatchObject({
      value: [
        { tag: "a", value: { value: NaN } },
        { tag: "b", value: { value: -Infinity } },
      ],
    });
  });

  it("goes to a name that TensorBoard reads, and replaces nothing unasked", async () => {
    const run = join(folder({}), "run");
    makeTinyRun(run, [2]);
    const refused = (out: string): Promise<string> =>
      messageOf(UsageError, () => metricsCommand(run, { format: "tensorboard", out }));
    expect(await refused(join(run, "losses.bin"))).toMatch(/: must have tfevents in its name/);
    const kept = join(run, "kept.tfevents");
    writeFileSync(kept, "precious");
    expect(await refused(kept)).toMatch(/exists already; name another place/);
    expect(readFileSync(kept, "utf8")).toBe("precious");
  });
});
