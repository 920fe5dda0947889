// Renders our SVGs as PNG files. Node only: the rasteriser, resvg compiled to WebAssembly, and the fonts are files of
// npm packages. WebAssembly reaches neither the system's fonts nor its libraries, so one SVG gives one PNG, byte for
// byte, on every machine.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

/** Renders an SVG with so many pixels per unit. */
type Rasterizer = (svg: string, scale: number) => Uint8Array;

const SANS = "DejaVu Sans";
const MONO = "DejaVu Sans Mono";
const FONT_FILES = ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSansMono.ttf"];

let loading: Promise<Rasterizer> | undefined;

/**
 * Returns the bytes of a PNG of `svg`, with `scale` pixels per unit, on white. Text is drawn in DejaVu Sans, or in
 * DejaVu Sans Mono if the SVG's list of fonts ends in `monospace`, whatever fonts the machine has.
 * Rejects with an `Error` if the rasteriser or its fonts can't be loaded, or `svg` is not well-formed.
 */
export async function rasterizeSvg(svg: string, scale = 2): Promise<Uint8Array> {
  // The module takes its code only once. A load that failed isn't tried again, because it would fail again.
  loading ??= loadRasterizer();
  return (await loading)(svg, scale);
}

async function loadRasterizer(): Promise<Rasterizer> {
  const { resolve } = createRequire(import.meta.url);
  const { initWasm, Resvg } = await import("@resvg/resvg-wasm");
  await initWasm(await readFile(resolve("@resvg/resvg-wasm/index_bg.wasm")));
  const fontBuffers = await Promise.all(
    FONT_FILES.map(async (name) => readFile(resolve(`dejavu-fonts-ttf/ttf/${name}`))),
  );
  return (svg, scale) => {
    const drawing = new Resvg(nameFonts(svg), {
      background: "#ffffff",
      fitTo: { mode: "zoom", value: scale },
      font: { fontBuffers, defaultFontFamily: SANS },
    });
    // WebAssembly's memory is not garbage-collected.
    try {
      const image = drawing.render();
      try {
        return image.asPng();
      } finally {
        image.free();
      }
    } finally {
      drawing.free();
    }
  };
}

/** Names the font to use: resvg 2.6 only tries the first font of a list, and doesn't know `monospace`. */
function nameFonts(svg: string): string {
  return svg.replaceAll(/font-family="([^"]*)"/g, (_, list: string) =>
    list.endsWith("monospace") ? `font-family="${MONO}"` : `font-family="${SANS}"`,
  );
}
