// The child process of compile-ahead.ts: runs the kernels of a step on grey images, the last first. It writes nothing.
import { createGan } from "../../gan/gan.ts";
import { standIns } from "../../gan/stand-in.ts";
import { compileSteps } from "../../gan/train-steps.ts";
import { useChoices } from "../../kernels/variant.ts";
import { open } from "../../node.ts";
import { recipeIn } from "../run-record.ts";
import type { AheadTask } from "./compile-ahead.ts";

process.once("disconnect", () => process.exit());
process.once("message", (task: AheadTask) => {
  compile(task).then(
    () => process.exit(),
    () => process.exit(1), // the parent compiles by itself, and says what is wrong
  );
});

async function compile(task: AheadTask): Promise<void> {
  const { batch, activationType, choices, height, width } = task;
  const { device } = await open(task.adapter, { limits: "adapter" });
  useChoices(device, choices);
  const recipe = recipeIn(task, "the parent's task");
  const images = standIns(recipe, batch, { height, width });
  const gan = createGan(device, recipe, images, { seed: 0, batch, activationType });
  const { full } = await compileSteps(gan);
  for (let index = full.plan.dispatches.length - 1; index >= 0; index -= 1) {
    const encoder = device.gpu.createCommandEncoder();
    const pass = encoder.beginComputePass();
    full.encode(pass, index);
    pass.end();
    device.gpu.queue.submit([encoder.finish()]);
    await device.settle("compile ahead", device.gpu.queue.onSubmittedWorkDone());
  }
}
