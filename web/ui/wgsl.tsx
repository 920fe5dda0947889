// WGSL in colours, by Prism: its tokens as elements of the page.
import type { ComponentChildren, JSX } from "preact";
import type { Token } from "prismjs";
import Prism from "prismjs/components/prism-core.js";
import "prismjs/components/prism-wgsl.js";

const LONGEST = 60_000; // characters

/** A shader's text, in a box that scrolls and takes the focus. */
export function Wgsl({
  code,
  label,
}: {
  readonly code: string;
  readonly label: string;
}): JSX.Element {
  const grammar = Prism.languages["wgsl"];
  const tokens = grammar && code.length < LONGEST ? Prism.tokenize(code, grammar) : [code];
  return (
    // A box that scrolls must be reachable by keyboard.
    <pre class="wgsl" tabIndex={0} role="region" aria-label={label}>
      <code>{tokens.map(shown)}</code>
    </pre>
  );
}

function shown(token: string | Token): ComponentChildren {
  if (typeof token === "string") return token;
  const { content } = token;
  const inner = Array.isArray(content) ? content.map(shown) : shown(content);
  return <span class={`token ${token.type}`}>{inner}</span>;
}
