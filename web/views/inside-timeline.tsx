// A step as the timeline of its launches: each as wide as it takes long.
import type { JSX } from "preact";
import type { LaunchFacts } from "../lab/kernels.ts";
import { chosen, kernels, launch, networks, open, times } from "../state/inside.ts";
import { whole } from "../ui/words.ts";
import { time } from "./inside-kernels.tsx";

/** The timeline. */
export function Timeline(): JSX.Element | null {
  const all = kernels.value?.launches;
  if (!all) return null;
  const found = times.value;
  const total = found?.seconds.reduce((sum, seconds) => sum + seconds, 0);
  return (
    <section class="card" aria-labelledby="timeline-title">
      <h2 id="timeline-title">A step’s launches, in order</h2>
      <p class="faint">
        {found && total !== undefined
          ? `${whole(all.length)} launches, ${time(total)} one by one; the step as it normally runs, in one pass, takes ${time(found.stepSeconds)}.`
          : `${whole(all.length)} launches. Once they are measured, each is as wide as it takes long.`}{" "}
        Arrow keys move along them.
      </p>
      <div class="timeline-scroll">
        <div
          class={`launch-line ${found ? "" : "unmeasured"}`}
          role="toolbar"
          aria-label="The launches of a step"
          onKeyDown={move}
        >
          {all.map((each) => (
            <Segment key={each.index} each={each} seconds={found?.seconds[each.index]} />
          ))}
        </div>
      </div>
      <ul class="legend">
        <li>
          <span class="swatch" style={{ background: "var(--generator)" }} />
          generator’s layers
        </li>
        <li>
          <span class="swatch" style={{ background: "var(--discriminator)" }} />
          discriminator’s layers
        </li>
        <li>
          <span class="swatch" style={{ background: "var(--border)" }} />
          everything else
        </li>
      </ul>
    </section>
  );
}

function Segment({
  each,
  seconds,
}: {
  readonly each: LaunchFacts;
  readonly seconds: number | undefined;
}): JSX.Element {
  const owner = each.layer?.split(".")[0] ?? "other";
  const isCurrent = launch.value === each.index;
  const words = `${each.index + 1}: ${each.label}${each.layer ? `, ${each.layer}` : ""}${seconds === undefined ? "" : `, ${time(seconds)}`}`;
  return (
    <button
      type="button"
      class={`segment ${owner}`}
      style={{ flexGrow: seconds === undefined ? 1 : seconds * 1e6 }}
      aria-label={words}
      aria-pressed={isCurrent}
      title={words}
      tabIndex={isCurrent || (launch.value === undefined && each.index === 0) ? 0 : -1}
      onClick={() => void select(each)}
    />
  );
}

/** Opens a launch, and looks at the layer that it works for. */
async function select({ index, layer: name }: LaunchFacts): Promise<void> {
  for (const network of ["generator", "discriminator"] as const) {
    const at = networks.value?.layers[network].findIndex((each) => each.name === name) ?? -1;
    if (at >= 0) chosen.value = { network, layer: at };
  }
  await open(index);
}

function move(event: KeyboardEvent): void {
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (by === undefined || !(event.target instanceof HTMLElement)) return;
  const all = [...event.target.parentElement!.querySelectorAll<HTMLElement>(".segment")];
  const next = all[(all.indexOf(event.target) + by + all.length) % all.length];
  event.preventDefault();
  next?.focus();
}
