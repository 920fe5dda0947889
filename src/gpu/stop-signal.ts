// What asks long work to stop: the part of an AbortSignal that is used, so that types need neither DOM's nor Node's.

/** An `AbortSignal`, as `new AbortController().signal` is. */
export interface StopSignal {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: () => void, options?: { readonly once: boolean }): void;
  removeEventListener(type: "abort", listener: () => void): void;
}
