// The figure of a training step's plan, docs/images/plan.svg, drawn from the plan that a software adapter replays.
import { createGan } from "../../src/gan/gan.ts";
import { small } from "../../src/gan/recipes/small.ts";
import { standIns } from "../../src/gan/stand-in.ts";
import { trainingStep } from "../../src/gan/step.ts";
import type { GpuArray } from "../../src/gpu/array.ts";
import { explainPlan, type Explanation } from "../../src/gpu/inspection/explain.ts";
import { DEFAULT_LIMITS } from "../../src/gpu/limits.ts";
import { shaderText } from "../../src/gpu/node/adapter.ts";
import { type AdapterFacts, paperDevice } from "../../src/gpu/paper-device.ts";
import { planTrace } from "../../src/gpu/plan.ts";
import { escapeXml } from "../../src/pictures/xml.ts";

/** The figure, from the project's root. */
export const PLAN_FIGURE = "docs/images/plan.svg";

const BATCH = 32;

/** The properties of lavapipe that affect a plan: subgroups of eight lanes, and WebGPU's default limits. */
const ADAPTER: AdapterFacts = Object.assign(Object.create(null), {
  features: new Set(["subgroups"]),
  limits: DEFAULT_LIMITS,
  info: { description: "llvmpipe", subgroupMinSize: 8, subgroupMaxSize: 8 },
});

/** Returns the plan of a step of `small`. Nothing is allocated, compiled or run. */
export function plannedStep(): Explanation {
  const { device } = paperDevice(ADAPTER, { shaderText, software: true });
  const gan = createGan(device, small, standIns(small, BATCH), { seed: 0, batch: BATCH });
  let scalars: GpuArray | undefined;
  const trace = device.record("step", () => {
    ({ scalars } = trainingStep(gan, BATCH));
  });
  const plan = planTrace(trace, [scalars!], {
    share: true,
    available: [],
    mostBytes: DEFAULT_LIMITS.maxBufferSize,
  });
  return explainPlan("step", plan, { state: 0, temporaries: 0 });
}

// Hues that colour-blind people can distinguish (after Okabe and Ito, darkened for white paper).
const FAMILIES = [
  { name: "convolutions, products", colour: "#0068a8", of: /^(conv2d|matmul)/ },
  { name: "batch norm", colour: "#d1540a", of: /^batch-norm/ },
  { name: "optimizers", colour: "#00805e", of: /^adam/ },
  { name: "the rest", colour: "#8a5a9e", of: /./ },
] as const;

const COLUMN = 21;
const ROW = 15;
const LEFT = 66;
const TOP = 74;
const INK = "#222";
const FAINT = "#d9d9d9";

const colourOf = (label: string): string => FAMILIES.find(({ of }) => of.test(label))!.colour;
/** Returns `conv2d-forward` for `conv2d-forward-lanes.tiled`. */
const kernelOf = (label: string): string => label.replace(/\..*$/, "").replace(/-lanes$/, "");
const xOf = (index: number): number => LEFT + index * COLUMN;

function text(x: number, y: number, words: string, attributes = ""): string {
  return `<text x="${x}" y="${y}" ${attributes}>${escapeXml(words)}</text>`;
}

/** Returns the parts of the step, separated by the launches of the losses and of the optimizers. */
function parts({ dispatches }: Explanation): { name: string; from: number; to: number }[] {
  const losses = dispatches.findIndex(({ label }) => label.startsWith("adversarial-loss"));
  const updates = dispatches.findIndex(({ label }) => label.startsWith("adam"));
  const ends = [losses, losses + 1, updates, dispatches.length];
  return ["forward: G, then D on real and fake", "losses", "backward: D, then G", "update"].map(
    (name, i) => ({ name, from: ends[i - 1] ?? 0, to: ends[i]! }),
  );
}

/**
 * Returns a bar for each temporary, in the row of its buffer, from the launch that writes it to the last that uses it.
 */
function bars({ dispatches }: Explanation): string[] {
  return dispatches.flatMap(({ index, label, results }) =>
    results.flatMap(({ shape, buffer, freedAfter }) => {
      if (freedAfter === undefined) return [];
      const y = TOP + Number(buffer.slice(1)) * ROW + 2;
      const width = (freedAfter - index + 1) * COLUMN - 2;
      const words = `(${shape.join(", ")})`;
      const box = `<rect x="${xOf(index) + 1}" y="${y}" width="${width}" height="${ROW - 4}" rx="2" fill="${colourOf(label)}"/>`;
      const fits = width > words.length * 5.4;
      return fits ? [box, text(xOf(index) + 5, y + 9, words, 'fill="#fff" font-size="9"')] : [box];
    }),
  );
}

/** Returns the figure: launches from left to right, and a row for each buffer that temporaries share. */
export function planFigure(plan: Explanation = plannedStep()): string {
  const { dispatches, buffers, temporaries } = plan;
  const right = xOf(dispatches.length);
  const state = TOP + buffers * ROW;
  const bottom = state + ROW;
  const legend = FAMILIES.map(({ name, colour }, i) => {
    const x = LEFT + i * 150;
    return `<rect x="${x}" y="30" width="10" height="10" fill="${colour}"/>${text(x + 15, 39, name)}`;
  });
  const grid = dispatches.map(({ index, label, results }) => {
    const x = xOf(index) + COLUMN / 2;
    const writesState = results.some(({ freedAfter }) => freedAfter === undefined);
    const dot = `<circle cx="${x}" cy="${state + ROW / 2}" r="4" fill="${colourOf(label)}"/>`;
    const name = text(
      x + 3,
      bottom + 8,
      kernelOf(label),
      `transform="rotate(-90 ${x + 3} ${bottom + 8})" text-anchor="end" font-size="9"`,
    );
    return `${writesState ? dot : ""}${name}`;
  });
  const brackets = parts(plan).map(({ name, from, to }) => {
    const [x, end] = [xOf(from) + 1, xOf(to) - 1];
    const line = `<path d="M${x} ${TOP - 4}V${TOP - 8}H${end}V${TOP - 4}" fill="none" stroke="${INK}"/>`;
    return `${line}${text((x + end) / 2, TOP - 13, name, 'text-anchor="middle"')}`;
  });
  const rows = Array.from({ length: buffers + 1 }, (_, row) => {
    const y = TOP + row * ROW;
    const name = row < buffers ? `buffer ${row}` : "state";
    const line = `<path d="M${LEFT} ${y + ROW}H${right}" stroke="${FAINT}"/>`;
    return `${line}${text(LEFT - 6, y + 11, name, 'text-anchor="end" font-size="9"')}`;
  });
  const height = bottom + 130;
  const title = `A step of small, batch ${BATCH}, as planned: ${dispatches.length} launches; ${temporaries} temporaries in ${buffers} buffers`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${right + 12} ${height}" width="${right + 12}" height="${height}" font-family="DejaVu Sans, Verdana, sans-serif" font-size="10" fill="${INK}">
<title>${escapeXml(title)}</title>
<rect width="100%" height="100%" fill="#fff"/>
${text(LEFT, 18, title, 'font-size="12" font-weight="bold"')}
${[...legend, ...rows, ...brackets, ...bars(plan), ...grid].join("\n")}
</svg>
`;
}
