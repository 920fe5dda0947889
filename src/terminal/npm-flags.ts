// Finds flags that npm kept for itself because they stood before `--`. For example, `npm run train --recipe small` runs
// the script with the argument `small`, and leaves `npm_config_recipe=true` in the environment.
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Command, Option } from "commander";
import { RECIPE_NAMES } from "../gan/recipes/names.ts";
import { UsageError } from "../gpu/errors.ts";
import { shellQuote } from "../gpu/foreign-text.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Flags that npm has too. It takes them rightly, and passes them on to everything that its scripts start. */
const NPMS_OWN = ["force", "json", "browser", "only", "verbose", "prefix"];
const MOST_WORDS = 8;

/** What npm kept, and the command as it should be typed. */
export interface Kept {
  readonly flags: readonly string[];
  readonly command: string;
  /** Whether npm itself has all of these flags, so that they may not have been meant for us. */
  readonly unsure: boolean;
}

/**
 * Throws a `UsageError` with the line to type if npm kept flags of the command. Returns a note if they may be npm's
 * own.
 */
export function refuseKeptFlags(
  program: Command,
  argv: readonly string[],
  env: Environment,
): string | undefined {
  const kept = keptByNpm(program, argv, env);
  if (!kept) return undefined;
  const { flags, command, unsure } = kept;
  const them = flags.length === 1 ? "it" : "them";
  if (unsure) {
    return `npm took ${flags.join(", ")} for itself; if ${them === "it" ? "it was" : "they were"} meant for this command, put -- before ${them}: ${command}`;
  }
  throw new UsageError(
    `npm took ${flags.join(", ")} for itself, and nothing has run; put -- before ${them}: ${command}`,
  );
}

/** Returns the flags of a command that npm kept, found in the environment that it leaves to its scripts. */
export function keptByNpm(
  program: Command,
  argv: readonly string[],
  env: Environment,
): Kept | undefined {
  const script = (env.npm_lifecycle_script ?? "").split(/\s+/);
  const file = script.findIndex((word) => basename(word) === basename(argv[1] ?? ""));
  if (env.npm_lifecycle_event === undefined || file < 0) return undefined;
  const fixed = script.slice(file + 1); // such as `train`: the script's own words
  const typed = argv.slice(2 + fixed.length);
  const name = [...fixed, ...typed].find((word) => !word.startsWith("-"));
  const command = program.commands.find((each) => each.name() === name);
  if (!command) return undefined;

  const flag = typed.findIndex((word) => word.startsWith("-"));
  const [plain, rest] = flag < 0 ? [typed, []] : [typed.slice(0, flag), typed.slice(flag)];
  const words = fixed.length === 0 ? plain.slice(1) : plain;
  const given = new Set(rest.map((word) => word.replace(/^--(no-)?/, "").replace(/=.*/s, "")));
  const found = new Map(
    [...program.options, ...command.options].map((option) => [nameOf(option), option]),
  );
  const taken = [...found].filter(
    ([key]) => env[variableOf(key)] !== undefined && !given.has(key) && !inNpmrc(key, env),
  );
  if (taken.length === 0) return undefined;
  const line = [
    `npm run ${env.npm_lifecycle_event} --`,
    ...(fixed.length === 0 ? [command.name()] : []),
    ...wordsOf(command, taken, words, env),
    ...rest.map((word) => shellQuote(word)),
  ];
  return {
    flags: taken.map(([key, option]) => wordOf(key, option, env)),
    command: line.join(" "),
    unsure: taken.every(([key]) => NPMS_OWN.includes(key)),
  };
}

const nameOf = (option: Option): string => (option.long ?? "").replace(/^--(no-)?/, "");
/** npm expands an abbreviation to a flag of its own: version 11 does so with `--to`. */
const EXPANDED: Readonly<Record<string, string>> = { to: "token-description" };
const variableOf = (name: string): string =>
  `npm_config_${(EXPANDED[name] ?? name).replaceAll("-", "_")}`;
const takesValue = ({ required, optional }: Option): boolean => required || optional;

/** Returns a flag as it is typed: `--steps`, or `--no-grid`, which npm keeps as an empty value. */
function wordOf(name: string, option: Option, env: Environment): string {
  return !takesValue(option) && env[variableOf(name)] === "" ? `--no-${name}` : `--${name}`;
}

/**
 * Returns the words of the line that was meant. Of the plain words that npm left, those that are values of flags go
 * after their flags. If there are several ways to do that, or none, `…` stands for each value.
 */
function wordsOf(
  command: Command,
  taken: readonly (readonly [string, Option])[],
  words: readonly string[],
  env: Environment,
): string[] {
  const open = taken.filter(
    ([key, option]) => takesValue(option) && env[variableOf(key)] === "true",
  );
  const ways = words.length > MOST_WORDS ? [] : pairings(command, open, words);
  const [way] = ways;
  const values = ways.length === 1 ? way! : undefined;
  const spent = new Set(values?.values());
  const flags = taken.flatMap(([key, option]) => {
    const word = wordOf(key, option, env);
    const value = env[variableOf(key)]!;
    if (!takesValue(option)) return [word];
    if (value !== "true") return [word, shellQuote(value.split("\n\n").at(-1)!)];
    const at = values?.get(key);
    if (at !== undefined) return [word, shellQuote(words[at]!)];
    return option.required ? [word, "…"] : [word];
  });
  const plain = words.filter((_, at) => !spent.has(at)).map((word) => shellQuote(word));
  const most = command.registeredArguments.length;
  return [...(values || most > 0 ? plain : []), ...flags];
}

/**
 * Returns every way to give each flag one of the words, by index, so that the flag accepts it and the command takes the
 * rest.
 */
function pairings(
  command: Command,
  open: readonly (readonly [string, Option])[],
  words: readonly string[],
): ReadonlyMap<string, number>[] {
  const least = command.registeredArguments.filter(({ required }) => required).length;
  const most = command.registeredArguments.some(({ variadic }) => variadic)
    ? Infinity
    : command.registeredArguments.length;
  const [next, ...others] = open;
  if (!next) return words.length >= least && words.length <= most ? [new Map()] : [];
  const [key, option] = next;
  const found: ReadonlyMap<string, number>[] = [];
  const named = words.some(isRecipe);
  words.forEach((word, at) => {
    if (!accepts(option, word) || (key === "recipe" && named && !isRecipe(word))) return;
    const left = words.filter((_, index) => index !== at);
    for (const way of pairings(command, others, left)) {
      const shifted = [...way].map(([name, index]): [string, number] => [
        name,
        index < at ? index : index + 1,
      ]);
      found.push(new Map([[key, at], ...shifted]));
    }
  });
  return option.optional
    ? [...found, ...(found.length > 0 ? [] : pairings(command, others, words))]
    : found;
}

const isRecipe = (word: string): boolean => RECIPE_NAMES.some((name) => name === word);

/** Whether an option accepts a text as its value. */
function accepts({ argChoices, parseArg }: Option, text: string): boolean {
  if (argChoices) return argChoices.includes(text);
  try {
    parseArg?.(text, undefined);
    return true;
  } catch {
    return false; // commander's InvalidArgumentError
  }
}

/** Whether one of npm's configuration files sets a key, which puts it in the environment too. */
function inNpmrc(key: string, env: Environment): boolean {
  const { npm_config_userconfig, npm_config_globalconfig, npm_config_local_prefix } = env;
  const files = [
    npm_config_userconfig,
    npm_config_globalconfig,
    npm_config_local_prefix && join(npm_config_local_prefix, ".npmrc"),
  ];
  return files.some((file) => {
    try {
      return new RegExp(`^\\s*${key}\\s*(=|$)`, "m").test(readFileSync(file ?? "", "utf8"));
    } catch {
      return false; // most people have none
    }
  });
}
