// What a comparison decides in the place of a run's flags: the recipe, how far it goes, when it is judged, and how its
// progress is shown. Without a course, a run follows its flags.
import type { Gan } from "../../gan/gan.ts";
import type { Recipe } from "../../gan/recipe.ts";
import type { StepPrograms } from "../../gan/train-steps.ts";
import type { StepsOptions } from "../../nn/train-loop.ts";
import type { EvaluationRow } from "../evaluation/evaluating.ts";
import type { ProgressView } from "../progress.ts";
import type { RunFolder } from "../run-folder.ts";

/** How a run is driven. */
export interface Course {
  readonly recipe: Recipe;
  /** Samples to judge each time. */
  readonly count: number;
  /** Begins a stretch of the run after step `from`. A run whose device is lost has several stretches. */
  readonly begin: (of: StretchParts) => Stretch;
}

/** What a stretch of a run has when it begins. */
export interface StretchParts {
  readonly folder: RunFolder;
  /** Steps that are already done. */
  readonly from: number;
  readonly gan: Gan;
  readonly programs: StepPrograms;
}

/** The part of a run between two starts. */
export interface Stretch {
  readonly view: ProgressView;
  /** Returns the steps with their time counted, and with reports where the run is to be judged. */
  readonly timed: <V>(steps: StepsOptions<V>) => StepsOptions<V>;
  /** Whether the run is to be judged at this step, which was just reported. */
  readonly isDue: (step: number) => boolean;
  /** Receives what was found; undefined if the samples aren't finite. */
  readonly judged: (step: number, row: EvaluationRow | undefined) => void;
  /** Whether the run has gone as far as it should. */
  readonly isOver: () => boolean;
  /** Called before a checkpoint of this step is saved. */
  readonly saving: (step: number) => void;
}
