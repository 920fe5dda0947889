// What all parts of the lab share: the device, the networks on it, the canvases, and the order in which work takes turns.
import { openAdapter, shaderText, type BrowserAdapter } from "../../src/browser.ts";
import type { Models } from "../../src/gan.ts";
import {
  AdapterError,
  DeviceLostError,
  openDevice,
  UsageError,
  type Device,
} from "../../src/web.ts";
import type { AdapterFacts, LabEvent } from "./events.ts";
import { canPresent, Painter } from "./painter.ts";
import type { Run } from "./run.ts";

/** Loads the shaders whose lanes share loads: before a software adapter is used, and before variants are looked at. */
export async function loadLanes(): Promise<void> {
  await import("./lanes-shaders.ts");
}

/** Which network a view looks at: the one that ships with the page, or the one in training. */
export type Subject = "trained" | "run";

/** The lab's shared context. */
export class Bench {
  #adapter: BrowserAdapter | undefined;
  #painter: Painter | undefined;
  #device: Device | undefined;
  #opening: Promise<AdapterFacts> | undefined;
  #last: Promise<unknown> = Promise.resolve();
  /** The run, from its preparation on. */
  run: Run | undefined;
  /** Ends a step that was left half-way in slow motion. Set while there is one. */
  unfinished: (() => Promise<void>) | undefined;
  /** The network that ships with the page, once it is loaded; it loads at most once per device. */
  loadTrained: (bench: Bench) => Promise<Models> = () => {
    throw new UsageError("the page has no trained network");
  };
  #trained: Promise<Models> | undefined;
  /** Resolves when there is a device again. */
  #reopening: Promise<void> = Promise.resolve();
  #listener: (event: LabEvent) => unknown = () => undefined;
  readonly #hearers: ((event: LabEvent) => unknown)[] = [];
  /** Is awaited before a run is replaced by another. */
  beforeEnd: (run: Run) => Promise<void> = async () => undefined;
  /** Is called when the device was lost, for another reason than `reopen`. */
  whenLost: (words: string) => void = () => undefined;

  /** Opens the adapter and a device, once. `presents` is the answer of before, if the page kept one. */
  async open(presents?: boolean): Promise<AdapterFacts> {
    this.#opening ??= this.#open(presents).catch((error: unknown) => {
      this.#opening = undefined; // so that one may try again
      throw error;
    });
    const facts = await this.#opening;
    await this.#reopening;
    return facts;
  }

  async #open(known?: boolean): Promise<AdapterFacts> {
    const first = await openAdapter();
    const presents = known ?? (first.software ? await canPresent() : true);
    this.#painter ??= new Painter(presents);
    await this.reopen();
    const { name, line, software } = this.#adapter!;
    return { name, line, software, presents };
  }

  /** Opens a new device, after the last one was lost or for a new run. Everything on the old one is gone. */
  reopen(): Promise<void> {
    this.#reopening = this.#reopen();
    return this.#reopening;
  }

  async #reopen(): Promise<void> {
    this.#device?.destroy();
    this.#device = undefined;
    this.#trained = undefined;
    this.run = undefined;
    this.unfinished = undefined;
    // An adapter gives one device, and is gone with the process that it was in.
    this.#adapter = await openAgain();
    const { adapter, software } = this.#adapter;
    if (software) await loadLanes();
    const limits = { maxStorageBufferBindingSize: Infinity, maxBufferSize: Infinity };
    const device = await openDevice({ adapter, shaderText, software, limits });
    this.#device = device;
    void device.gpu.lost.then(({ message }) => {
      if (this.#device === device) this.whenLost(message);
    });
    this.painter.use(this.#device);
  }

  /** The adapter. Throws before `open`. */
  get adapter(): BrowserAdapter {
    return this.#adapter ?? notOpen();
  }

  /** The device. Throws before `open`. */
  get device(): Device {
    return this.#device ?? notOpen();
  }

  /** The canvases. Throws before `open`. */
  get painter(): Painter {
    return this.#painter ?? notOpen();
  }

  /** The run. Throws `UsageError` if there is none. */
  get theRun(): Run {
    return this.run ?? noRun();
  }

  /** Returns the networks of a subject. Throws `UsageError` if there are none. */
  async models(subject: Subject): Promise<Models> {
    await this.#reopening;
    if (subject === "trained") {
      this.#trained ??= this.loadTrained(this).catch((error: unknown) => {
        this.#trained = undefined; // so that one may try again
        throw error;
      });
      return this.#trained;
    }
    return this.theRun.gan;
  }

  /**
   * Does work on the GPU when it is its turn: one piece at a time, in the order of the calls. Training takes many short
   * turns, so that others don't wait for it. A step that stands half-way in slow motion is ended first, so that whoever
   * saves, trains or draws finds both networks between two steps.
   */
  turn<T>(work: () => Promise<T>): Promise<T> {
    return this.amidStep(async () => {
      try {
        await this.unfinished?.();
      } catch (error) {
        if (!this.isLoss(error)) throw error; // the work may be to open the device again
      }
      return work();
    });
  }

  /** Like `turn`, for work that leaves a step half-way in slow motion as it is. */
  amidStep<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(work);
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  /** Sends events to a function from now on. */
  listen(listener: (event: LabEvent) => unknown): void {
    this.#listener = listener;
  }

  /** Calls a function of the lab itself with every event from now on. */
  hear(hearer: (event: LabEvent) => unknown): void {
    this.#hearers.push(hearer);
  }

  /** Tells the page something. */
  tell(event: LabEvent): void {
    for (const hearer of this.#hearers) hearer(event);
    void this.#listener(event);
  }

  /** Whether an error means that the device is gone. */
  isLoss(error: unknown): boolean {
    return error instanceof DeviceLostError;
  }
}

const TRIES = 20;
const PAUSE_MS = 250;

/** Opens the adapter. A browser whose GPU process has just ended finds none until the next one has started. */
async function openAgain(): Promise<BrowserAdapter> {
  for (let tries = 1; tries < TRIES; tries += 1) {
    try {
      return await openAdapter();
    } catch (error) {
      if (!(error instanceof AdapterError)) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
  return openAdapter();
}

/** Throws the `UsageError` for what needs a run. */
export function noRun(): never {
  throw new UsageError("no network is in training: start one first");
}

function notOpen(): never {
  throw new UsageError("the lab is not open yet");
}
