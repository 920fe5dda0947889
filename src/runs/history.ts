// The losses of all steps of a run, for its plot. They are kept as four floats per step, as on the device, rather than
// as objects.
import type { StepRecord } from "../gan/train-steps.ts";

const COLUMNS = ["lossD", "lossG", "dReal", "dFake"] as const;

/** The records of a run's steps from 1 on. */
export interface History {
  /** Adds the records of the next steps. */
  readonly add: (records: readonly StepRecord[]) => void;
  /** Returns all records, as they were added. */
  readonly records: () => StepRecord[];
}

/** Creates a history that begins with `earlier`. Its first step may be later than 1 if a log was moved away. */
export function createHistory(earlier: readonly StepRecord[], stepsPerEpoch: number): History {
  let values = new Float32Array(Math.max(1024, 2 * COLUMNS.length * earlier.length));
  let count = 0;
  let first = 1;
  const history: History = {
    add(records) {
      for (const record of records) {
        if (count === 0) first = record.step;
        if (COLUMNS.length * (count + 1) > values.length) {
          const longer = new Float32Array(2 * values.length);
          longer.set(values);
          values = longer;
        }
        COLUMNS.forEach((name, column) => {
          values[COLUMNS.length * count + column] = record[name];
        });
        count += 1;
      }
    },
    records: () =>
      Array.from({ length: count }, (_, index) => {
        const [lossD, lossG, dReal, dFake] = values.subarray(
          COLUMNS.length * index,
          COLUMNS.length * (index + 1),
        );
        const step = first + index;
        const epoch = Math.floor((step - 1) / stepsPerEpoch) + 1;
        return { step, epoch, lossD: lossD!, lossG: lossG!, dReal: dReal!, dFake: dFake! };
      }),
  };
  history.add(earlier);
  return history;
}
