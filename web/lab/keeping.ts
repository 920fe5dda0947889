// Keeps the run in training: takes a snapshot of it after each epoch, every minute, whenever it pauses and when it is
// asked to, and writes it into the browser's files. Training waits for the snapshot, but not for the files.
import {
  checkpointFiles,
  formatRows,
  joined,
  runFiles,
  withWebHashes,
  wordsOf,
  type RunFiles,
  type RunStore,
} from "../../src/web.ts";
import type { Bench } from "./bench.ts";
import { packFrames } from "./frames.ts";
import {
  FRAMES_FILE,
  imageFiles,
  LONGHAND,
  SETTINGS_FILE,
  type Identity,
  type Snapshot,
} from "./identity.ts";
import { settle, type Run } from "./run.ts";

const EVERY_MS = 60_000;

/** Keeps one run. */
export class Keeping {
  readonly id: string;
  /** The newest snapshot, in memory: it serves even where the browser keeps no files. */
  snapshot: Snapshot | undefined;
  /** The step that the browser's files have. */
  saved: number | undefined;
  readonly #bench: Bench;
  readonly run: Run;
  readonly #identity: Identity;
  readonly #store: () => Promise<RunStore>;
  #log: Uint8Array;
  #logged: number;
  #slot: string | undefined;
  #rest: Promise<unknown> | undefined;
  #last: number = performance.now();
  #isDue = false;
  #writing: Promise<void> = Promise.resolve();

  constructor(bench: Bench, run: Run, identity: Identity, store: () => Promise<RunStore>) {
    this.#bench = bench;
    this.run = run;
    this.#identity = identity;
    this.#store = store;
    this.id = identity.id;
    this.#log = identity.log;
    this.#logged = run.records.length;
    this.#slot = identity.slot;
    this.snapshot = identity.snapshot;
    this.saved = identity.slot === undefined ? undefined : identity.snapshot?.step;
    run.watchers.push(() => this.#watch());
  }

  /** Called after each report, in the turn of training. */
  async #watch(): Promise<void> {
    const { run } = this;
    const epochEnds = run.step % run.gan.plan.steps === 0;
    const now = performance.now();
    if (!epochEnds && !this.#isDue && now - this.#last < EVERY_MS) return;
    this.#isDue = false;
    await this.#take();
    void this.#write();
  }

  /** Saves the run as it is. Resolves once it is written, or the reason why not was told. */
  async save(): Promise<void> {
    if (this.snapshot?.step !== this.run.step) await this.#bench.turn(() => this.#take());
    await this.#write();
  }

  /** Has the run saved with its next report, if it is running; otherwise saves it. */
  async saveSoon(): Promise<void> {
    if (this.run.state === "running") this.#isDue = true;
    else await this.save();
  }

  /** Returns what the run is called and has been up to its newest snapshot, once nothing is being written. */
  async identity(): Promise<Identity> {
    await this.#writing;
    const { snapshot } = this;
    const log = snapshot?.files.get("metrics.jsonl") ?? new Uint8Array();
    return { ...this.#identity, log, snapshot, slot: this.#slot };
  }

  /** Returns all files of the run's folder, with its newest snapshot. */
  async files(): Promise<RunFiles> {
    if (this.snapshot?.step !== this.run.step) await this.save();
    const frames = packFrames(this.run.frames.list);
    return new Map([
      ...(this.snapshot?.files ?? []),
      ...this.#identity.rest,
      ...this.#images(),
      [FRAMES_FILE, frames],
      [SETTINGS_FILE, this.#settings()],
    ]);
  }

  /** Waits for the last write and gives the run up. */
  async end(): Promise<void> {
    await this.#writing;
    this.#identity.release();
  }

  /** Reads everything that a checkpoint holds from the GPU. In a turn, so that no step comes between. */
  async #take(): Promise<void> {
    const { run } = this;
    this.#last = performance.now();
    const { record, recordBytes, evaluations } = this.#identity;
    await settle(this.#bench, run);
    const { step } = run;
    let arrays: Readonly<Record<string, Uint8Array>>;
    try {
      arrays = await checkpointFiles(run.gan.state);
    } catch (error) {
      if (this.#bench.isLoss(error)) throw error;
      this.#complain(`Step ${step} isn't kept: ${wordsOf(error, Infinity)}.`);
      return;
    }
    this.#log = joined([this.#log, formatRows(run.records.slice(this.#logged))]);
    this.#logged = run.records.length;
    const log = this.#log;
    const files = await withWebHashes(
      runFiles({ arrays, step, record, recordBytes, log, evaluations, longhand: LONGHAND }),
    );
    this.snapshot = { step, files };
  }

  /** Writes the newest snapshot, after the one that is being written. */
  #write(): Promise<void> {
    this.#writing = this.#writing.then(async () => {
      const { snapshot } = this;
      if (!snapshot || snapshot.step === this.saved) return;
      try {
        const store = await this.#store();
        this.#rest ??= this.#writeOnce(store);
        await this.#rest;
        this.#slot = await store.save(this.id, snapshot.files, this.#slot);
        await store.keep(this.id, FRAMES_FILE, packFrames(this.run.frames.list));
        await store.keep(this.id, SETTINGS_FILE, this.#settings());
        this.saved = snapshot.step;
        const event = { id: this.id, step: snapshot.step, saved: Date.now() };
        this.#bench.tell({ type: "kept", ...event });
      } catch (error) {
        this.#rest = undefined;
        const kept = this.saved === undefined ? "nothing of the run is" : `step ${this.saved} is`;
        this.#complain(
          `Step ${snapshot.step} isn't kept, ${kept}: ${wordsOf(error, Infinity)}. Training goes on. Download the run under “Keep”, or delete others there.`,
        );
      }
    });
    return this.#writing;
  }

  /** Writes what doesn't change while the run trains. */
  async #writeOnce(store: RunStore): Promise<void> {
    const kept = this.#identity.slot === undefined ? this.#identity.rest : [];
    for (const [path, bytes] of [...kept, ...this.#images()]) {
      await store.keep(this.id, path, bytes);
    }
  }

  /** What the page knows of the run besides its record. */
  #settings(): Uint8Array {
    const { settings, only } = this.run;
    const { steps, sampleEvery } = settings;
    return new TextEncoder().encode(JSON.stringify({ steps, sampleEvery, only }));
  }

  /** The images, if they are the visitor's own. */
  #images(): RunFiles {
    return new Map(this.#identity.record.data.folder === null ? [] : imageFiles(this.run.data));
  }

  #complain(text: string): void {
    this.#bench.tell({ type: "unkept", text });
  }
}
