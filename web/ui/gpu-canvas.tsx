// A canvas that the lab paints, straight from the GPU's memory.
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { attach, lab } from "../state/lab.ts";

/** The canvas of a name: the lab paints the pictures of that name on it, as long as it is on the page. */
export function GpuCanvas({
  name,
  label,
  class: classes = "",
}: {
  readonly name: string;
  /** What it shows, for those who don't see it. */
  readonly label: string;
  readonly class?: string;
}): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    attach(name, canvas.current!).catch(() => undefined); // without an adapter the page says so anyway
    return () => {
      lab.detach(name).catch(() => undefined);
    };
  }, [name]);
  return (
    <canvas
      key={name}
      ref={canvas}
      id={`canvas-${name}`}
      class={`painted ${classes}`}
      role="img"
      aria-label={label}
    />
  );
}
