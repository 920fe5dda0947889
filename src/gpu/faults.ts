// Faults that end the use of a device: the first error that the GPU reports, and the loss of the device. All waiting
// for the GPU happens here, so that a loss ends the wait even if the GPU never answers.
import { faultOf } from "./binding.ts";
import { DeviceLostError, GpuError, type LonghandError } from "./errors.ts";
import { dawnsWords, wordsOf } from "./foreign-text.ts";

/** Waits for a promise of WebGPU, and resolves or rejects as it does. */
export type Wait = <T>(owed: Promise<T>) => Promise<T>;

const LOSS_MS = 500; // browsers report a loss just after they reject the work that was under way

/** A device's fault, if there is one, and whoever waits for the device. */
export class Faults {
  readonly #wait: Wait;
  // Not a race against `gpu.lost`: that promise would hold on to every wait for as long as the device lives.
  readonly #waiting = new Set<() => void>();
  #fault: LonghandError | undefined;

  /** `wait` says how to wait if `await` alone would keep a CPU core busy. */
  constructor(gpu: GPUDevice, wait: Wait = (owed) => owed) {
    this.#wait = wait;
    gpu.addEventListener("uncapturederror", (event) => {
      event.preventDefault?.();
      this.#fault ??= faultOf(event.error);
    });
    void gpu.lost.then(({ reason, message }) => this.#lose(reason, message));
    // WebGPU reports this loss later, and silently accepts calls until then.
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
   * Waits for a promise of the GPU. Throws `DeviceLostError` as soon as the device is lost, whatever becomes of the
   * promise. If the promise is rejected, throws the error that the device reported, or else `GpuError`.
   */
  async settle<T>(op: string, owed: Promise<T>): Promise<T> {
    owed.catch(() => undefined); // it may be rejected when nobody waits for it any more
    let settled: T;
    try {
      settled = await this.#wait(this.#orLoss(owed));
    } catch (error) {
      if (!isCompilers(error)) {
        await this.#lossSoon();
        this.check();
      }
      throw new GpuError(
        `${op}: ${error instanceof Error ? dawnsWords(error.message) : wordsOf(error)}`,
        { cause: error },
      );
    }
    if (this.#fault instanceof DeviceLostError) throw this.#fault; // a lost device resolves what it didn't do
    return settled;
  }

  /** Resolves or rejects as a promise does, unless the device is lost before. */
  #orLoss<T>(owed: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const end = (): void => reject(this.#fault);
      if (this.#fault instanceof DeviceLostError) return end();
      this.#waiting.add(end);
      owed.then(resolve, reject).finally(() => this.#waiting.delete(end));
    });
  }

  /** Resolves when the device is lost, or after `LOSS_MS`. */
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

  /** A loss replaces an error that was reported earlier, because a driver may report errors while it goes down. */
  #lose(reason: string, message: string): void {
    if (this.#fault instanceof DeviceLostError) return;
    const earlier = this.#fault ? ` (before that, ${this.#fault.message})` : "";
    this.#fault = new DeviceLostError(
      `device: lost (${reason}): ${dawnsWords(message)}${earlier}; open a new device and resume from the last checkpoint`,
    );
    for (const end of this.#waiting) end();
    this.#waiting.clear();
  }
}

/** Whether a compiler rejected a shader, which says nothing about the device. */
function isCompilers(error: unknown): boolean {
  return error instanceof Error && Reflect.get(error, "reason") === "validation";
}
