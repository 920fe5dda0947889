// What a device can't go on after: the first error that the GPU reports, and the loss of the device. Whoever
// waits for the GPU waits here, so that a loss ends the wait even where the GPU never answers.
import { faultOf } from "./binding.ts";
import { DeviceLostError, GpuError, type LonghandError } from "./errors.ts";
import { dawnsWords, wordsOf } from "./foreign-text.ts";

/** Waits for a promise that WebGPU made, and hands on what becomes of it. */
export type Wait = <T>(owed: Promise<T>) => Promise<T>;

const LOSS_MS = 500; // browsers say that the device is lost just after they refuse what was under way on it

/** What went wrong on a device, and what is owed by it. */
export class Faults {
  readonly #wait: Wait;
  // Not a race against `gpu.lost`: that promise would keep something of each wait for as long as the device lives.
  readonly #waiting = new Set<() => void>();
  #fault: LonghandError | undefined;

  /** `wait` says how to wait where `await` alone keeps a CPU core busy. */
  constructor(gpu: GPUDevice, wait: Wait = (owed) => owed) {
    this.#wait = wait;
    gpu.addEventListener("uncapturederror", (event) => {
      event.preventDefault?.();
      this.#fault ??= faultOf(event.error);
    });
    void gpu.lost.then(({ reason, message }) => this.#lose(reason, message));
    // WebGPU tells of it later, and takes calls until then without a word.
    const destroy = gpu.destroy.bind(gpu);
    gpu.destroy = () => {
      this.#lose("destroyed", "device was destroyed");
      return destroy();
    };
  }

  /** Throws the loss of the device, or the first error that the GPU reported: after one, no result can be trusted. */
  check(): void {
    if (this.#fault) throw this.#fault;
  }

  /**
   * Waits for something that the GPU owes. Throws `DeviceLostError` as soon as the device is lost, whatever becomes of
   * what it owed; what the device reported, or `GpuError`, if that is refused.
   */
  async settle<T>(op: string, owed: Promise<T>): Promise<T> {
    owed.catch(() => undefined); // it may be refused after, or without, anybody waiting for it
    let settled: T;
    try {
      settled = await this.#wait(this.#orLoss(owed));
    } catch (error) {
      if (!isCompilers(error)) await this.#lossSoon();
      this.check();
      throw new GpuError(`${op}: ${wordsOf(error)}`);
    }
    if (this.#fault instanceof DeviceLostError) throw this.#fault; // a lost device grants what it can't do
    return settled;
  }

  /** What becomes of a promise, unless the device is lost before. */
  #orLoss<T>(owed: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const end = (): void => reject(this.#fault);
      if (this.#fault instanceof DeviceLostError) return end();
      this.#waiting.add(end);
      owed.then(resolve, reject).finally(() => this.#waiting.delete(end));
    });
  }

  /** Resolves when the device is lost, or after a moment in which it isn't. */
  async #lossSoon(): Promise<void> {
    if (this.#fault instanceof DeviceLostError) return;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(end);
        resolve();
      };
      const timer = setTimeout(end, LOSS_MS);
      this.#waiting.add(end);
    });
  }

  /** Goes before an error that was reported earlier: a driver may complain while it goes down. */
  #lose(reason: string, message: string): void {
    if (this.#fault instanceof DeviceLostError) return;
    const earlier = this.#fault ? ` (before that, ${this.#fault.message})` : "";
    this.#fault = new DeviceLostError(
      `device: lost (${reason}): ${dawnsWords(message)}${earlier}; open a device anew and start again from the last checkpoint`,
    );
    for (const end of this.#waiting) end();
    this.#waiting.clear();
  }
}

/** Whether a compiler refused a shader, which says nothing of the device. */
function isCompilers(error: unknown): boolean {
  return error instanceof Error && Reflect.get(error, "reason") === "validation";
}
