// The values of WGSL expressions that depend on a module's constants alone: integers and truth values, as a shader's
// compiler would compute them, and floats as they are written.

import { called, combined, literal, truth, type Known } from "./wgsl-values.ts";

/** A token of WGSL, with its place in the text. */
export interface Token {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const TOKEN =
  /\/\/.*|[A-Za-z_]\w*|0[xX][\da-fA-F.]+(?:[pP][+-]?\d+)?[fhiu]?|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[fhiu]?|&&|\|\||==|!=|<=|>=|<<|>>|\S/g;

/** Returns the tokens of a text without its line comments. */
export function tokensOf(wgsl: string): readonly Token[] {
  return [...wgsl.matchAll(TOKEN)]
    .filter(([text]) => !text.startsWith("//"))
    .map(({ 0: text, index }) => ({ text, start: index, end: index + text.length }));
}

/** How tightly operators bind, the loosest first. */
const LEVELS: readonly (readonly string[])[] = [
  ["||"],
  ["&&"],
  ["|"],
  ["^"],
  ["&"],
  ["==", "!=", "<", "<=", ">", ">="],
  ["<<", ">>"],
  ["+", "-"],
  ["*", "/", "%"],
];

/** The constants of a module. */
export class Constants {
  readonly #tokens: readonly Token[];
  /** Where the value of each constant is, and its value once it is known. */
  readonly #places = new Map<string, readonly [from: number, to: number]>();
  readonly #values = new Map<string, Known | undefined>();

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
    let depth = 0;
    for (let i = 0; i < tokens.length; i += 1) {
      const { text } = tokens[i]!;
      if ("([{".includes(text)) depth += 1;
      if (")]}".includes(text)) depth -= 1;
      if (depth > 0 || text !== "const" || tokens[i + 2]?.text !== "=") continue;
      const end = tokens.findIndex((token, at) => at > i && token.text === ";");
      this.#places.set(tokens[i + 1]!.text, [i + 3, end]);
    }
    // A name that a function declares as well may mean something else there.
    for (const name of localNames(tokens)) this.#places.delete(name);
  }

  /** Returns the value of the expression in tokens `from` to `to` − 1; undefined if it isn't known. */
  valueOf(from: number, to: number): Known | undefined {
    const expression = new Expression(this.#tokens, from, to, (name) => this.#named(name));
    return expression.value();
  }

  #named(name: string): Known | undefined {
    if (this.#values.has(name)) return this.#values.get(name);
    this.#values.set(name, undefined); // while it is computed, lest it refer to itself
    const place = this.#places.get(name);
    const value = place && this.valueOf(...place);
    this.#values.set(name, value);
    return value;
  }
}

/** Returns the names of functions' parameters, variables and constants. */
export function localNames(tokens: readonly Token[]): readonly string[] {
  const names: string[] = [];
  let depth = 0;
  let isHead = false; // between `fn` and the function's body
  for (const [i, { text }] of tokens.entries()) {
    if (text === "fn") isHead = true;
    if (text === "{") isHead = false;
    if ("([{".includes(text)) depth += 1;
    if (")]}".includes(text)) depth -= 1;
    if (depth === 0) continue;
    const before = tokens[i - 1]?.text ?? "";
    const isDeclared = ["let", "var", "const"].includes(before);
    const isParameter = isHead && tokens[i + 1]?.text === ":";
    if (isDeclared || isParameter) names.push(text);
  }
  return names;
}

/** An expression that is being read. Whatever isn't understood makes its value unknown. */
class Expression {
  readonly #tokens: readonly Token[];
  readonly #end: number;
  readonly #named: (name: string) => Known | undefined;
  #at: number;

  constructor(
    tokens: readonly Token[],
    from: number,
    to: number,
    named: (name: string) => Known | undefined,
  ) {
    this.#tokens = tokens;
    this.#at = from;
    this.#end = to;
    this.#named = named;
  }

  value(): Known | undefined {
    const value = this.#binary(0);
    return this.#at === this.#end ? value : undefined;
  }

  #peek(): string | undefined {
    return this.#at < this.#end ? this.#tokens[this.#at]!.text : undefined;
  }

  #take(text: string): boolean {
    if (this.#peek() !== text) return false;
    this.#at += 1;
    return true;
  }

  #binary(level: number): Known | undefined {
    const operators = LEVELS[level];
    if (!operators) return this.#unary();
    let left = this.#binary(level + 1);
    for (let text = this.#peek(); text !== undefined && operators.includes(text);) {
      this.#at += 1;
      const right = this.#binary(level + 1);
      left = combined(text, left, right);
      text = this.#peek();
    }
    return left;
  }

  #unary(): Known | undefined {
    if (this.#take("!")) {
      const value = this.#unary();
      return value?.type === "bool" ? truth(!value.value) : undefined;
    }
    if (this.#take("-")) {
      const value = this.#unary();
      if (value === undefined || value.type === "bool" || value.type === "u32") return undefined;
      return { type: value.type, value: -Number(value.value) };
    }
    if (this.#take("(")) {
      const value = this.#binary(0);
      return this.#take(")") ? value : undefined;
    }
    const text = this.#peek();
    this.#at += 1;
    if (text === undefined) return undefined;
    if (/^[\d.]/.test(text)) return literal(text);
    if (this.#take("(")) return this.#call(text);
    if (text === "true" || text === "false") return truth(text === "true");
    return this.#named(text);
  }

  #call(name: string): Known | undefined {
    const values: (Known | undefined)[] = [];
    while (this.#peek() !== ")") {
      values.push(this.#binary(0));
      if (!this.#take(",") && this.#peek() !== ")") return undefined;
    }
    this.#at += 1;
    return called(name, values);
  }
}
