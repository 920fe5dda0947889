// The course of one run of a comparison: it goes on until its time is up, and is judged at each mark.
import { existsSync } from "node:fs";
import { readJsonl } from "../../checkpoint/jsonl.ts";
import type { Recipe } from "../../gan/recipe.ts";
import { programOf, type Progress } from "../../gan/train-steps.ts";
import { formatDuration } from "../../gpu/duration.ts";
import { DivergedError } from "../../gpu/errors.ts";
import type { ProgressView } from "../progress.ts";
import type { Course } from "../training/course.ts";
import type { Goal } from "./plan.ts";
import { markAt, progressIn } from "./run-state.ts";
import { createStepClock, readClock } from "./step-clock.ts";

/** Where a run's course is told of. */
export interface CourseEvents {
  /** Prints a line about the run; `at` says how far it is. */
  readonly say: (at: string, line: string) => void;
  /** Called with each report: how far the run is, in the goal's unit. */
  readonly progress: (done: number, progress: Progress, secondsPerStep: number) => void;
  /** Called after a judging, with how far the run is and how long the judging took, in seconds. */
  readonly judged: (done: number, seconds: number) => void;
}

/** What a course needs to know. */
export interface CourseParts {
  readonly recipe: Recipe;
  readonly goal: Goal;
  /** Samples per judging. */
  readonly count: number;
  readonly events: CourseEvents;
}

/** Returns the course of a run. */
export function courseOf({ recipe, goal, count, events }: CourseParts): Course {
  return {
    recipe,
    count,
    begin({ folder, from, gan, programs }) {
      const { plan, device } = gan;
      const clock = createStepClock({
        run: folder.path,
        from,
        programOf: (step) => programOf(programs, plan, step),
        idle: async () => device.idle(),
      });
      const done = (step: number): number => progressIn(goal, step, clock.seconds());
      const nextMark = (last: number | undefined): number | undefined =>
        goal.marks.find((mark) => last === undefined || mark > last);
      let next = nextMark(lastJudged(folder, goal));
      let began = 0; // of a judging
      const start = clock.seconds();
      const view: ProgressView = {
        say: (line) => events.say(formatDuration(clock.seconds()), line),
        update(progress) {
          const { step } = progress;
          const secondsPerStep = (clock.seconds() - start) / (step - from - 1); // the first isn't timed
          events.progress(done(step), progress, secondsPerStep);
        },
        stop: () => undefined,
      };
      return {
        view,
        timed: (steps) => {
          const pace = goal.unit === "steps" ? [goal.marks[0]!] : [];
          return clock.timed({ ...steps, reportEvery: [...listOf(steps.reportEvery), ...pace] });
        },
        isDue(step) {
          const due = next !== undefined && done(step) >= next;
          if (due) began = performance.now();
          return due;
        },
        judged(step, row) {
          if (!row)
            throw new DivergedError(`Step ${step}: the samples hold values that aren't finite`);
          clock.write(step);
          next = nextMark(markAt(goal, step, clock.seconds()));
          events.judged(done(step), (performance.now() - began) / 1000);
        },
        isOver: () => goal.unit === "minutes" && done(0) >= goal.amount,
        saving: clock.write,
      };
    },
  };
}

const listOf = (every: number | readonly number[] | undefined): readonly number[] =>
  every === undefined ? [] : typeof every === "number" ? [every] : every;

/** Returns the last mark that a run was judged at, by its log; undefined if it wasn't. */
function lastJudged(
  { path, evaluations }: { readonly path: string; readonly evaluations: string },
  goal: Goal,
): number | undefined {
  const last = existsSync(evaluations) ? readJsonl(evaluations).at(-1)?.step : undefined;
  const seconds = typeof last === "number" ? readClock(path).get(last) : undefined;
  return typeof last === "number" && seconds !== undefined
    ? markAt(goal, last, seconds)
    : undefined;
}
