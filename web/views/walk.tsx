// The walk between two digits along the sphere of latents.
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { End } from "../lab/latent.ts";
import { attempt } from "../state/actions.ts";
import { facts } from "../state/latent.ts";
import { lab } from "../state/lab.ts";
import { plan } from "../state/state.ts";
import { subject } from "../state/subject.ts";
import { GpuCanvas } from "../ui/gpu-canvas.tsx";

const SECONDS = 4; // from one end to the other

/** The walk: two ends, the way between them, and where one is. */
export function Walk(): JSX.Element {
  const ends = useSignal<Partial<Record<End, true>>>({});
  const angle = useSignal<number | undefined>(undefined);
  const share = useSignal(0);
  const isPlaying = useSignal(false);
  const isReady = angle.value !== undefined;

  const go = (to: number): Promise<void> => {
    share.value = to;
    return attempt(() => lab.walkTo(to));
  };
  const set = (end: End): Promise<void> =>
    attempt(async () => {
      const found = await lab.setEnd(end);
      ends.value = found === undefined ? { [end]: true } : { from: true, to: true };
      angle.value = found;
      if (found !== undefined) await go(end === "from" ? 0 : 1);
    });

  // A walk is one network's. Another run has another device, too.
  useEffect(() => {
    ends.value = {};
    angle.value = undefined;
    share.value = 0;
    isPlaying.value = false;
  }, [subject.value, plan.value]);
  useEffect(() => {
    if (!isPlaying.value) return undefined;
    const walking = { isOver: false };
    const start = performance.now() - Math.acos(1 - 2 * share.value) * ((SECONDS * 1000) / Math.PI);
    void (async () => {
      while (!walking.isOver) {
        // To and fro, slower at the ends.
        const time = (performance.now() - start) / (SECONDS * 1000);
        await go((1 - Math.cos(Math.PI * time)) / 2);
        await new Promise(requestAnimationFrame);
      }
    })();
    return () => {
      walking.isOver = true;
    };
  }, [isPlaying.value]);

  return (
    <>
      <div class="buttons">
        <button
          id="walk-from"
          type="button"
          aria-disabled={!facts.value}
          aria-pressed={ends.value.from === true}
          onClick={() => facts.value && void set("from")}
        >
          From the digit in hand
        </button>
        <button
          id="walk-to"
          type="button"
          aria-disabled={!facts.value}
          aria-pressed={ends.value.to === true}
          onClick={() => facts.value && void set("to")}
        >
          To the digit in hand
        </button>
        <button
          id="walk-play"
          type="button"
          aria-disabled={!isReady}
          aria-pressed={isPlaying.value}
          onClick={() => isReady && (isPlaying.value = !isPlaying.value)}
        >
          {isPlaying.value ? "Stop" : "Walk"}
        </button>
      </div>
      <p id="walk-words" class="faint" role="status">
        {isReady
          ? `The two are ${Math.round((angle.value! * 180) / Math.PI)}° apart on the sphere of latents.`
          : "Make the digit in your hand one end, turn the ball or take another digit, and make that the other end."}
      </p>
      <div class={`walk ${isReady ? "" : "idle"}`}>
        <GpuCanvas name="walk" label="The digit on the way" class="on-the-way" />
        <div class="way">
          <GpuCanvas name="way" label="Nine digits on the way from one end to the other" />
          <input
            id="walk-share"
            type="range"
            min="0"
            max="1"
            step="0.01"
            value={share.value}
            disabled={!isReady}
            aria-label="Where on the way"
            aria-valuetext={`${Math.round(100 * share.value)} % of the way`}
            onInput={(event) => {
              isPlaying.value = false;
              void go(Number(event.currentTarget.value));
            }}
          />
        </div>
      </div>
    </>
  );
}
