// Networks at a glance: a diagram of their layers as SVG, and a table for the terminal. They are modelled after Keras's
// `plot_model` and `summary`.

import { escapeXml } from "./xml.ts";

/** A layer as the pictures show it. Shapes leave out the batch axis, which is written as N. */
export interface LayerPicture {
  name: string;
  /** Its attributes, such as "64, 5×5, stride 2". */
  detail?: string;
  outputShape: number[];
  parameters: number;
}

/** A network as the pictures show it. */
export interface ModelPicture {
  name: string;
  /** Without the batch axis. */
  inputShape: number[];
  layers: LayerPicture[];
}

const MARGIN = 28;
const COLUMN_GAP = 44;
const BOX_HEIGHT = 48;
const ARROW = 20;
const FIRST_BOX = 92;
const LEAST_BOX_WIDTH = 260;

const INK = "#1f2937";
const FAINT_INK = "#6b7280";
const SANS = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif";
const MONO = "ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace";

// No font is measured. These are widths of an average character at the sizes below, a little too wide,
// so that text stays in its box with any of the fonts.
const NAME_CHARACTER = 8.4;
const DETAIL_CHARACTER = 7;
const SHAPE_CHARACTER = 7.4;

/**
 * Returns a standalone SVG of `models` side by side: one box per layer with its name, attributes, output shape and
 * parameters, arrows between the boxes, and each model's totals above. Boxes of layers with parameters are tinted. It
 * is drawn on white, so it is readable on a dark page too.
 */
export function modelDiagram(models: ModelPicture[]): string {
  const widths = models.map(boxWidth);
  const lefts = widths.map((_, i) =>
    widths.slice(0, i).reduce((left, width) => left + width + COLUMN_GAP, MARGIN),
  );
  const width = (lefts.at(-1) ?? MARGIN) + (widths.at(-1) ?? LEAST_BOX_WIDTH) + MARGIN;
  const boxes = 1 + Math.max(0, ...models.map((model) => model.layers.length));
  const height = FIRST_BOX + boxes * (BOX_HEIGHT + ARROW) - ARROW + MARGIN;
  const title = models.map((model) => model.name).join(" and ");
  const columns = models.map((model, i) => drawModel(model, lefts[i]!, widths[i]!));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" ` +
      `height="${height}" role="img" font-family="${SANS}" font-size="13" fill="${INK}">`,
    `<title>${escapeXml(title)}</title>`,
    `<rect width="${width}" height="${height}" rx="8" fill="#ffffff"/>`,
    ...columns,
    "</svg>\n",
  ].join("\n");
}

/**
 * Returns `models` as plain text, with one table per model: layer, output shape and parameters, then the total. Every
 * line ends with a newline.
 */
export function modelTable(models: ModelPicture[]): string {
  return models.map(drawTable).join("\n");
}

/** Returns the sum of a model's parameters. */
export function totalParameters(model: ModelPicture): number {
  return model.layers.reduce((total, layer) => total + layer.parameters, 0);
}

function drawModel(model: ModelPicture, left: number, width: number): string {
  const count = model.layers.length;
  const totals = `${count} ${count === 1 ? "layer" : "layers"} · ${parameterText(totalParameters(model))}`;
  const input = { name: "Input", outputShape: model.inputShape, parameters: 0 };
  const boxes = [input, ...model.layers].map((layer, i) => {
    const top = FIRST_BOX + i * (BOX_HEIGHT + ARROW);
    return (
      (i === 0 ? "" : `${drawArrow(left + width / 2, top)}\n`) + drawBox(layer, left, top, width)
    );
  });
  return [
    `<g data-model="${escapeXml(model.name)}">`,
    `<text x="${left}" y="44" font-size="18" font-weight="600">${escapeXml(model.name)}</text>`,
    `<text x="${left}" y="68" fill="${FAINT_INK}">${totals}</text>`,
    ...boxes,
    "</g>",
  ].join("\n");
}

function drawBox(layer: LayerPicture, left: number, top: number, width: number): string {
  const [fill, stroke] = layer.parameters > 0 ? ["#e8f1fa", "#7aa7d0"] : ["#f9fafb", "#c4cad3"];
  const detail = layer.detail
    ? `<tspan dx="8" font-weight="400" font-size="12" fill="${FAINT_INK}">${escapeXml(layer.detail)}</tspan>`
    : "";
  const [x, right] = [left + 12, left + width - 12];
  return [
    `<g data-layer="${escapeXml(layer.name)}">`,
    `<rect x="${left}" y="${top}" width="${width}" height="${BOX_HEIGHT}" rx="6" fill="${fill}" stroke="${stroke}"/>`,
    `<text x="${x}" y="${top + 20}" font-weight="600">${escapeXml(layer.name)}${detail}</text>`,
    `<text x="${x}" y="${top + 38}" font-family="${MONO}" font-size="12">${shapeText(layer.outputShape)}</text>`,
    layer.parameters > 0
      ? `<text x="${right}" y="${top + 38}" font-size="12" text-anchor="end">${parameterText(layer.parameters)}</text>`
      : "",
    "</g>",
  ]
    .filter((line) => line !== "")
    .join("\n");
}

// An arrow from the box above to the one that begins at `bottom`.
function drawArrow(x: number, bottom: number): string {
  return (
    `<path d="M${x},${bottom - ARROW + 1}V${bottom - 7}" stroke="${FAINT_INK}"/>` +
    `<path d="M${x - 4},${bottom - 8}h8l-4,7z" fill="${FAINT_INK}"/>`
  );
}

function boxWidth(model: ModelPicture): number {
  const widths = model.layers.map(({ name, detail = "", outputShape, parameters }) => {
    const upper = name.length * NAME_CHARACTER + 8 + detail.length * DETAIL_CHARACTER;
    const figures = parameters > 0 ? 16 + parameterText(parameters).length * DETAIL_CHARACTER : 0;
    return 24 + Math.max(upper, shapeText(outputShape).length * SHAPE_CHARACTER + figures);
  });
  return Math.ceil(Math.max(LEAST_BOX_WIDTH, model.name.length * 11, ...widths));
}

function drawTable(model: ModelPicture): string {
  const rows = [
    ["Layer", "Output shape", "Parameters"],
    ["Input", shapeText(model.inputShape), "0"],
    ...model.layers.map((layer) => [
      layer.detail ? `${layer.name} ${layer.detail}` : layer.name,
      shapeText(layer.outputShape),
      wholeText(layer.parameters),
    ]),
    ["Total", "", wholeText(totalParameters(model))],
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map(([layer, shape, parameters]) =>
    [layer!.padEnd(widths[0]!), shape!.padEnd(widths[1]!), parameters!.padStart(widths[2]!)].join(
      "   ",
    ),
  );
  const rule = "─".repeat(lines[0]!.length);
  const [head, ...body] = lines;
  const total = body.pop();
  return `${[model.name, rule, head, rule, ...body, rule, total].join("\n")}\n`;
}

function shapeText(shape: number[]): string {
  return `(${["N", ...shape].join(", ")})`;
}

function parameterText(count: number): string {
  return `${wholeText(count)} ${count === 1 ? "parameter" : "parameters"}`;
}

function wholeText(value: number): string {
  return value.toLocaleString("en");
}
