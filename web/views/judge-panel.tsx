// The judge's verdict on the network in training: which digits its samples are, how far they are from real ones, and a
// plain warning when it goes wrong.
import { useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import "./judge-panel.css";
import { MEASURED } from "../lab/judged.ts";
import { hasRun } from "../state/state.ts";
import {
  distances,
  isJudging,
  judgeFacts,
  judgeFailure,
  judgeNow,
  verdict,
  warnings,
  watchVerdicts,
} from "../state/verdicts.ts";
import { Notice } from "../ui/notice.tsx";
import { Plot, type Line, type Numbers } from "../ui/plot.tsx";
import { decimals, whole } from "../ui/words.ts";

const LINES: readonly Line[] = [{ label: "Fréchet distance", colour: "--accent" }];
const DIGITS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] as const;

/** The panel. */
export function JudgePanel(): JSX.Element {
  useEffect(watchVerdicts, []);
  const facts = judgeFacts.value;
  return (
    <section class="card judge" aria-labelledby="judge-title">
      <h2 id="judge-title">What the judge says</h2>
      <p class="faint">
        A third network, which only reads: it names{" "}
        {facts ? `${(100 * facts.accuracy).toFixed(1)} %` : "99 %"} of real test digits correctly.
      </p>
      {warnings.value.map(({ kind, words }) => (
        <Notice key={kind} kind="warning">
          <span class="collapse" data-kind={kind}>
            {words}
          </span>
        </Notice>
      ))}
      <Histogram />
      <Distance />
      <div class="buttons">
        <button
          id="judge-now"
          type="button"
          aria-disabled={!hasRun.value || isJudging.value}
          onClick={() => hasRun.value && void judgeNow(true)}
        >
          {isJudging.value ? "Judging…" : "Judge now"}
        </button>
      </div>
      {judgeFailure.value !== "" && <Notice kind="warning">{judgeFailure.value}</Notice>}
    </section>
  );
}

function Histogram(): JSX.Element {
  const found = verdict.value;
  const expected = judgeFacts.value?.expected;
  const most = Math.max(0.2, ...DIGITS.map((digit) => shareOf(digit)));
  return (
    <figure class="histogram">
      <figcaption id="histogram-words">
        {found
          ? `${whole(found.count)} samples after step ${whole(found.step!)}, by the digit that the judge takes them for; it is ${Math.round(100 * found.confidence)} % certain on average.${askedWords(found.asked)}`
          : "Which digits the samples are will stand here once a network trains."}
      </figcaption>
      <ol class="bars" aria-label="Samples by digit">
        {DIGITS.map((digit) => (
          <li key={digit} title={`${found?.counts[digit] ?? 0} samples look like a ${digit}`}>
            <span class="count">{found?.counts[digit] ?? "–"}</span>
            <span class="track" aria-hidden="true">
              <span class="bar" style={{ height: `${(100 * shareOf(digit)) / most}%` }} />
              {expected && (
                <span class="level" style={{ bottom: `${(100 * expected[digit]!) / most}%` }} />
              )}
            </span>
            <span class="digit">{digit}</span>
          </li>
        ))}
      </ol>
      <p class="faint">The dashes show how frequent each digit is among real images.</p>
    </figure>
  );
}

function shareOf(digit: number): number {
  const found = verdict.value;
  return found ? found.counts[digit]! / found.count : 0;
}

const askedWords = (asked: number | undefined): string =>
  asked === undefined ? "" : ` ${Math.round(100 * asked)} % are the digit that was asked for.`;

function Distance(): JSX.Element {
  const numbers = useComputed((): Numbers => [
    distances.value.map(({ step }) => step),
    distances.value.map(({ distance }) => distance),
  ]);
  const last = distances.value.at(-1)?.distance;
  const attainable = judgeFacts.value?.attainable;
  return (
    <>
      <h3>How far from real digits</h3>
      <p class="faint" id="distance-words">
        Fréchet distance of {whole(MEASURED)} samples, seen through the judge: {decimals(last, 1)}.{" "}
        {attainable !== undefined &&
          `As many real digits score ${decimals(attainable, 1)}; lower is better.`}
      </p>
      <Plot
        label={`The Fréchet distance over the steps; the last one is ${decimals(last, 1)}`}
        lines={LINES}
        numbers={numbers.value}
      />
    </>
  );
}
