// The trackball: a digit on a ball that turns under pointer, finger and arrow keys.
import type { Signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { rotation, turn } from "../state/latent.ts";
import {
  ACROSS,
  MIDDLE,
  rotated,
  TOWARDS,
  turnedAbout,
  turnedByDrag,
  UP,
  type Point,
} from "../state/turning.ts";
import { GpuCanvas } from "../ui/gpu-canvas.tsx";

const KEY_TURN = Math.PI / 30;
const SLOWING = 0.94; // what is left of a flick's speed after each frame
const POINTS = 48; // of a circle's outline

const KEYS: Readonly<Record<string, readonly [Point, number]>> = {
  ArrowLeft: [UP, -1],
  ArrowRight: [UP, 1],
  ArrowUp: [ACROSS, -1],
  ArrowDown: [ACROSS, 1],
};
const SHIFTED: Readonly<Record<string, readonly [Point, number]>> = {
  ArrowLeft: [TOWARDS, 1],
  ArrowRight: [TOWARDS, -1],
  ArrowUp: [TOWARDS, 1],
  ArrowDown: [TOWARDS, -1],
};

const isCalm = (): boolean => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** Whether the ball turns on its own. */
interface Spin {
  readonly isSpinning: Signal<boolean>;
}

/** The button that lets the ball spin, or stops it. */
export function SpinButton({ isSpinning }: Spin): JSX.Element {
  return (
    <button
      id="spin"
      type="button"
      aria-pressed={isSpinning.value}
      onClick={() => (isSpinning.value = !isSpinning.value)}
    >
      {isSpinning.value ? "Stop" : "Let it spin"}
    </button>
  );
}

/** The ball, with the digit that it leads to. It stops spinning when the visitor takes hold of it. */
export function Trackball({ isSpinning }: Spin): JSX.Element {
  const ball = useRef<HTMLDivElement>(null);
  const drag = useRef<Drag>(undefined);
  const flick = useRef(0); // the frame that a flick waits for

  useEffect(() => {
    if (!isSpinning.value) return undefined;
    let frame = 0;
    let before = performance.now();
    const spin = (now: number): void => {
      turn(turnedAbout(rotation.value, [0.35, 1, 0.2], ((now - before) / 1000) * 0.9));
      before = now;
      frame = requestAnimationFrame(spin);
    };
    frame = requestAnimationFrame(spin);
    return () => cancelAnimationFrame(frame);
  }, [isSpinning.value]);
  useEffect(() => () => cancelAnimationFrame(flick.current), []);

  // Where the pointer is, with the ball's middle at 0 and its radius as 1.
  const placeOf = (event: PointerEvent): Place => {
    const { left, top, width } = ball.current!.getBoundingClientRect();
    const at = (value: number, start: number): number => ((value - start) / width) * 2 - 1;
    return [at(event.clientX, left), -at(event.clientY, top)];
  };
  const release = (): void => {
    const last = drag.current;
    drag.current = undefined;
    if (!last || isCalm() || performance.now() - last.at > 60) return;
    let [dx, dy] = last.speed;
    const glide = (): void => {
      [dx, dy] = [dx * SLOWING, dy * SLOWING];
      if (Math.hypot(dx, dy) < 0.002) return;
      turn(turnedByDrag(rotation.value, [-dx / 2, -dy / 2], [dx / 2, dy / 2]));
      flick.current = requestAnimationFrame(glide);
    };
    glide();
  };

  return (
    <div
      ref={ball}
      id="trackball"
      class="ball"
      // Arrow keys belong to the ball, not to the reader's cursor.
      role="application"
      aria-roledescription="trackball"
      aria-label="Latent space under your hand"
      aria-describedby="ball-help"
      tabIndex={0}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        cancelAnimationFrame(flick.current);
        isSpinning.value = false;
        event.currentTarget.setPointerCapture(event.pointerId);
        drag.current = { place: placeOf(event), speed: [0, 0], at: performance.now() };
      }}
      onPointerMove={(event) => {
        if (!drag.current) return;
        const place = placeOf(event);
        const { place: before } = drag.current;
        turn(turnedByDrag(rotation.value, before, place));
        const speed: Place = [place[0] - before[0], place[1] - before[1]];
        drag.current = { place, speed, at: performance.now() };
      }}
      onPointerUp={release}
      onPointerCancel={() => (drag.current = undefined)}
      onKeyDown={(event) => {
        if (event.key === "Home") turn(MIDDLE);
        const found = (event.shiftKey ? SHIFTED : KEYS)[event.key];
        if (!found && event.key !== "Home") return;
        event.preventDefault();
        cancelAnimationFrame(flick.current);
        isSpinning.value = false;
        if (found) turn(turnedAbout(rotation.value, found[0], found[1] * KEY_TURN));
      }}
    >
      <GpuCanvas name="latent" label="The digit that the ball leads to" />
      <Circles />
    </div>
  );
}

type Place = readonly [number, number];

interface Drag {
  readonly place: Place;
  /** What the last move was. */
  readonly speed: Place;
  readonly at: number;
}

/** The great circles of the three directions, and where their axes leave the ball. */
function Circles(): JSX.Element {
  const axes = [ACROSS, UP, TOWARDS] as const;
  return (
    <svg viewBox="-1.06 -1.06 2.12 2.12" aria-hidden="true" class="circles">
      {axes.map((axis, i) => {
        const [u, v] = [axes[(i + 1) % 3]!, axes[(i + 2) % 3]!];
        const points = Array.from({ length: POINTS + 1 }, (_, k): Point => {
          const angle = (2 * Math.PI * k) / POINTS;
          const [c, s] = [Math.cos(angle), Math.sin(angle)];
          return rotated(rotation.value, [
            c * u[0] + s * v[0],
            c * u[1] + s * v[1],
            c * u[2] + s * v[2],
          ]);
        });
        const [x, y, z] = rotated(rotation.value, axis);
        return (
          <g key={i} class={`axis-${i + 1}`}>
            <path class="behind" d={pathOf(points, (depth) => depth <= 0)} />
            <path class="before" d={pathOf(points, (depth) => depth >= 0)} />
            <circle class={z >= 0 ? "tip" : "tip behind"} cx={x} cy={-y} r="0.034" />
          </g>
        );
      })}
    </svg>
  );
}

/** Returns the stretches of an outline whose points lie on one side of the ball. */
function pathOf(points: readonly Point[], counts: (depth: number) => boolean): string {
  const parts: string[] = [];
  for (let k = 0; k + 1 < points.length; k += 1) {
    const [[x0, y0, z0], [x1, y1, z1]] = [points[k]!, points[k + 1]!];
    if (counts((z0 + z1) / 2)) {
      parts.push(`M${x0.toFixed(3)} ${(-y0).toFixed(3)}L${x1.toFixed(3)} ${(-y1).toFixed(3)}`);
    }
  }
  return parts.join("");
}
