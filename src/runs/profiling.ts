// Where a step's time goes: measured and compared with the adapter's ceilings, as a table and as a picture.
import type { Device } from "../gpu/device.ts";
import { profile, type Profile, type ProfileOptions } from "../gpu/inspection/profile.ts";
import type { Program } from "../gpu/program.ts";
import { roofline, type Ceilings, type RooflineRow } from "../gpu/inspection/roofline.ts";
import { textTable } from "../gpu/text-table.ts";
import { measureCeilings } from "../kernels/ceilings.ts";
import { rooflinePicture } from "../pictures/roofline.ts";
import type { Bar, Ui } from "./ui.ts";

/** A step's profile, and the ceilings of its adapter. */
export interface StepProfile {
  readonly adapter: string;
  readonly ceilings: Ceilings;
  readonly profile: Profile;
  /** By kernel, the longest first. */
  readonly kernels: readonly RooflineRow[];
}

const CEILING_ROUNDS = 16; // the fastest counts

/**
 * Measures the ceilings, then the program. The program's state is restored afterwards. Shows a bar in a terminal.
 * Throws `GpuError`.
 */
export async function profileStep(
  ui: Pick<Ui, "bars">,
  device: Device,
  program: Program,
  adapter: string,
  options: Omit<ProfileOptions, "onRound"> = {},
): Promise<StepProfile> {
  const bars = ui.bars("profiling {bar} round {value}/{total}");
  let bar: Bar | undefined;
  try {
    const ceilings = await measureCeilings(device, { ...options, rounds: CEILING_ROUNDS });
    const measured = await profile(device, program, {
      ...options,
      onRound(done, total) {
        bar ??= bars?.create(total, 0);
        bar?.update(done);
      },
    });
    const kernels = roofline(measured, ceilings);
    return { adapter, ceilings, profile: measured, kernels };
  } finally {
    bars?.stop();
  }
}

const ms = (seconds: number): string => (seconds * 1e3).toPrecision(4);
const giga = (rate: number): string => (rate > 0 ? (rate / 1e9).toPrecision(3) : "–");
const percent = (part: number): string => `${(part * 100).toFixed(1)} %`;

const ROW_COLUMNS = [
  { title: "ms", numeric: true },
  { title: "share", numeric: true },
  { title: "MFLOP", numeric: true },
  { title: "MB", numeric: true },
  { title: "FLOP/byte", numeric: true },
  { title: "GFLOP/s", numeric: true },
  { title: "GB/s", numeric: true },
  { title: "of ceiling", numeric: true },
  { title: "bound by" },
];

function cellsOf(row: RooflineRow): readonly string[] {
  return [
    ms(row.seconds),
    percent(row.share),
    row.flop > 0 ? (row.flop / 1e6).toFixed(1) : "–",
    (row.bytes / 1e6).toFixed(2),
    row.flop > 0 ? (row.flop / row.bytes).toFixed(1) : "–",
    giga(row.flops),
    giga(row.bandwidth),
    percent(row.floor.seconds / row.seconds),
    row.floor.bound,
  ];
}

/** Says in one line how a step was timed. */
function methodOf({ method, rounds }: Profile): string {
  return method === "timestamps"
    ? `One pass per dispatch, timed by timestamps; medians of ${rounds} rounds.`
    : `This device has no timestamps: each dispatch was repeated in its own submit and timed by the host's clock; medians of ${rounds} rounds.`;
}

/** Sums up a profile in three lines: the ceilings, the totals, and how close the step is to its floor. */
function summaryOf({ ceilings, profile: measured, kernels }: StepProfile): readonly string[] {
  const { seconds, stepSeconds, stepRange } = measured;
  const floor = kernels.reduce((sum, row) => sum + row.floor.seconds, 0);
  return [
    `Ceilings measured here: ${giga(ceilings.flops)} GFLOP/s of bare multiply-adds, ${giga(ceilings.bandwidth)} GB/s of copying`,
    `Kernels one by one: ${ms(seconds)} ms in ${measured.dispatches.length} dispatches; the same step in one pass: ${ms(stepSeconds)} ms (${stepRange.map(ms).join(" to ")})`,
    `At those ceilings, their arithmetic and traffic take ${ms(floor)} ms: ${percent(floor / stepSeconds)} of the one-pass step`,
  ];
}

/** Returns the roofline table: kernels by time, or with `each` the dispatches in order. */
export function profileTable(step: StepProfile, options: { readonly each?: boolean } = {}): string {
  const { profile: measured, ceilings, kernels } = step;
  const lines = options.each
    ? textTable(
        [{ title: "", numeric: true }, { title: "dispatch" }, { title: "result" }, ...ROW_COLUMNS],
        measured.dispatches.map((each) => {
          const [row] = roofline({ ...measured, dispatches: [each] }, ceilings);
          const shapes = each.results.map(({ shape }) => `(${shape.join(", ")})`).join(" ");
          return [String(each.index), each.label, shapes, ...cellsOf(row!)];
        }),
      )
    : textTable(
        [{ title: "kernel" }, { title: "launches", numeric: true }, ...ROW_COLUMNS],
        kernels.map((row) => [row.label, String(row.launches), ...cellsOf(row)]),
      );
  return [...lines, "", ...summaryOf(step), methodOf(measured)].join("\n");
}

/** Returns the same as a standalone SVG. */
export function profilePicture(step: StepProfile, title: string): string {
  const { profile: measured, ceilings, kernels, adapter } = step;
  return rooflinePicture(kernels, ceilings, {
    title,
    aside: `${ms(measured.stepSeconds)} ms per step`,
    notes: [`${adapter}. ${methodOf(measured)}`, ...summaryOf(step).slice(1)],
  });
}
