// Checks that all contestants train the same model. From the same weights, on the same images and latents and without
// dropout, their losses over three steps and the norms of all gradients must agree.
import type { CheckInput } from "./contestants/contestant.ts";
import type { ContestantName, Report } from "./contestants/messages.ts";
import { DISCRIMINATOR, drawBatch, GENERATOR, uniforms } from "./contestants/weights.ts";
import { GpuError } from "../src/gpu/errors.ts";

/** Images per step of the check. */
export const CHECK_BATCH = 2;
const STEPS = 3;
/** Adam divides by the root of a gradient's square, so different rounding moves weights near 0 apart. */
const TOLERANCE = 1e-3;

/** How far apart the contestants were. */
export interface CheckResult {
  readonly line: string;
  /** Largest relative difference from Longhand's losses and gradient norms, by contestant. */
  readonly worst: Readonly<Record<string, number>>;
}

/**
 * Runs Longhand first, which draws its own latents, and then the others with the same ones. Throws `GpuError` if one
 * differs by more than a thousandth.
 */
export async function compareRuns(
  names: readonly ContestantName[],
  run: (name: ContestantName, input: CheckInput) => Promise<readonly Report[]>,
): Promise<CheckResult> {
  const bytes = drawBatch(CHECK_BATCH, uniforms(7)).images.map((value) =>
    Math.round((value + 1) * 127.5),
  );
  const images = [...bytes].map((byte) => byte / 127.5 - 1);
  const own = await run("longhand", { images, latents: Array.from({ length: STEPS }, () => []) });
  const latents = own.at(-1)!.drawnLatents;
  const worst: Record<string, number> = {};
  for (const name of names.filter((each) => each !== "longhand")) {
    const reports = await run(name, { images, latents });
    worst[name] = reports.reduce(
      (largest, report, step) => Math.max(largest, difference(name, step, report, own[step]!)),
      0,
    );
  }
  const words = Object.entries(worst).map(([name, value]) => `${name} ${value.toExponential(0)}`);
  const fell = [own[0]!, own.at(-1)!].map(({ lossD }) => lossD.toFixed(3)).join(" → ");
  const line = `The same model: losses and gradient norms of ${STEPS} steps from equal weights, at batch ${CHECK_BATCH} without dropout, differ from Longhand's by at most ${words.join(", ")} of their size (loss D ${fell}).`;
  return { line, worst };
}

/**
 * Returns the largest relative difference between two reports of one step. Throws `GpuError` if it exceeds the
 * tolerance.
 */
function difference(name: string, step: number, report: Report, own: Report): number {
  const parameters = [
    ...GENERATOR.map((spec) => `generator's ${spec.name}`),
    ...DISCRIMINATOR.map((spec) => `discriminator's ${spec.name}`),
  ];
  const pairs: [string, number | undefined, number][] = [
    ["loss D", report.lossD, own.lossD],
    ["loss G", report.lossG, own.lossG],
    ...own.gradientNorms.map((norm, i): [string, number | undefined, number] => [
      `gradient norm of the ${parameters[i]}`,
      report.gradientNorms[i],
      norm,
    ]),
  ];
  return pairs.reduce((largest, [what, theirs, ours]) => {
    const relative = Math.abs((theirs ?? Number.NaN) - ours) / Math.abs(ours);
    if (!(relative <= TOLERANCE)) {
      throw new GpuError(
        `check: step ${step + 1}, ${what}: ${name} has ${theirs}, Longhand ${ours}; they don't train the same model`,
      );
    }
    return Math.max(largest, relative);
  }, 0);
}
