// Removes the branches that a shader's constants rule out: `if (DROPS) { … }` where DROPS is false, and all cases but one
// of `switch OP { … }`. Drivers would find them too, but only after they have inlined every call in them: of a
// convolution with its epilogue, lavapipe compiled such branches for nine tenths of a second, and the rest for 40 ms.
import { Constants, tokensOf, type Token } from "./wgsl-constants.ts";

/** A part of the text to leave out, from one index to another. */
type Cut = readonly [start: number, end: number];

/** What was found of a statement: the index of the token after it. */
interface Statement {
  readonly next: number;
  /** Whether nothing that follows it is reached. */
  readonly returns: boolean;
  /** Whether all of it was cut. */
  readonly isCut?: boolean;
}

/**
 * Returns the text without branches whose conditions are known from its constants, and without statements after a
 * return. Conditions that aren't understood keep their branches. Everything else stays, comments too. A text with block
 * comments, or whose brackets don't match, stays as it is: the driver says what is wrong with it.
 */
export function withoutDeadBranches(wgsl: string): string {
  if (wgsl.includes("/*")) return wgsl;
  const pruning = new Pruning(wgsl);
  let text = "";
  let from = 0;
  for (const [start, end] of pruning.cuts()) {
    text += wgsl.slice(from, start);
    from = end;
  }
  return (text + wgsl.slice(from)).replaceAll(/\n(?:[ \t]*\n)+/g, "\n\n");
}

class Pruning {
  readonly #wgsl: string;
  readonly #tokens: readonly Token[];
  readonly #constants: Constants;
  readonly #cuts: Cut[] = [];
  #isBroken = false; // something that WGSL's syntax asks for is missing

  constructor(wgsl: string) {
    this.#wgsl = wgsl;
    this.#tokens = tokensOf(wgsl);
    this.#constants = new Constants(this.#tokens);
  }

  /** Returns the parts to leave out, in order. */
  cuts(): readonly Cut[] {
    for (let i = 0; i < this.#tokens.length; i += 1) {
      if (this.#text(i) !== "fn") continue;
      i = this.#block(this.#find("{", i)).next - 1;
    }
    return this.#isBroken ? [] : this.#cuts.toSorted(([a], [b]) => a - b);
  }

  #text(i: number): string | undefined {
    return this.#tokens[i]?.text;
  }

  /** Cuts from the beginning of one token to that of another. */
  #cut(from: number, to: number): void {
    if (this.#isBroken) return;
    this.#cuts.push([this.#tokens[from]!.start, this.#tokens[to]!.start]);
  }

  /** Cuts whole statements, from one token up to another, with the comments above and behind them. */
  #cutAfter(from: number, to: number): void {
    if (this.#isBroken) return;
    this.#cuts.push([this.#lineEnd(from - 1), this.#lineEnd(to - 1)]);
  }

  /** Returns where a token ends, or its line if only a comment follows there. */
  #lineEnd(i: number): number {
    const { end } = this.#tokens[i]!;
    const rest = /[ \t]*(?:\/\/.*)?(?=\n)/y;
    rest.lastIndex = end;
    return end + (rest.exec(this.#wgsl)?.[0].length ?? 0);
  }

  /** Returns the index of the next token with a text, outside of brackets that open in between. */
  #find(text: string, from: number): number {
    for (let i = from, depth = 0; i < this.#tokens.length; i += 1) {
      const found = this.#text(i)!;
      if (depth === 0 && found === text) return i;
      if ("([{".includes(found)) depth += 1;
      if (")]}".includes(found)) depth -= 1;
      if (depth < 0) break;
    }
    this.#isBroken = true;
    return this.#tokens.length;
  }

  /** Returns the index after the brace that closes the one at `open`. */
  #afterBrace(open: number): number {
    return this.#find("}", open + 1) + 1;
  }

  /** Prunes the statements of a block, which opens at `open`. */
  #block(open: number): Statement {
    const next = this.#afterBrace(open);
    let returns = false;
    for (let i = open + 1; i < next - 1;) {
      const statement = this.#statement(i);
      i = statement.next;
      if (!statement.returns) continue;
      returns = true;
      if (i < next - 1) this.#cutAfter(i, next - 1);
      break;
    }
    return { next, returns };
  }

  #statement(i: number): Statement {
    switch (this.#text(i)) {
      case "if":
        return this.#if(i);
      case "switch":
        return this.#switch(i);
      case "{":
        return this.#block(i);
      case "return":
        return { next: this.#find(";", i) + 1, returns: true };
      case "for":
      case "while":
      case "loop":
      case "continuing":
        return { next: this.#block(this.#find("{", i)).next, returns: false };
      default:
        return { next: this.#find(";", i) + 1, returns: false };
    }
  }

  #if(i: number): Statement {
    const open = this.#find("{", i);
    const after = this.#afterBrace(open);
    const otherwise = this.#text(after) === "else" ? after + 1 : undefined;
    const holds = this.#constants.valueOf(i + 1, open)?.value;
    if (holds === true) {
      this.#cut(i, open);
      const { returns } = this.#block(open);
      const next = otherwise === undefined ? after : this.#afterElse(otherwise);
      if (next > after) this.#cutAfter(after, next);
      return { next, returns };
    }
    if (holds === false) {
      if (otherwise === undefined) {
        this.#cutAfter(i, after);
        return { next: after, returns: false, isCut: true };
      }
      this.#cut(i, otherwise);
      return this.#statement(otherwise);
    }
    const { returns } = this.#block(open);
    if (otherwise === undefined) return { next: after, returns: false };
    const other = this.#statement(otherwise);
    if (other.isCut) this.#cutAfter(after, otherwise);
    return { next: other.next, returns: returns && other.returns };
  }

  /** Returns the index after all that follows an `else`. */
  #afterElse(i: number): number {
    if (this.#text(i) !== "if") return this.#afterBrace(i);
    const after = this.#afterBrace(this.#find("{", i));
    return this.#text(after) === "else" ? this.#afterElse(after + 1) : after;
  }

  #switch(i: number): Statement {
    const open = this.#find("{", i);
    const next = this.#afterBrace(open);
    const selector = this.#constants.valueOf(i + 1, open)?.value;
    const bodies: number[] = [];
    let chosen: number | undefined;
    let standard: number | undefined;
    let isKnown = selector !== undefined;
    for (let at = open + 1; at < next - 1; at = this.#afterBrace(bodies.at(-1)!)) {
      const body = this.#find("{", at);
      bodies.push(body);
      for (const [from, to] of this.#selectors(at, body)) {
        if (this.#text(from) === "default") {
          standard = body;
          continue;
        }
        const value = this.#constants.valueOf(from, to)?.value;
        isKnown &&= value !== undefined;
        if (value === selector) chosen ??= body;
      }
    }
    const only = chosen ?? standard;
    // A break would leave the switch, which goes.
    if (!isKnown || only === undefined || this.#has("break", only)) {
      for (const body of bodies) this.#block(body);
      return { next, returns: false };
    }
    this.#cut(i, only);
    const { next: after, returns } = this.#block(only);
    this.#cutAfter(after, next);
    return { next, returns };
  }

  /** Returns the ranges of a clause's selectors, which begins at `at`. */
  #selectors(at: number, body: number): readonly Cut[] {
    const ranges: Cut[] = [];
    const end = this.#text(body - 1) === ":" ? body - 1 : body;
    for (let from = this.#text(at) === "case" ? at + 1 : at; from < end;) {
      let to = from;
      while (to < end && this.#text(to) !== ",") to += 1;
      ranges.push([from, to]);
      from = to + 1;
    }
    return ranges;
  }

  #has(text: string, open: number): boolean {
    return this.#tokens.slice(open, this.#afterBrace(open)).some((token) => token.text === text);
  }
}
