// Measures which variant of each kernel of a recipe's step is fastest on an adapter, and keeps the results.
import { type Variant } from "../kernels/variant.ts";
import { standInTraining } from "../gan/memory.ts";
import type { Recipe } from "../gan/recipe.ts";
import { stepWorkloads } from "../gan/tune.ts";
import type { Device } from "../gpu/device.ts";
import type { OpenedAdapter } from "../gpu/node/adapter.ts";
import { tune, type Tuned } from "../kernels/autotune.ts";
import { loadKernelChoices, saveKernelChoices } from "./kernel-choices.ts";
import { formatDuration } from "../gpu/duration.ts";
import { limitsFor, withDevice } from "./session.ts";
import type { Ui } from "./ui.ts";

/** What to tune, and for how long. */
export interface TuneRequest {
  readonly recipe: Recipe;
  readonly batch: number;
  readonly adapter?: string | undefined;
  readonly budget: number;
  /** Measure again if everything was measured before. */
  readonly again: boolean;
}

/**
 * Measures every workload without a stored result, on its own device. Stores each result as it comes, so that an
 * interruption loses none.
 */
export async function tuneRecipe(ui: Ui, request: TuneRequest): Promise<void> {
  const { print } = ui;
  const { recipe, batch, budget, again } = request;
  const measure = async (device: Device, { name, line }: OpenedAdapter): Promise<void> => {
    const { choices, trouble } = await loadKernelChoices(name);
    const uses = [...(await stepWorkloads(device, recipe, batch)).values()];
    const fresh = uses.filter(({ workload }) => choices[workload.key] === undefined);
    if (fresh.length === 0 && !again) return;
    if (again) print(line);
    if (trouble !== undefined) print(`Tuning again: ${trouble}`);
    const chosen = fresh.length === 0 ? uses : fresh;
    const measured =
      fresh.length === 0
        ? ", all of them measured before"
        : fresh.length < uses.length
          ? `; the other ${uses.length - fresh.length} were measured before`
          : "";
    print(
      `Tuning recipe ${recipe.name} at batch ${batch}: kernels at ${chosen.length} shapes${measured}; at most ${formatDuration(budget)}. Nothing else should run meanwhile.`,
    );
    const answers = new Map<string, Variant>(Object.entries(choices));
    const view = createView(ui, answers);
    let path: string | undefined;
    const began = performance.now();
    let results: readonly Tuned[];
    try {
      results = await tune(device, chosen, {
        budget,
        onProgress: view.progress,
        async onResult(tuned) {
          const reached = tuned.candidates.some(({ milliseconds }) => milliseconds !== undefined);
          if (reached) view.say(...describe(tuned));
          if (tuned.chosen === undefined) return;
          answers.set(tuned.workload.key, tuned.chosen);
          path = await saveKernelChoices(name, Object.fromEntries(answers));
        },
      });
    } finally {
      view.stop();
    }
    print(...summary(results, (performance.now() - began) / 1000, path));
  };
  await withDevice(request.adapter, measure, limitsFor([standInTraining(recipe, batch)]));
}

/** Returns a workload's candidates, one per line: `→` marks the one that runs from now on, `*` the default. */
function describe({ workload, times, candidates, standard, chosen }: Tuned): string[] {
  const lines = candidates.map(({ variant, milliseconds, ratio, remark }) => {
    const marks = `${variant === chosen ? "→" : " "}${variant === standard ? "*" : " "}`;
    const time = milliseconds === undefined ? "" : `${milliseconds.toFixed(3)} ms`;
    const relative = ratio === undefined ? "" : `× ${ratio.toFixed(2)}`;
    const cells = [marks, variant.padEnd(9), time.padStart(12), relative.padEnd(8), remark ?? ""];
    return `  ${cells.join("  ").trimEnd()}`;
  });
  const often = times === 1 ? "once" : `${times} times`;
  return [`${workload.key} (${often} per step)`, ...lines];
}

/** Sums up the results of tuning in a few lines. */
function summary(results: readonly Tuned[], seconds: number, path: string | undefined): string[] {
  const answered = results.filter(({ chosen }) => chosen !== undefined);
  const changed = answered.filter(({ chosen, standard }) => chosen !== standard);
  const wrong = results.flatMap(({ workload, candidates }) =>
    candidates.flatMap(({ variant, remark = "" }) =>
      remark.startsWith("wrong") ? [`${variant} of ${workload.kernel}`] : [],
    ),
  );
  const saved = (of: "standard" | "chosen"): number =>
    changed.reduce((sum, each) => {
      const found = each.candidates.find(({ variant }) => variant === each[of]);
      return sum + (found?.milliseconds ?? 0) * each.times;
    }, 0);
  const gain =
    changed.length > 0
      ? `: they take ${saved("chosen").toFixed(1)} ms per step instead of ${saved("standard").toFixed(1)} ms`
      : "";
  const missing = results.length - answered.length;
  return [
    `A kernel other than the default was faster at ${changed.length} of ${answered.length} shapes${gain}. (→ runs from now on, * is the default; ${formatDuration(seconds)})`,
    ...(wrong.length > 0
      ? [`Wrong results, so never used: ${[...new Set(wrong)].join(", ")}.`]
      : []),
    ...(missing > 0
      ? [
          `There was no time left for ${missing} shapes, which keep the default; run the command again to measure them.`,
        ]
      : []),
    ...(path === undefined ? [] : [`New runs on this adapter use these results. Kept in ${path}`]),
  ];
}

interface View {
  readonly progress: NonNullable<Parameters<typeof tune>[2]["onProgress"]>;
  readonly say: (...lines: readonly string[]) => void;
  readonly stop: () => void;
}

/** Shows a bar in a terminal, and the results above it. Ctrl-C ends the process, and the bar with it. */
function createView(ui: Ui, answers: ReadonlyMap<string, Variant>): View {
  const bars = ui.bars("{bar} {value}/{total} shapes | {now}");
  const bar = bars?.create(1, 0, { now: "compiling" });
  const leave = ui.stopAtOnce(() => {
    bars?.stop();
    ui.print(`Stopped; ${answers.size} shapes have been measured so far, and are kept.`);
  });
  return {
    progress(done, total, now) {
      bar?.setTotal(total);
      bar?.update(done, { now: now?.workload.key ?? "done" });
    },
    say(...lines) {
      if (bars) for (const line of lines) bars.say(line);
      else ui.print(...lines);
    },
    stop() {
      leave();
      bars?.stop();
    },
  };
}
