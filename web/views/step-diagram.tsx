// The picture of a step: what passes between both networks. What the last part touched is lit.
import type { ComponentChildren, JSX } from "preact";
import type { Player, StepPart } from "../../src/web.ts";
import { facts, latest, learner, reportOf } from "../state/slow.ts";
import { GpuCanvas } from "../ui/gpu-canvas.tsx";
import { decimals, whole } from "../ui/words.ts";
import { digits, percent } from "./step-words.ts";

/** The diagram. */
export function StepDiagram(): JSX.Element {
  return (
    <div class="diagram-frame">
      <div class="diagram" role="group" aria-label="What passes between the networks">
        <Node area="noise" title="Noise" parts={["noise"]}>
          <GpuCanvas name="step-noise" label="Latent vectors, one block of squares each" />
        </Node>
        <Arrow area="a1" parts={["generate"]} />
        <NetworkNode player="generator" area="gen" title="Generator" />
        <Arrow area="a2" parts={["generate"]} />
        <Node area="fake" title="Drawn images" parts={["generate"]}>
          <GpuCanvas name="step-fake" label="Images that the generator drew in this step" />
        </Node>
        <Node area="real" title="Real images" parts={["real"]}>
          <GpuCanvas name="step-real" label="Training images of this step" />
        </Node>
        <Arrow area="a3" parts={["judge"]} />
        <NetworkNode player="discriminator" area="disc" title="Discriminator" />
        <Arrow area="a4" parts={["losses"]} />
        <Losses />
        <Gradient player="discriminator" area="dback" />
        <Arrow area="b1" back parts={["discriminator-backward", "generator-backward"]} />
        <Node area="slopes" title="What D asks of the pixels" parts={["generator-backward"]}>
          <GpuCanvas
            name="step-slopes"
            label="The gradient of the generator’s loss with respect to each pixel"
          />
        </Node>
        <Arrow area="b2" back parts={["generator-backward"]} />
        <Gradient player="generator" area="gback" />
      </div>
    </div>
  );
}

const isLit = (parts: readonly StepPart[]): boolean =>
  latest.value !== undefined && parts.includes(latest.value.part);
const hasRun = (parts: readonly StepPart[]): boolean =>
  parts.some((part) => reportOf(part) !== undefined);

const stateOf = (parts: readonly StepPart[]): string =>
  isLit(parts) ? "lit" : hasRun(parts) ? "past" : "waiting";

function Node({
  area,
  title,
  parts,
  children,
  frozen = false,
}: {
  readonly area: string;
  readonly title: string;
  /** The parts in which something happens here. */
  readonly parts: readonly StepPart[];
  readonly children: ComponentChildren;
  readonly frozen?: boolean;
}): JSX.Element {
  return (
    <section
      class={`node ${stateOf(parts)} ${frozen ? "frozen" : ""}`}
      data-node={area}
      style={{ gridArea: area }}
      aria-label={title}
    >
      <h3>{title}</h3>
      {children}
    </section>
  );
}

function Arrow({
  area,
  parts,
  back = false,
}: {
  readonly area: string;
  readonly parts: readonly StepPart[];
  readonly back?: boolean;
}): JSX.Element {
  return (
    <svg
      class={`arrow ${stateOf(parts)} ${back ? "back" : ""}`}
      style={{ gridArea: area }}
      viewBox="0 0 28 16"
      aria-hidden="true"
    >
      <path d="M1 8h24M18 2l7 6-7 6" />
    </svg>
  );
}

const isFrozen = (player: Player): boolean => learner.value !== "both" && learner.value !== player;

function NetworkNode({
  player,
  area,
  title,
}: {
  readonly player: Player;
  readonly area: string;
  readonly title: string;
}): JSX.Element {
  const size = facts.value?.[player].parameters;
  const { before, after } = latest.value ?? {};
  const frozen = isFrozen(player);
  const parts: readonly StepPart[] =
    player === "generator"
      ? ["generate", "generator-update", "average"]
      : ["judge", "penalty", "discriminator-update"];
  return (
    <Node area={area} title={title} parts={parts} frozen={frozen}>
      <dl>
        <div>
          <dt>weights</dt>
          <dd>{size === undefined ? "–" : whole(size)}</dd>
        </div>
        {player === "discriminator" && <Verdicts />}
        <div>
          <dt>bits</dt>
          <dd>
            <code id={`bits-${player}`}>{after?.[player] ?? before?.[player] ?? "–"}</code>
          </dd>
        </div>
      </dl>
      <p class="faint">
        {frozen
          ? "Frozen: it keeps every bit."
          : after && before && after[player] !== before[player]
            ? "Its bits changed."
            : "It learns."}
      </p>
    </Node>
  );
}

function Verdicts(): JSX.Element {
  const { dReal, dFake } = { ...reportOf("losses")?.numbers, ...reportOf("judge")?.numbers };
  return (
    <>
      <Share name="D(real)" kind="real" value={dReal} />
      <Share name="D(fake)" kind="fake" value={dFake} />
    </>
  );
}

function Share({
  name,
  kind,
  value,
}: {
  readonly name: string;
  readonly kind: string;
  readonly value: number | undefined;
}): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <span class={`share ${kind}`} aria-hidden="true">
          <span style={{ width: `${100 * (value ?? 0)}%` }} />
        </span>
        {decimals(value)}
      </dd>
    </div>
  );
}

function Losses(): JSX.Element {
  const numbers = reportOf("losses")?.numbers ?? {};
  return (
    <Node area="loss" title="Losses" parts={["losses"]}>
      <dl>
        <div>
          <dt>discriminator</dt>
          <dd id="slow-loss-d">{decimals(numbers["lossD"])}</dd>
        </div>
        <div>
          <dt>generator</dt>
          <dd id="slow-loss-g">{decimals(numbers["lossG"])}</dd>
        </div>
      </dl>
    </Node>
  );
}

function Gradient({
  player,
  area,
}: {
  readonly player: Player;
  readonly area: string;
}): JSX.Element {
  const letter = player === "generator" ? "G" : "D";
  const gradient = reportOf(`${player}-backward`)?.numbers["norm"];
  const change = reportOf(`${player}-update`)?.numbers["change"];
  return (
    <Node
      area={area}
      title={`${letter}’s gradient`}
      parts={[`${player}-backward`, `${player}-update`]}
      frozen={isFrozen(player)}
    >
      <dl>
        <div>
          <dt>norm</dt>
          <dd>{digits(gradient)}</dd>
        </div>
        <div>
          <dt>weights move by</dt>
          <dd>{percent(change)}</dd>
        </div>
      </dl>
    </Node>
  );
}
