// What the page and the lab tell each other about kept runs.
import type { StoredRun } from "../../src/web.ts";
import type { Settings } from "../state/settings.ts";
import type { Dropped } from "./images.ts";

/** A kept run, as the page lists it. */
export interface KeptFacts extends Pick<StoredRun, "id" | "step" | "saved"> {
  readonly recipe: string;
  readonly seed: number;
  readonly batch: number;
  readonly stepsPerEpoch: number;
  /** Whether a tab has it: this one or another. */
  readonly isOpen: boolean;
}

/** A file to take along. */
export interface TakenFile {
  readonly name: string;
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A run that goes on. */
export interface Resumed {
  readonly settings: Settings;
  readonly step: number;
  /** What a person should know, in sentences. */
  readonly notes: readonly string[];
}

/** What the page may ask for. */
export interface KeepMethods {
  /** Lists the runs that this browser keeps, the last one first. Rejects if it keeps none for this page. */
  keptRuns(): Promise<readonly KeptFacts[]>;
  /** Saves the run in training: with its next report, or right away if it is paused. */
  keepNow(): Promise<void>;
  /** Goes on with a kept run; it is then paused. `base` is the page's address. */
  resume(id: string, base: string): Promise<Resumed>;
  /** Goes on with a run whose folder or .zip was dropped; it is then paused, and kept. */
  adopt(files: readonly Dropped[], base: string): Promise<Resumed>;
  /** Deletes a kept run. */
  forget(id: string): Promise<void>;
  /** Returns a run's folder as a .zip: without an `id`, that of the run in training. */
  runZip(id?: string): Promise<TakenFile>;
  /** Returns the newest samples of the timeline as a PNG. */
  samplesPng(): Promise<TakenFile>;
  /** Returns the timeline as a GIF. */
  timelineGif(): Promise<TakenFile>;
  /** Returns the losses of all steps, as JSON lines. */
  lossesFile(): Promise<TakenFile>;
}
