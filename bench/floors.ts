// `npm run bench -- floors`: how fast a training step could be on a GPU of given peak and bandwidth, computed from the
// plan that would run there. Nothing runs: the plan is made on Dawn's null backend.
import { chosenRecipe, type RecipeFlags } from "../src/runs/config.ts";
import { titleOf } from "../src/runs/constants.ts";
import type { Recipe } from "../src/gan/recipe.ts";
import { explainPlan, type ExplainedDispatch } from "../src/gpu/inspection/explain.ts";
import { openDevice } from "../src/gpu/device.ts";
import { openAdapter, shaderText } from "../src/gpu/node/adapter.ts";
import { planTrace } from "../src/gpu/plan.ts";
import { floorOf, groupBy, sumFloors, type Ceilings } from "../src/gpu/inspection/roofline.ts";
import { textTable } from "../src/gpu/text-table.ts";
import { trainingStep } from "../src/gan/step.ts";
import { benchGan } from "./gan.ts";

/** The flags of `floors`. */
export interface FloorFlags extends RecipeFlags {
  readonly batch: number;
  /** Operations per second. */
  readonly peak: number;
  /** Bytes per second. */
  readonly bandwidth: number;
  /** Microseconds between two dispatches. */
  readonly launch: number;
}

/** Returns the plan of a recipe's step as a GPU would run it. */
async function gpuPlan(recipe: Recipe, batch: number): Promise<readonly ExplainedDispatch[]> {
  const { adapter, release } = await openAdapter("null");
  const device = await openDevice({ adapter, shaderText, software: false });
  try {
    const gan = benchGan(device, recipe, batch);
    const outputs: ReturnType<typeof trainingStep>[] = [];
    const trace = device.record("step", () => outputs.push(trainingStep(gan, batch)));
    const plan = planTrace(trace, Object.values(outputs[0]!), {
      share: true,
      available: [],
      mostBytes: device.gpu.limits.maxBufferSize,
    });
    return explainPlan("step", plan, { state: 0, temporaries: 0 }).dispatches;
  } finally {
    device.destroy();
    release(device.gpu.lost);
  }
}

const us = (seconds: number): string => (seconds * 1e6).toFixed(1);

/** Prints one line per kernel and shape, with its number of launches, the longest floors first; then the sums. */
export async function floorsCommand(flags: FloorFlags): Promise<void> {
  const { batch, peak, bandwidth, launch } = flags;
  const chosen = await chosenRecipe(flags);
  const recipe = titleOf(chosen);
  const ceilings: Ceilings = { flops: peak, bandwidth };
  const plan = await gpuPlan(chosen, batch);
  const shapesOf = ({ results }: ExplainedDispatch): string =>
    results.map(({ shape }) => `(${shape.join(", ")})`).join(" ");
  const groups = groupBy(plan, (each) =>
    [each.label, shapesOf(each), ...each.workgroups].join(" "),
  );
  const rows = groups
    .map((own) => ({
      one: own[0]!,
      times: own.length,
      floor: sumFloors(own.map((each) => floorOf(each, ceilings))),
    }))
    .toSorted((a, b) => b.floor.seconds - a.floor.seconds);
  const columns = [
    { title: "kernel" },
    { title: "result" },
    { title: "times", numeric: true },
    { title: "workgroups" },
    { title: "MFLOP", numeric: true },
    { title: "done", numeric: true },
    { title: "MB", numeric: true },
    { title: "FLOP/byte", numeric: true },
    { title: "floor µs", numeric: true },
    { title: "bound by" },
  ];
  const cells = rows.map(({ one, times, floor }) => {
    const bytes = one.bytesRead + one.bytesWritten;
    return [
      one.label,
      shapesOf(one),
      String(times),
      one.workgroups.join("×"),
      (one.flop / 1e6).toFixed(1),
      one.done === undefined ? "" : (one.done / one.flop).toFixed(2),
      (bytes / 1e6).toFixed(2),
      (one.flop / bytes).toFixed(1),
      us(floor.seconds),
      floor.bound,
    ];
  });
  const floors = sumFloors(rows.map(({ floor }) => floor));
  const launches = (plan.length * launch) / 1e6;
  const arithmetic = rows.filter(({ floor }) => floor.bound === "arithmetic");
  const bound = sumFloors(arithmetic.map(({ floor }) => floor)).seconds;
  console.log(`${recipe}, batch ${batch}, ${peak / 1e12} TFLOP/s, ${bandwidth / 1e9} GB/s`);
  for (const line of textTable(columns, cells)) console.log(line);
  console.log(
    `
Floor ${us(floors.seconds)} µs per step: ${us(bound)} bound by arithmetic, ${us(floors.seconds - bound)} by memory; ${plan.length} launches at ${launch} µs add ${us(launches)} more`,
  );
}
