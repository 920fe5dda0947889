// The tabs that lead from one view to another: arrow keys move between them, as in all tab lists.
import type { JSX } from "preact";
import { view, VIEWS, type View } from "../state/state.ts";
import { VIEW_PARTS } from "./list.tsx";

const STEPS: Readonly<Record<string, number>> = { ArrowLeft: -1, ArrowRight: 1 };

function move(event: KeyboardEvent): void {
  const at = VIEWS.indexOf(view.value);
  const ends: Readonly<Record<string, number>> = { Home: 0, End: VIEWS.length - 1 };
  const by = STEPS[event.key];
  const next = by === undefined ? ends[event.key] : (at + by + VIEWS.length) % VIEWS.length;
  if (next === undefined) return;
  event.preventDefault();
  view.value = VIEWS[next]!;
  document.querySelector<HTMLElement>(`#tab-${view.value}`)?.focus();
}

/** The list of views. */
export function Tabs(): JSX.Element {
  return (
    <nav class="tabs" aria-label="Views">
      <div role="tablist" onKeyDown={move}>
        {VIEWS.map((name: View) => (
          <button
            key={name}
            id={`tab-${name}`}
            type="button"
            role="tab"
            aria-selected={view.value === name}
            aria-controls="panel"
            tabIndex={view.value === name ? 0 : -1}
            onClick={() => (view.value = name)}
          >
            {VIEW_PARTS[name].title}
          </button>
        ))}
      </div>
    </nav>
  );
}
