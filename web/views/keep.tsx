// What is kept of a run, and how to take it along.
import type { JSX } from "preact";
import { useSignal } from "@preact/signals";
import { hasRun, isReady, runState, step } from "../state/state.ts";
import { lab } from "../state/lab.ts";
import { attempt } from "../state/actions.ts";
import { adopt, keepBusy, keepTrouble, kept, take, takeRun } from "../state/kept.ts";
import { linkToRun } from "../state/link.ts";
import { filesOfDrop, filesOfInput } from "../state/dropped.ts";
import { Notice } from "../ui/notice.tsx";
import { whole } from "../ui/words.ts";
import { KeptList } from "./kept-list.tsx";
import "./keep.css";

/** The view. */
export function Keep(): JSX.Element {
  return (
    <>
      {keepTrouble.value !== "" && (
        <Notice kind="warning">
          <span id="keep-trouble">{keepTrouble.value}</span>
        </Notice>
      )}
      <ThisRun />
      <KeptList />
      <Bring />
    </>
  );
}

/** The run in training: how far it is kept, and what can be taken along. */
function ThisRun(): JSX.Element {
  const can = hasRun.value && keepBusy.value === "";
  const files: readonly [id: string, text: string, make: () => Promise<void>][] = [
    ["take-run", "Run folder (.zip)", () => takeRun()],
    ["take-losses", "Losses (.jsonl)", () => take("Writing…", () => lab.lossesFile())],
    ["take-png", "Samples (.png)", () => take("Drawing…", () => lab.samplesPng())],
    ["take-gif", "Timeline (.gif)", () => take("Drawing…", () => lab.timelineGif())],
  ];
  return (
    <section class="card" aria-labelledby="this-run-title">
      <h2 id="this-run-title">This run</h2>
      <p id="kept-state" role="status">
        {keepBusy.value === "" ? standing() : keepBusy.value}
      </p>
      <div class="buttons">
        <button
          id="keep-now"
          type="button"
          aria-disabled={!can}
          onClick={() => can && void attempt(() => lab.keepNow())}
        >
          Save now
        </button>
        {files.map(([id, text, make]) => (
          <button
            key={id}
            id={id}
            type="button"
            aria-disabled={!can}
            onClick={() => can && void make()}
          >
            {text}
          </button>
        ))}
        <CopyLink />
      </div>
      <p class="faint">
        The folder is the command line’s own. Unpacked, the run goes on in Node:{" "}
        <code>npm run train -- --resume FOLDER</code>. On the same adapter it has the same bits,
        whether or not it was stopped in between.
      </p>
    </section>
  );
}

function standing(): string {
  if (!hasRun.value) return "No run is in training.";
  const now = kept.value;
  if (!now) return `Step ${whole(step.value)}. Nothing of this run is saved yet.`;
  const clock = new Date(now.saved).toLocaleTimeString("en", { hour12: false });
  const behind = step.value - now.step;
  const rest =
    behind > 0 && runState.value === "running"
      ? " It is saved after each epoch, every minute, and whenever it pauses."
      : "";
  return `Step ${whole(now.step)} was saved in this browser at ${clock}.${rest}`;
}

/** The whole state of the run is in its link. */
function CopyLink(): JSX.Element {
  const said = useSignal("");
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(linkToRun());
      said.value = "Copied";
    } catch {
      said.value = "Copy it from the address bar";
    }
    setTimeout(() => (said.value = ""), 4000);
  };
  return (
    <>
      <button
        id="copy-link"
        type="button"
        title="Recipe, constants, seed and view: the same link gives the same pictures on the same adapter"
        onClick={() => void copy()}
      >
        Copy link
      </button>
      <span class="faint said" role="status">
        {said.value}
      </span>
    </>
  );
}

/** Where a run's folder is dropped or chosen. */
function Bring(): JSX.Element {
  const isOver = useSignal(false);
  const choose = (event: Event & { readonly currentTarget: HTMLInputElement }): void => {
    const files = filesOfInput(event.currentTarget);
    event.currentTarget.value = ""; // so that the same file may be chosen again
    if (files.length > 0) void adopt(files);
  };
  return (
    <section class="card" aria-labelledby="bring-title">
      <h2 id="bring-title">Bring a run</h2>
      <div
        id="drop-run"
        class={`drop-zone ${isOver.value ? "over" : ""}`}
        onDragOver={(event) => {
          event.preventDefault();
          isOver.value = true;
        }}
        onDragLeave={() => (isOver.value = false)}
        onDrop={(event) => {
          event.preventDefault();
          isOver.value = false;
          if (!isReady.value || !event.dataTransfer) return;
          void filesOfDrop(event.dataTransfer).then((files) => adopt(files));
        }}
      >
        <p>
          Drop a run here: its folder, or its .zip. It may come from this page or from{" "}
          <code>npm run train</code>.
        </p>
        <div class="buttons">
          <label class="file-button">
            Choose a .zip
            <input
              id="choose-zip"
              type="file"
              class="visually-hidden"
              accept=".zip,application/zip"
              disabled={!isReady.value}
              onChange={choose}
            />
          </label>
          <label class="file-button">
            Choose a folder
            <input
              id="choose-folder"
              type="file"
              class="visually-hidden"
              multiple
              ref={(input) => input?.setAttribute("webkitdirectory", "")}
              disabled={!isReady.value}
              onChange={choose}
            />
          </label>
        </div>
      </div>
      <p class="faint">
        Every file is checked against its checksum. The run in training is saved first, and stays in
        the list.
      </p>
    </section>
  );
}
