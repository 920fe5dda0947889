// The part of an AbortSignal that stops long work, typed here so that neither DOM's nor Node's types are needed.

/** An `AbortSignal`, such as `new AbortController().signal`. */
export interface StopSignal {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: () => void, options?: { readonly once: boolean }): void;
  removeEventListener(type: "abort", listener: () => void): void;
}
