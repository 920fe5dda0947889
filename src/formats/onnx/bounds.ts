// Bounds on an ONNX file before it is parsed: a parsed message takes far more memory than its bytes, and a hostile file
// can consist of millions of empty ones.
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";

/** How a message is made up: the fields that are messages, and those that hold many numbers, by their numbers. */
interface Shape {
  readonly messages?: Readonly<Record<number, Shape>>;
  /** The most bytes of a list of numbers. */
  readonly lists?: Readonly<Record<number, number>>;
}

const MOST_FIELDS = 20_000; // networks of recipes have a few hundred
const MOST_FLOATS = 2 ** 21; // bytes of float_data, which parsing turns into lists of several times the size
const FEW = 2 ** 10;

const tensor: Shape = { lists: { 1: FEW, 4: MOST_FLOATS, 7: FEW } };
const dimensions: Shape = { messages: { 1: {} } };
const port: Shape = { messages: { 2: { messages: { 1: { messages: { 2: dimensions } } } } } };
const node: Shape = { messages: { 5: { lists: { 8: FEW } } } };
const graph: Shape = { messages: { 1: node, 5: tensor, 11: port, 12: port } };
const model: Shape = { messages: { 7: graph, 8: {}, 14: {} } };

/** Returns why a file isn't parsed; undefined if it may be. Throws what the reader throws on a file that is cut. */
export function tooLarge(bytes: Uint8Array): string | undefined {
  let fields = 0;
  const look = (part: Uint8Array, { messages = {}, lists = {} }: Shape): string | undefined => {
    const reader = new BinaryReader(part);
    const taken: Record<number, number> = {};
    while (reader.pos < reader.len) {
      const [number, wire] = reader.tag();
      fields += 1;
      if (fields > MOST_FIELDS) {
        return `has more than ${MOST_FIELDS} fields; a network of a recipe has a few hundred`;
      }
      const inner = messages[number];
      const isMessage = inner !== undefined && wire === WireType.LengthDelimited;
      const before = reader.pos;
      const body = isMessage ? reader.bytes() : reader.skip(wire, number);
      const trouble = isMessage ? look(body, inner) : undefined;
      if (trouble !== undefined) return trouble;
      const most = lists[number];
      if (most === undefined) continue;
      taken[number] = (taken[number] ?? 0) + reader.pos - before;
      if (taken[number] > most) {
        return `has a list of numbers of more than ${most} bytes; save it with raw_data`;
      }
    }
    return undefined;
  };
  return look(bytes, model);
}
