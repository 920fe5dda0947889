// The messages between the page and the worker that checks the adapter.
import type { Phase } from "../../src/web.ts";

/** From the page: check the adapter. */
export interface CheckRequest {
  /** The most seconds to take. */
  readonly seconds: number;
}

/** From the worker. */
export type CheckMessage =
  | {
      readonly type: "progress";
      readonly phase: Phase;
      readonly done: number;
      readonly total: number;
    }
  | {
      readonly type: "checked";
      /** The text of `gpu-check.json`. */
      readonly report: string;
      /** Markdown. */
      readonly tables: string;
    }
  | { readonly type: "error"; readonly message: string };
