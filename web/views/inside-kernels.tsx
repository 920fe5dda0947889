// The kernels that run a layer: what each costs, its WGSL as the driver gets it, and its variants.
import type { JSX } from "preact";
import type { LaunchFacts, StepTimes, VariantTime } from "../lab/kernels.ts";
import {
  kernels,
  launch,
  measure,
  measured,
  ofLayer,
  open,
  opened,
  times,
  timing,
  tryVariant,
  variant,
  variants,
  variantTimes,
  wgsl,
} from "../state/inside.ts";
import { whole } from "../ui/words.ts";
import { Wgsl } from "../ui/wgsl.tsx";
import { digits } from "./step-words.ts";

const PARTS: Readonly<Record<string, string>> = {
  generate: "forwards, drawing",
  judge: "forwards, judging",
  "discriminator-backward": "backwards, for D",
  "generator-backward": "backwards, for G",
};

/** Formats seconds: "12.3 µs", "4.56 ms". */
export const time = (seconds: number): string =>
  seconds < 1e-3 ? `${digits(seconds * 1e6)} µs` : `${digits(seconds * 1e3)} ms`;

/** The panel of the chosen layer's kernels. */
export function KernelsPanel(): JSX.Element {
  const known = kernels.value;
  return (
    <section class="card" aria-labelledby="kernels-title">
      <div class="panel-head">
        <h2 id="kernels-title">The kernels that run it</h2>
        <button
          id="measure"
          type="button"
          aria-disabled={measured.value !== undefined || !known}
          onClick={() => {
            if (known) void measure();
          }}
        >
          {measured.value === undefined
            ? times.value
              ? "Measure again"
              : "Measure their times"
            : `Measuring: ${Math.round(100 * measured.value)} %`}
        </button>
      </div>
      {!known && <p class="faint">Compiling a step to look into…</p>}
      {known && ofLayer.value.length === 0 && (
        <p class="faint">
          None of its own: it runs inside the kernel of the layer before it, or only looks at the
          same numbers in another shape.
        </p>
      )}
      {ofLayer.value.length > 0 && (
        <>
          <p class="faint">
            In a step of recipe {known!.recipe} on {whole(known!.batch)} images.{" "}
            {times.value
              ? `Timed by ${times.value.method === "timestamps" ? "the device’s timestamps" : "the clock, over many repetitions"}. This adapter reaches ${digits(times.value.ceilings.flops / 1e9)} GFLOP/s and ${digits(times.value.ceilings.bandwidth / 1e9)} GB/s at best.`
              : "“Measure” times each launch, and what this adapter can reach at best."}
          </p>
          <LaunchTable />
        </>
      )}
      {opened.value && <Opened facts={opened.value} />}
    </section>
  );
}

function LaunchTable(): JSX.Element {
  return (
    <div class="table-scroll" tabIndex={0} role="region" aria-label="The layer’s launches">
      <table class="launches">
        <thead>
          <tr>
            <th scope="col">Kernel</th>
            <th scope="col">When</th>
            <th scope="col">Workgroups</th>
            <th scope="col">MFLOP</th>
            <th scope="col">MB</th>
            <th scope="col">Time</th>
            <th scope="col">GFLOP/s</th>
            <th scope="col">of the ceiling</th>
          </tr>
        </thead>
        <tbody>
          {ofLayer.value.map((each) => (
            <Row key={each.index} each={each} found={times.value} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({
  each,
  found,
}: {
  readonly each: LaunchFacts;
  readonly found: StepTimes | undefined;
}): JSX.Element {
  const seconds = found?.seconds[each.index];
  const isOpen = launch.value === each.index;
  return (
    <tr class={isOpen ? "open" : ""}>
      <th scope="row">
        <button
          type="button"
          class="link"
          aria-expanded={isOpen}
          data-launch={each.label}
          onClick={() => void open(isOpen ? undefined : each.index)}
        >
          {each.label}
        </button>
      </th>
      <td>{PARTS[each.part ?? ""] ?? each.part}</td>
      <td>{each.workgroups.filter((count, axis) => axis === 0 || count > 1).join(" × ")}</td>
      <td>{digits(each.flop / 1e6)}</td>
      <td>{digits((each.bytesRead + each.bytesWritten) / 1e6)}</td>
      <td>{seconds === undefined ? "–" : time(seconds)}</td>
      <td>{seconds === undefined ? "–" : digits(each.flop / seconds / 1e9)}</td>
      <td>{found ? <Bar share={found.shares[each.index]!} /> : "–"}</td>
    </tr>
  );
}

function Bar({ share }: { readonly share: number }): JSX.Element {
  const width = `${Math.min(100, 100 * share)}%`;
  return (
    <span class="ceiling">
      <span class="ceiling-bar" aria-hidden="true">
        <span style={{ width }} />
      </span>
      {whole(100 * share)} %
    </span>
  );
}

/** The WGSL of the open launch, and its variants. */
function Opened({ facts }: { readonly facts: LaunchFacts }): JSX.Element {
  const lines = wgsl.value.split("\n").length;
  return (
    <div class="opened">
      <h3>
        <code>{facts.shader}.wgsl</code>, entry point <code>{facts.entry}</code>
      </h3>
      {variants.value.length > 1 && <Variants />}
      <p class="faint">
        {whole(lines)} lines, as the driver gets them: the file with its libraries, specialised by{" "}
        {whole(Object.keys(facts.constants).length)} constants for these shapes.
      </p>
      {wgsl.value !== "" && (
        <Wgsl code={wgsl.value} label={`WGSL of ${facts.shader}, ${facts.entry}`} />
      )}
    </div>
  );
}

function Variants(): JSX.Element {
  const shown = variantTimes.value.find((each) => each.variant === variant.value);
  return (
    <div class="variants">
      <fieldset class="choice">
        <legend>Variant</legend>
        {variants.value.map((each) => (
          <label key={each.variant}>
            <input
              type="radio"
              name="variant"
              value={each.variant}
              checked={variant.value === each.variant}
              disabled={timing.value}
              onChange={() => void tryVariant(each.variant)}
            />
            <code>{each.variant}</code>
            {each.standard && <span class="faint">runs in training</span>}
          </label>
        ))}
      </fieldset>
      <p id="variant-figure" role="status">
        {timing.value
          ? "Timing it…"
          : shown
            ? figureOf(shown)
            : "Choose a variant to read its WGSL and to time it."}
      </p>
      {variantTimes.value.length > 1 && <Comparison />}
    </div>
  );
}

const figureOf = ({ variant: name, seconds, flops, share, launches }: VariantTime): string =>
  `${name}: ${time(seconds)}, ${digits(flops / 1e9)} GFLOP/s, ${whole(100 * share)} % of the ceiling${launches > 1 ? `, in ${launches} launches` : ""}.`;

/** The variants that were timed, as bars. */
function Comparison(): JSX.Element {
  const most = Math.max(...variantTimes.value.map((each) => each.flops));
  return (
    <ul class="comparison" aria-label="Variants that were timed">
      {variantTimes.value.map((each) => (
        <li key={each.variant}>
          <code>{each.variant}</code>
          <span class="ceiling-bar" aria-hidden="true">
            <span style={{ width: `${(100 * each.flops) / most}%` }} />
          </span>
          <span>{digits(each.flops / 1e9)} GFLOP/s</span>
        </li>
      ))}
    </ul>
  );
}
