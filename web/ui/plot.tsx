// A plot of lines over the steps, by uPlot, in the page's colours.
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import "./language.ts";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

/** A line: what it is, and the name of its colour in the style sheet. */
export interface Line {
  readonly label: string;
  readonly colour: `--${string}`;
}

/** The numbers of a plot: steps, and a list per line. */
export type Numbers = readonly [
  steps: readonly number[],
  ...lines: readonly (readonly (number | null)[])[],
];

const HEIGHT = 200;
const FEW = 8; // points that are few enough to be shown one by one

function options(
  width: number,
  lines: readonly Line[],
  range?: readonly [number, number],
): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  const axis: uPlot.Axis = {
    stroke: colour("--faint-ink"),
    grid: { stroke: colour("--rule"), width: 1 },
    ticks: { show: false },
    font: "12px system-ui, sans-serif",
  };
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, points: { size: 6 } },
    scales: { x: { time: false }, ...(range ? { y: { range: [...range] } } : {}) },
    axes: [
      { ...axis, size: 26 },
      { ...axis, size: 44 },
    ],
    series: [
      {},
      ...lines.map((line) => ({
        label: line.label,
        stroke: colour(line.colour),
        width: 1.5,
        // A single point is no line.
        points: { show: ({ data }: uPlot) => data[0].length <= FEW, size: 5 },
      })),
    ],
  };
}

/** Draws `numbers`, anew whenever they change. `label` says what the plot shows, with its last values. */
export function Plot({
  label,
  lines,
  numbers,
  range,
}: {
  readonly label: string;
  readonly lines: readonly Line[];
  readonly numbers: Numbers;
  /** The vertical range; by default that of the numbers. */
  readonly range?: readonly [number, number];
}): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const latest = useRef(numbers);
  latest.current = numbers;
  useEffect(() => {
    const make = (): void => {
      plot.current?.destroy();
      const width = Math.max(200, place.current!.clientWidth);
      plot.current = new uPlot(
        options(width, lines, range),
        dataOf(latest.current),
        place.current!,
      );
    };
    make();
    const resized = new ResizeObserver(([entry]) => {
      const width = Math.floor(entry!.contentRect.width);
      if (plot.current && width > 0 && width !== plot.current.width) {
        plot.current.setSize({ width, height: HEIGHT });
      }
    });
    resized.observe(place.current!);
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", make);
    return () => {
      resized.disconnect();
      scheme.removeEventListener("change", make);
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, [lines, range]);
  // At most one drawing per frame, and none in a hidden tab.
  useEffect(() => {
    const due = requestAnimationFrame(() => plot.current?.setData(dataOf(numbers)));
    return () => cancelAnimationFrame(due);
  }, [numbers]);
  return (
    <figure class="plot">
      <div ref={place} class="plot-area" role="img" aria-label={label} />
      <figcaption>
        <ul class="legend">
          {lines.map((line, index) => (
            <li key={line.label}>
              <span class="swatch" style={{ background: `var(${line.colour})` }} />
              {line.label} <output>{lastOf(numbers[index + 1]!)}</output>
            </li>
          ))}
        </ul>
      </figcaption>
    </figure>
  );
}

const dataOf = (numbers: Numbers): uPlot.AlignedData =>
  numbers.map((list) => [...list]) as unknown as uPlot.AlignedData;

function lastOf(values: readonly (number | null)[]): string {
  const value = values.at(-1);
  return value === undefined || value === null ? "–" : value.toFixed(3);
}
