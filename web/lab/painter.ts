// Paints arrays of images on canvases, straight from their buffers. Where the browser can't show what WebGPU draws (some
// software adapters), values are read and drawn by the 2-D canvas instead.
import { bufferOf, sizeOf, type Device, type GpuArray } from "../../src/web.ts";
import code from "./paint.wgsl?raw";

/** Images in an array. By default they are (count, height, width), one after another. */
export interface Picture {
  /** f32. Its buffer is read when it is painted. */
  readonly array: GpuArray;
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** How many values further the next image, row and column are. */
  readonly strides?: readonly [image: number, row: number, column: number];
  /** Images per row. By default as square as possible. */
  readonly columns?: number;
  /** The values that are drawn as paper and as ink: −1 and 1 by default. */
  readonly range?: readonly [low: number, high: number];
}

/** The colours of pictures, each as red, green and blue from 0 to 1. */
export interface Palette {
  readonly paper: readonly [number, number, number];
  readonly ink: readonly [number, number, number];
  readonly ground: readonly [number, number, number];
}

/** Ink on paper, as in MNIST: light on dark. */
export const DARK: Palette = {
  paper: [0.055, 0.063, 0.082],
  ink: [0.96, 0.95, 0.92],
  ground: [0.13, 0.15, 0.19],
};

/** Canvas pixels per value: enough that a browser may scale the canvas without showing it. */
const SCALE = 4;
const GAP = 1; // values between images, and around them
const LARGEST = 8192; // pixels of a canvas's side that every adapter has

interface Easel {
  readonly canvas: OffscreenCanvas;
  picture: Picture | undefined;
  context: GPUCanvasContext | undefined;
  /** The 2-D context, asked for once: Firefox refuses to give it twice. */
  plain: OffscreenCanvasRenderingContext2D | null | undefined;
}

/** The canvases of the page by name, and what is on them. */
export class Painter {
  readonly #easels = new Map<string, Easel>();
  readonly #presents: boolean;
  #palette: Palette = DARK;
  #gpu: { readonly device: Device; readonly pipeline: GPURenderPipeline } | undefined;

  /** `presents`: whether this browser shows what WebGPU draws on a canvas. */
  constructor(presents: boolean) {
    this.#presents = presents;
  }

  /** Takes a device, whose arrays are painted from now on. Pictures of another device's arrays are dropped. */
  use(device: Device): void {
    const format = navigator.gpu.getPreferredCanvasFormat();
    const module = device.gpu.createShaderModule({ label: "paint", code });
    const pipeline = device.gpu.createRenderPipeline({
      label: "paint",
      layout: "auto",
      vertex: { module },
      fragment: { module, targets: [{ format }] },
    });
    this.#gpu = { device, pipeline };
    for (const easel of this.#easels.values()) {
      easel.picture = undefined;
      easel.context = undefined;
    }
  }

  /** Adds a canvas, or replaces the one of the same name: it shows the same picture. */
  attach(name: string, canvas: OffscreenCanvas): void {
    const picture = this.#easels.get(name)?.picture;
    this.#easels.set(name, { canvas, picture, context: undefined, plain: undefined });
    if (picture) this.#repaint(name, picture);
  }

  /** Removes a canvas. */
  detach(name: string): void {
    this.#easels.delete(name);
  }

  /** Whether there is such a canvas. */
  has(name: string): boolean {
    return this.#easels.has(name);
  }

  /** Changes the colours of all pictures. */
  recolour(palette: Palette): void {
    this.#palette = palette;
    for (const [name, { picture }] of this.#easels) if (picture) this.#repaint(name, picture);
  }

  /** Paints again what a canvas showed, if its array is still there. */
  #repaint(name: string, picture: Picture): void {
    this.paint(name, picture).catch(() => undefined);
  }

  /** Paints a picture on the canvas of a name. Without such a canvas, nothing is done. */
  async paint(name: string, picture: Picture): Promise<void> {
    const easel = this.#easels.get(name);
    if (!easel || !this.#gpu || picture.array.device !== this.#gpu.device) return;
    easel.picture = picture;
    const place = placeOf(picture);
    const { width, height } = place.canvas;
    if (easel.canvas.width !== width || easel.canvas.height !== height) {
      Object.assign(easel.canvas, { width, height });
    }
    if (this.#presents) this.#present(easel, picture, place);
    else {
      easel.plain ??= easel.canvas.getContext("2d");
      if (easel.plain) await draw(easel.plain, picture, place, this.#palette);
    }
  }

  #present(easel: Easel, picture: Picture, place: Place): void {
    const { device, pipeline } = this.#gpu!;
    const { gpu } = device;
    if (!easel.context) {
      const context = easel.canvas.getContext("webgpu");
      if (!context) return;
      context.configure({
        device: gpu,
        format: navigator.gpu.getPreferredCanvasFormat(),
        alphaMode: "opaque",
      });
      easel.context = context;
    }
    device.flush(); // eager launches that write the array
    const { buffer, offset } = bufferOf(picture.array, "paint");
    const layout = gpu.createBuffer({ label: "paint.layout", size: 96, usage: 0x40 | 0x8 });
    gpu.queue.writeBuffer(layout, 0, layoutOf(picture, place, offset / 4, this.#palette));
    const encoder = gpu.createCommandEncoder({ label: "paint" });
    const view = easel.context.getCurrentTexture().createView();
    const pass = encoder.beginRenderPass({
      colorAttachments: [{ view, loadOp: "clear", storeOp: "store" }],
    });
    pass.setPipeline(pipeline);
    pass.setBindGroup(
      0,
      gpu.createBindGroup({
        layout: pipeline.getBindGroupLayout(0),
        entries: [
          { binding: 0, resource: { buffer } },
          { binding: 1, resource: { buffer: layout } },
        ],
      }),
    );
    pass.draw(3);
    pass.end();
    gpu.queue.submit([encoder.finish()]);
    layout.destroy();
  }
}

/** Where images lie on a canvas, in its pixels. */
interface Place {
  readonly columns: number;
  readonly scale: number;
  readonly gap: number;
  readonly canvas: { readonly width: number; readonly height: number };
}

function placeOf({ count, height, width, columns }: Picture): Place {
  const across = columns ?? Math.ceil(Math.sqrt(count));
  const down = Math.max(1, Math.ceil(count / across));
  const size = (scale: number) => ({
    width: (across * (width + GAP) + GAP) * scale,
    height: (down * (height + GAP) + GAP) * scale,
  });
  const fits = (scale: number): boolean => Math.max(...Object.values(size(scale))) <= LARGEST;
  const scale = [SCALE, 2].find(fits) ?? 1;
  return { columns: across, scale, gap: GAP * scale, canvas: size(scale) };
}

const stridesOf = ({ strides, height, width }: Picture): readonly [number, number, number] =>
  strides ?? [height * width, width, 1];

function layoutOf(
  picture: Picture,
  { columns, scale, gap }: Place,
  first: number,
  { paper, ink, ground }: Palette,
): ArrayBuffer {
  const { height, width, count, range = [-1, 1] } = picture;
  const bytes = new ArrayBuffer(96);
  const whole = [first, ...stridesOf(picture), height, width, scale, gap, count, columns];
  new Uint32Array(bytes).set(whole);
  new Float32Array(bytes).set([...range, ...paper, 1, ...ink, 1, ...ground, 1], whole.length);
  return bytes;
}

/** Draws a picture by the 2-D canvas, for browsers that can't show what WebGPU draws. */
async function draw(
  context: OffscreenCanvasRenderingContext2D,
  picture: Picture,
  { columns, scale, gap, canvas: { width } }: Place,
  palette: Palette,
): Promise<void> {
  const { array, count, range = [-1, 1] } = picture;
  const [image, row, column] = stridesOf(picture);
  const values = await array.read();
  const { canvas } = context;
  if (values.length !== sizeOf(array.shape)) return;
  const pixels = context.createImageData(canvas.width, canvas.height);
  const cell = [picture.width * scale + gap, picture.height * scale + gap] as const;
  for (let at = 0; at < canvas.width * canvas.height; at += 1) {
    const [x, y] = [at % width, Math.floor(at / width)];
    const [left, top] = [(x % cell[0]) - gap, (y % cell[1]) - gap];
    const place = [Math.floor(x / cell[0]), Math.floor(y / cell[1])] as const;
    const which = place[1] * columns + place[0];
    const isGround = left < 0 || top < 0 || place[0] >= columns || which >= count;
    const value =
      values[which * image + Math.floor(top / scale) * row + Math.floor(left / scale) * column]!;
    const share = (Number(value) - range[0]) / (range[1] - range[0]);
    const ink = share > 0 ? Math.min(share, 1) : 0; // NaN is paper
    const mixed = palette.paper.map((level, i) => level + (palette.ink[i]! - level) * ink);
    const colour = isGround ? palette.ground : mixed;
    pixels.data.set([...colour.map((level) => Math.round(level * 255)), 255], at * 4);
  }
  context.putImageData(pixels, 0, 0);
}

/**
 * Whether this browser shows what WebGPU draws on a canvas. Asked of a device of its own, since where it can't, some
 * browsers lose the device over the question.
 */
export async function canPresent(): Promise<boolean> {
  const adapter = await navigator.gpu.requestAdapter();
  const device = await adapter?.requestDevice();
  if (!device) return false;
  const lost = device.lost.then(() => false);
  const shown = (async () => {
    try {
      device.pushErrorScope("validation");
      const context = new OffscreenCanvas(1, 1).getContext("webgpu");
      if (!context) return false;
      context.configure({ device, format: navigator.gpu.getPreferredCanvasFormat() });
      const view = context.getCurrentTexture().createView();
      const encoder = device.createCommandEncoder();
      encoder
        .beginRenderPass({ colorAttachments: [{ view, loadOp: "clear", storeOp: "store" }] })
        .end();
      device.queue.submit([encoder.finish()]);
      const error = await device.popErrorScope();
      await device.queue.onSubmittedWorkDone();
      return error === null;
    } catch {
      return false;
    }
  })();
  const answer = await Promise.race([shown, lost]);
  device.destroy();
  return answer;
}
