// What the lab tells the page without being asked.
import type { StepRecord } from "../../src/gan.ts";

/** What a run is doing. */
export type RunState = "none" | "preparing" | "running" | "paused" | "done" | "failed";

/** Something that happened in the lab. */
export type LabEvent =
  | {
      readonly type: "state";
      readonly state: RunState;
      /** What is being done or was done, in a sentence. */
      readonly text: string;
    }
  | PlanEvent
  | {
      readonly type: "progress";
      readonly step: number;
      /** Of the steps since the last such event. */
      readonly records: readonly StepRecord[];
      /** Undefined until steps can be timed: the first ones compile. */
      readonly imagesPerSecond: number | undefined;
    }
  | FrameEvent
  | {
      readonly type: "loading";
      readonly what: string;
      readonly done: number;
      readonly total: number;
    }
  /** Kernels were tuned: a text to keep under the adapter's name. */
  | { readonly type: "tuned"; readonly adapter: string; readonly text: string }
  | KeptEvent
  /** The run isn't kept, or no longer; `text` says why, in sentences. */
  | { readonly type: "unkept"; readonly text: string }
  /** The GPU was lost, and the lab opened it again; `text` says what became of the run. */
  | { readonly type: "lost"; readonly text: string };

/** A run as it will be. */
export interface PlanEvent {
  readonly type: "plan";
  readonly images: number;
  readonly batch: number;
  readonly stepsPerEpoch: number;
  /** Steps in all. */
  readonly steps: number;
  /** Steps that were done before. */
  readonly from: number;
  /** The records of those steps; fewer if they were lost. */
  readonly records: readonly StepRecord[];
  /** Dispatches per step. */
  readonly dispatches: number;
  /** Bytes on the device. */
  readonly bytes: number;
}

/** The run was saved in the browser. */
export interface KeptEvent {
  readonly type: "kept";
  readonly id: string;
  readonly step: number;
  /** When, in milliseconds since 1970. */
  readonly saved: number;
}

/** Samples were drawn and kept for the timeline. */
export interface FrameEvent {
  readonly type: "frame";
  readonly step: number;
  /** How many frames there are now. */
  readonly frames: number;
}

/** The adapter, as the page describes it. */
export interface AdapterFacts {
  readonly name: string;
  readonly line: string;
  readonly software: boolean;
  /** Whether canvases show what WebGPU draws. */
  readonly presents: boolean;
}
