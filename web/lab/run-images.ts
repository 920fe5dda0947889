// Pictures of a run to take along: its samples as a PNG, and a GIF of its timeline.
import { fromBytes } from "../../src/data-bytes.ts";
import { addCaption, encodeGif, tileGrid, type GrayImage } from "../../src/web.ts";
import type { Frame } from "./frames.ts";

const MOST_FRAMES = 120; // of a GIF, so that it stays small

/** What a run's pictures depend on. */
export interface Look {
  /** (height, width, channels) of an image. */
  readonly image: readonly number[];
  readonly classes?: number | undefined;
  readonly stepsPerEpoch: number;
}

/** Returns a frame as one picture, as the command line lays samples out. */
export function gridOf({ image, classes }: Look, { pixels }: Frame): GrayImage {
  const [height = 1, width = 1] = image;
  const count = pixels.length / (height * width);
  return tileGrid(
    fromBytes(pixels),
    count,
    height,
    width,
    classes === undefined ? {} : { columns: classes },
  );
}

/** Returns a picture as the bytes of a PNG. */
export async function pngOf({ width, height, pixels }: GrayImage): Promise<Uint8Array> {
  const colours = new Uint8ClampedArray(4 * pixels.length).fill(255);
  pixels.forEach((level, at) => colours.fill(level, 4 * at, 4 * at + 3));
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d")!.putImageData(new ImageData(colours, width, height), 0, 0);
  const blob = await canvas.convertToBlob({ type: "image/png" });
  return new Uint8Array(await blob.arrayBuffer());
}

/** Returns the GIF of a run's epochs; of all its frames while it has less than two epochs. */
export function gifOf(look: Look, frames: readonly Frame[]): Uint8Array {
  const ends = frames.filter(({ step }) => step % look.stepsPerEpoch === 0);
  const all = ends.length >= 3 ? ends : frames;
  const every = Math.ceil(all.length / MOST_FRAMES);
  // The last one stays.
  const shown = all.filter((_, index) => (all.length - 1 - index) % every === 0);
  return encodeGif(shown.map((frame) => addCaption(gridOf(look, frame), labelOf(look, frame))));
}

function labelOf({ stepsPerEpoch }: Look, { step }: Frame): string {
  if (step === 0) return "untrained";
  return step % stepsPerEpoch === 0 ? `epoch ${step / stepsPerEpoch}` : `step ${step}`;
}

/** The command line's grids have the first samples of the same noise, in a square. */
const GRID = 16;

/** Returns the grids of a run's epochs as the files that the command line writes. */
export async function gridFiles(
  look: Look,
  frames: readonly Frame[],
): Promise<ReadonlyMap<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  const [height = 1, width = 1] = look.image;
  const size = height * width;
  for (const frame of frames) {
    const { step } = frame;
    if (step % look.stepsPerEpoch !== 0) continue;
    const epoch = String(step / look.stepsPerEpoch).padStart(4, "0");
    const path = step === 0 ? "untrained.png" : `samples/epoch-${epoch}.png`;
    files.set(
      path,
      await pngOf(tileGrid(fromBytes(frame.pixels.subarray(0, GRID * size)), GRID, height, width)),
    );
  }
  return files;
}
