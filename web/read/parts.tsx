// What the explanations are made of: links that set the page, and papers.
import type { ComponentChildren, JSX } from "preact";
import { readSettings } from "../state/settings.ts";
import { changeSettings, remark, view, viewIn } from "../state/state.ts";

/** A link that sets the page: the settings of the next run, or another view. It works in a new tab too. */
export function Set({
  query,
  then,
  children,
}: {
  /** As in the page's address: `recipe=small&rate-d=0.02`. */
  readonly query: string;
  /** What to do next, in a sentence. */
  readonly then?: string;
  readonly children: ComponentChildren;
}): JSX.Element {
  const apply = (event: MouseEvent): void => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    const parameters = new URLSearchParams(query);
    const name = parameters.get("view");
    parameters.delete("view");
    const next = parameters.size > 0 ? readSettings(parameters).settings : undefined;
    if (next) changeSettings(next);
    if (name !== null) view.value = viewIn(name);
    if (then !== undefined) remark.value = then;
  };
  return (
    <a class="set" href={`?${query}`} onClick={apply}>
      {children}
    </a>
  );
}

/** A paper. */
export function Paper({
  at,
  children,
}: {
  readonly at: string;
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <a href={at} rel="noreferrer">
      {children}
    </a>
  );
}

/** The papers that are cited, by their first author and year. */
export const PAPERS = {
  goodfellow2014: "https://arxiv.org/abs/1406.2661",
  radford2015: "https://arxiv.org/abs/1511.06434",
  kingma2014: "https://arxiv.org/abs/1412.6980",
  ioffe2015: "https://arxiv.org/abs/1502.03167",
  white2016: "https://arxiv.org/abs/1609.04468",
  zhu2016: "https://arxiv.org/abs/1609.03552",
  salimans2016: "https://arxiv.org/abs/1606.03498",
  heusel2017: "https://arxiv.org/abs/1706.08500",
  miyato2018: "https://arxiv.org/abs/1802.05637",
  kahng2018: "https://arxiv.org/abs/1809.01587",
  yazici2019: "https://arxiv.org/abs/1806.04498",
  shen2021: "https://arxiv.org/abs/2007.06600",
  lecun1998: "https://doi.org/10.1109/5.726791",
  williams2009: "https://doi.org/10.1145/1498765.1498785",
} as const;
