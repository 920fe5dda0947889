// Draws a walk through a run's latent space for `longhand interpolate`.
import { writeFileAtomic } from "../../checkpoint/files.ts";
import { drawWalk } from "../../runs/interpolation.ts";
import { withTrainedRun } from "../../runs/trained-models.ts";
import { print } from "../../terminal/print.ts";
import { terminal } from "../../terminal/ui.ts";
import type { InterpolateFlags } from "../commands/interpolate.ts";

/** A walk whose flags were checked. */
export interface Walk {
  readonly seeds: readonly number[];
  /** Steps from one seed to the next. */
  readonly steps: number;
  /** The strip's file. */
  readonly out: string;
}

/** Walks from seed to seed, and writes a strip with one row per leg and a GIF that loops. */
export async function interpolate(
  run: string,
  { seeds, steps, out }: Walk,
  flags: InterpolateFlags,
): Promise<void> {
  await withTrainedRun(terminal, run, flags, async (models) => {
    const bars = terminal.bars("{bar} {value}/{total} legs");
    const bar = bars?.create(1, 0);
    const onLeg = (done: number, total: number): void => {
      bar?.setTotal(total);
      bar?.update(done);
    };
    const { digit } = flags;
    const drawing = drawWalk(models, { seeds, steps, digit, onLeg });
    const { png, gif, frames, legs } = await drawing.finally(() => bars?.stop());
    writeFileAtomic(out, png);
    const stops = [...seeds, ...(legs > 1 ? [seeds[0]] : [])].join(" to ");
    print(`${out} (seeds ${stops}: one row per leg, ${steps + 1} images each)`);
    const loop = out.replace(/\.png$/, ".gif");
    writeFileAtomic(loop, gif);
    print(`${loop} (${frames} frames, in a loop)`);
  });
}
