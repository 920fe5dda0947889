// How long a comparison still takes: the steps that are left, and the judgings, at the speed measured so far.

/** What is left of a run. */
export interface RunWork {
  /** The entry's name. */
  readonly entry: string;
  /** Minutes or steps. */
  readonly left: number;
  /** Judgings during the run; one more follows at its end. */
  readonly points: number;
}

/** Estimates the time that a comparison still takes. */
export interface Forecast {
  /** Says what is left of a run, by its name; undefined if nothing is. */
  readonly at: (run: string, work: RunWork | undefined) => void;
  /** Says how long a judging took, in seconds. */
  readonly judged: (seconds: number) => void;
  /** Says how long the end of a run took: its evaluation and pictures, in seconds. */
  readonly ended: (seconds: number) => void;
  /** Says how long a step of an entry takes, in seconds. Without any, what is left are minutes. */
  readonly pace: (entry: string, secondsPerStep: number) => void;
  /** Returns the seconds of steps that are left, and of everything. */
  readonly left: () => { readonly steps: number; readonly all: number };
}

/** The end of a run judges twice as many samples, all pairs of them, draws pictures and asks the second judge. */
const END_IN_POINTS = 8;

/** Returns the lower of the values in the middle: the first judgings, in which kernels are compiled, don't count much. */
const usual = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)]!;

/** Makes a forecast from a first guess of how long a judging takes, in seconds. */
export function createForecast(secondsPerPoint: number): Forecast {
  const runs = new Map<string, RunWork>();
  const paces = new Map<string, number>();
  const points = [secondsPerPoint];
  const ends: number[] = [];
  return {
    at(run, work) {
      if (work) runs.set(run, work);
      else runs.delete(run);
    },
    judged: (seconds) => void points.push(seconds),
    ended: (seconds) => void ends.push(seconds),
    pace: (entry, seconds) => void paces.set(entry, seconds),
    left() {
      const point = usual(points);
      const end = ends.length > 0 ? usual(ends) : END_IN_POINTS * point;
      const other = paces.size > 0 ? usual([...paces.values()]) : 60; // of entries that weren't timed yet
      let [steps, judging] = [0, 0];
      for (const work of runs.values()) {
        steps += work.left * (paces.get(work.entry) ?? other);
        judging += work.points * point + end;
      }
      return { steps, all: steps + judging };
    },
  };
}
