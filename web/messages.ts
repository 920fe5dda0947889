// The messages between the page and its worker. A worker serves one run; to stop it, the page terminates it.

import type { StepRecord } from "../src/gan/train-steps.ts";
import type { GrayImage } from "../src/pictures/grid.ts";
import type { Phase } from "../src/gpu-check/phases.ts";
import type { Settings } from "./settings.ts";

/** From the page: train. */
export interface StartMessage {
  readonly settings: Settings;
  /** Address of the IDX file with the images. */
  readonly images: string;
  /** Address of the IDX file with their labels, which recipes with classes need. */
  readonly labels: string;
  /** What was tuned in this browser before, by adapter name. */
  readonly stored: Readonly<Record<string, string>>;
}

/** From the worker. */
export type WorkerMessage =
  | AdapterMessage
  | PhaseMessage
  | PlanMessage
  | TunedMessage
  | SamplesMessage
  | ProgressMessage
  | { readonly type: "done" }
  | { readonly type: "error"; readonly message: string };

/** The adapter is open. Sent once, before anything else. */
export interface AdapterMessage {
  readonly type: "adapter";
  readonly name: string;
  readonly line: string;
  readonly software: boolean;
}

/** What is being done before the first step, in a few words. */
export interface PhaseMessage {
  readonly type: "phase";
  readonly text: string;
}

/** Some kernels have been tuned: a text to store under the adapter's name. */
export interface TunedMessage {
  readonly type: "tuned";
  readonly adapter: string;
  readonly text: string;
}

/** The run as it will be. Sent before the first step. */
export interface PlanMessage {
  readonly type: "plan";
  readonly images: number;
  readonly batch: number;
  readonly stepsPerEpoch: number;
  /** Steps in all. */
  readonly steps: number;
}

/** The grid of samples that the generator draws after `step` steps. */
export interface SamplesMessage {
  readonly type: "samples";
  readonly step: number;
  readonly grid: GrayImage;
}

/** The steps done since the last such message. */
export interface ProgressMessage {
  readonly type: "progress";
  readonly records: readonly StepRecord[];
  readonly imagesPerSecond: number;
}

/** From the page: check the adapter. */
export interface CheckRequest {
  /** The most seconds to take. */
  readonly seconds: number;
}

/** From the worker that checks the adapter. */
export type CheckMessage =
  | {
      readonly type: "progress";
      readonly phase: Phase;
      readonly done: number;
      readonly total: number;
      /** What is being done, such as an op's case. */
      readonly now: string;
    }
  | {
      readonly type: "checked";
      /** The text of `gpu-check.json`. */
      readonly report: string;
      /** Markdown. */
      readonly tables: string;
    }
  | { readonly type: "error"; readonly message: string };
