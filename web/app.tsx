// The page as a whole: what is wrong, the run's bar, and the views.
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { Notice } from "./ui/notice.tsx";
import { keepFocus } from "./ui/focus.ts";
import { adapter, failure, remark, view } from "./state/state.ts";
import { KeptOffer } from "./views/kept-offer.tsx";
import { RunBar } from "./views/run-bar.tsx";
import { Tabs } from "./views/tabs.tsx";
import { VIEW_PARTS } from "./views/list.tsx";

/** The page. */
export function App(): JSX.Element {
  const { Body, Reading } = VIEW_PARTS[view.value];
  useEffect(() => {
    // What led here may be gone with the last view.
    if (isMoved) keepFocus(`#tab-${view.value}`);
    isMoved = true;
  }, [view.value]);
  return (
    <>
      <Header />
      <KeptOffer />
      <RunBar />
      <Tabs />
      <main id="view">
        <div class="body" id="panel" role="tabpanel" aria-labelledby={`tab-${view.value}`}>
          <Body />
        </div>
        <aside class="reading" aria-label="Explanation">
          <Reading />
        </aside>
      </main>
    </>
  );
}

let isMoved = false; // whether the page has shown another view

function Header(): JSX.Element {
  return (
    <header class="masthead">
      <h1>Longhand</h1>
      <p class="motto">A network learns to write, here in this tab.</p>
      <div class="on-adapter">
        <p id="adapter" class="faint" role="status" title={adapter.value?.line}>
          {adapter.value?.line ?? (failure.value === "" ? "Looking for a GPU…" : "No GPU in use.")}
        </p>
        {/* Unfolded over the page, so that nothing moves when the adapter turns out to be slow. */}
        {adapter.value?.software && (
          <details class="slow-here">
            <summary>Slow here: what to do</summary>
            <Notice kind="warning">
              <strong>
                This browser offers no GPU, only its processor: training is slow here.
              </strong>{" "}
              The trained digits can be explored all the same. If this computer has a GPU, turn on
              hardware acceleration in the browser’s settings; Chrome on Linux may also need{" "}
              <code>--enable-unsafe-webgpu --enable-features=Vulkan</code>.
            </Notice>
          </details>
        )}
      </div>
      {failure.value !== "" && (
        <Notice kind="error">
          <span id="error">{failure.value}</span>
        </Notice>
      )}
      {remark.value !== "" && <Notice kind="remark">{remark.value}</Notice>}
    </header>
  );
}
