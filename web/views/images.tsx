// The visitor's own images: drop them or draw them, see what the network will see, and train on them.
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { filesOfDrop, filesOfInput } from "../state/dropped.ts";
import { add, addSketch, ownFacts, reading, sketch, sketchLabel } from "../state/images.ts";
import { adapter } from "../state/state.ts";
import { DrawPad } from "../ui/draw-pad.tsx";
import { whole } from "../ui/words.ts";
import { Preview } from "./images-preview.tsx";
import "./images.css";

const ENOUGH = 20;

/** The view. */
export function Images(): JSX.Element {
  // Files that miss the zone would replace the page, and the run with it: they count as well.
  useEffect(() => {
    const over = (event: DragEvent): void => event.preventDefault();
    const drop = (event: DragEvent): void => {
      event.preventDefault();
      if (event.dataTransfer) void filesOfDrop(event.dataTransfer).then(add);
    };
    addEventListener("dragover", over);
    addEventListener("drop", drop);
    return () => {
      removeEventListener("dragover", over);
      removeEventListener("drop", drop);
    };
  }, []);
  return (
    <>
      <section class="card" aria-labelledby="drop-title">
        <h2 id="drop-title">Your own images</h2>
        <DropZone />
        <Skipped />
      </section>
      <section class="card" aria-labelledby="sketch-title">
        <h2 id="sketch-title">Or draw twenty yourself</h2>
        <Sketching />
      </section>
      <section class="card" aria-labelledby="preview-title">
        <h2 id="preview-title">What the network will see</h2>
        <Preview />
      </section>
    </>
  );
}

function DropZone(): JSX.Element {
  const isOver = useSignal(false);
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const choose = ({ currentTarget }: { readonly currentTarget: HTMLInputElement }): void => {
    const chosen = filesOfInput(currentTarget);
    currentTarget.value = ""; // so that the same files may be chosen again
    void add(chosen);
  };
  useEffect(() => {
    folder.current!.webkitdirectory = true; // JSX doesn't know it
  }, []);
  const cannot = !adapter.value || reading.value !== undefined;
  return (
    <div
      id="drop"
      class={`drop ${isOver.value ? "over-it" : ""}`}
      onDragOver={() => (isOver.value = true)}
      onDragLeave={() => (isOver.value = false)}
      onDrop={() => (isOver.value = false)}
    >
      <p>
        Drop a folder or many pictures here: PNG, JPEG or what else your browser reads, or a pair of
        IDX files as MNIST’s are, gzipped or not. They stay in this browser.
      </p>
      <div class="buttons">
        <button
          type="button"
          aria-disabled={cannot}
          onClick={() => !cannot && files.current!.click()}
        >
          Choose files…
        </button>
        <button
          type="button"
          aria-disabled={cannot}
          onClick={() => !cannot && folder.current!.click()}
        >
          Choose a folder…
        </button>
      </div>
      <input
        ref={files}
        id="files"
        type="file"
        multiple
        hidden
        aria-label="Files"
        onChange={choose}
      />
      <input ref={folder} id="folder" type="file" hidden aria-label="Folder" onChange={choose} />
      <p id="image-count" role="status">
        {reading.value
          ? `Reading ${whole(reading.value.done)} of ${whole(reading.value.total)} files…`
          : countWords()}
      </p>
    </div>
  );
}

function countWords(): string {
  const { count, isLabelled, drawn } = ownFacts.value;
  if (count === 0) return "No images yet.";
  const some = `${whole(count)} ${count === 1 ? "image" : "images"}`;
  const hand =
    drawn === 0 ? "" : drawn === count ? ", all drawn by hand" : `, ${drawn} drawn by hand`;
  return `${some}${hand}${isLabelled ? ", with their classes" : ""}.`;
}

function Skipped(): JSX.Element | null {
  const { skipped, skippedCount } = ownFacts.value;
  if (skippedCount === 0) return null;
  return (
    <details id="skipped" class="skipped">
      <summary>
        {whole(skippedCount)} {skippedCount === 1 ? "file is" : "files are"} not used
      </summary>
      <ul>
        {skipped.map(({ name, reason }, index) => (
          <li key={index}>
            <code>{name}</code>: {reason}
          </li>
        ))}
        {skippedCount > skipped.length && <li>… and others</li>}
      </ul>
    </details>
  );
}

function Sketching(): JSX.Element {
  const { drawn } = ownFacts.value;
  const left = Math.max(0, ENOUGH - drawn);
  return (
    <div class="sketching">
      <DrawPad
        id="sketch"
        label="Draw a digit, or anything else, for the network to learn"
        strokes={sketch}
      />
      <div class="sketch-side">
        <p id="sketch-count" role="status">
          {drawn === 0
            ? "None drawn yet. Twenty are enough for a network to learn your hand by heart."
            : `${whole(drawn)} drawn${left > 0 ? `, ${left} to go` : ": enough to begin"}.`}
        </p>
        <label class="field">
          <span>It is a</span>
          <select
            id="sketch-label"
            value={sketchLabel.value === undefined ? "" : String(sketchLabel.value)}
            onChange={({ currentTarget: { value } }) =>
              (sketchLabel.value = value === "" ? undefined : Number(value))
            }
          >
            <option value="">(not said)</option>
            {Array.from({ length: 10 }, (_, digit) => (
              <option key={digit} value={digit}>
                {digit}
              </option>
            ))}
          </select>
        </label>
        <div class="buttons">
          <button
            id="add-sketch"
            type="button"
            class="primary"
            aria-disabled={sketch.value.length === 0 || !adapter.value}
            onClick={() => adapter.value && void addSketch()}
          >
            Add it
          </button>
        </div>
      </div>
    </div>
  );
}
