// Paper to draw on, by mouse, finger or keyboard.
import { useSignal, type Signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Stroke } from "../../src/web.ts";
import "./draw-pad.css";

const PIXELS = 560; // of the paper's side: enough for a dense screen
const PEN = 0.075; // the pen's width, as a share of the paper's
const KEY_MOVE = 1 / 32;
const LEAST_MOVE = 0.004;

const KEYS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

interface Pen {
  readonly x: number;
  readonly y: number;
  readonly isDown: boolean;
}

/** The paper. `strokes` is what is on it. */
export function DrawPad({
  id,
  label,
  strokes,
}: {
  readonly id: string;
  readonly label: string;
  readonly strokes: Signal<readonly Stroke[]>;
}): JSX.Element {
  const paper = useRef<HTMLCanvasElement>(null);
  const pointer = useRef<number>(undefined); // the one that draws
  // Where the keyboard's pen is; undefined until a key moves it.
  const pen = useSignal<Pen | undefined>(undefined);

  const begin = (x: number, y: number): void => {
    strokes.value = [...strokes.value, [x, y]];
  };
  const goOn = (x: number, y: number): void => {
    const last = strokes.value.at(-1) ?? [];
    const [px = x, py = y] = last.slice(-2);
    if (Math.hypot(x - px, y - py) < LEAST_MOVE) return;
    strokes.value = [...strokes.value.slice(0, -1), [...last, x, y]];
  };

  useEffect(() => {
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    const paint = (): void => draw(paper.current!, strokes.value, pen.value);
    paint();
    scheme.addEventListener("change", paint);
    return () => scheme.removeEventListener("change", paint);
  }, [strokes.value, pen.value]);

  const placeOf = (event: PointerEvent): [number, number] => {
    const { left, top, width, height } = paper.current!.getBoundingClientRect();
    const clamp = (value: number): number => Math.min(1, Math.max(0, value));
    return [clamp((event.clientX - left) / width), clamp((event.clientY - top) / height)];
  };

  const press = (event: KeyboardEvent): void => {
    const { x, y, isDown } = pen.value ?? { x: 0.5, y: 0.2, isDown: false };
    const move = KEYS[event.key];
    if (move) {
      const by = event.shiftKey ? 4 * KEY_MOVE : KEY_MOVE;
      const clamp = (value: number): number => Math.min(1, Math.max(0, value));
      const [toX, toY] = [clamp(x + move[0] * by), clamp(y + move[1] * by)];
      pen.value = { x: toX, y: toY, isDown };
      if (isDown) goOn(toX, toY);
    } else if (event.key === " ") {
      pen.value = { x, y, isDown: !isDown };
      if (!isDown) begin(x, y);
    } else if (event.key === "Backspace") {
      strokes.value = strokes.value.slice(0, -1);
      pen.value = { x, y, isDown: false };
    } else if (event.key === "Delete" || event.key === "Escape") {
      strokes.value = [];
      pen.value = { x, y, isDown: false };
    } else return;
    event.preventDefault();
  };

  return (
    <div class="pad">
      <canvas
        ref={paper}
        id={id}
        width={PIXELS}
        height={PIXELS}
        // Arrow keys move the pen, not the reader's cursor.
        role="application"
        aria-roledescription="drawing paper"
        aria-label={label}
        aria-describedby={`${id}-help`}
        tabIndex={0}
        onPointerDown={(event) => {
          if (event.button !== 0 || pointer.current !== undefined) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          pointer.current = event.pointerId;
          pen.value = undefined;
          begin(...placeOf(event));
        }}
        onPointerMove={(event) => {
          if (event.pointerId !== pointer.current) return;
          const all = event.getCoalescedEvents?.() ?? [];
          for (const each of all.length > 0 ? all : [event]) goOn(...placeOf(each));
        }}
        onPointerUp={() => (pointer.current = undefined)}
        onPointerCancel={() => (pointer.current = undefined)}
        onKeyDown={press}
      />
      <p id={`${id}-help`} class="faint">
        Mouse, finger, or keys: arrows move the pen, Space sets it down or lifts it, Backspace takes
        back a stroke, Escape all.
      </p>
      <p class="visually-hidden" role="status">
        {pen.value &&
          `Pen ${pen.value.isDown ? "down" : "up"} at ${Math.round(100 * pen.value.x)} % across, ${Math.round(100 * pen.value.y)} % down`}
      </p>
      <div class="buttons">
        <button
          type="button"
          id={`${id}-undo`}
          aria-disabled={strokes.value.length === 0}
          onClick={() => (strokes.value = strokes.value.slice(0, -1))}
        >
          Take back a stroke
        </button>
        <button
          type="button"
          id={`${id}-clear`}
          aria-disabled={strokes.value.length === 0}
          onClick={() => (strokes.value = [])}
        >
          Clear
        </button>
      </div>
    </div>
  );
}

function draw(canvas: HTMLCanvasElement, strokes: readonly Stroke[], pen: Pen | undefined): void {
  const context = canvas.getContext("2d")!;
  const style = getComputedStyle(canvas);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  context.fillStyle = colour("--digit-paper");
  context.fillRect(0, 0, PIXELS, PIXELS);
  Object.assign(context, { lineCap: "round", lineJoin: "round", lineWidth: PEN * PIXELS });
  context.strokeStyle = colour("--digit-ink");
  for (const stroke of strokes) {
    context.beginPath();
    context.moveTo(stroke[0]! * PIXELS, stroke[1]! * PIXELS);
    context.lineTo(stroke[0]! * PIXELS, stroke[1]! * PIXELS); // alone, a point is a dot
    for (let at = 2; at < stroke.length; at += 2) {
      context.lineTo(stroke[at]! * PIXELS, stroke[at + 1]! * PIXELS);
    }
    context.stroke();
  }
  if (!pen) return;
  const [x, y, reach] = [pen.x * PIXELS, pen.y * PIXELS, 0.05 * PIXELS];
  context.strokeStyle = colour(pen.isDown ? "--generator" : "--accent");
  context.lineWidth = 3;
  context.beginPath();
  context.arc(x, y, (PEN * PIXELS) / 2 + 3, 0, 2 * Math.PI);
  context.moveTo(x - reach, y);
  context.lineTo(x + reach, y);
  context.moveTo(x, y - reach);
  context.lineTo(x, y + reach);
  context.stroke();
}
