// The table of the recipes' constants in docs/recipes/README.md, as the recipes have them.
import { constantsOf } from "../../src/cli/constants.ts";
import { recipes } from "../../src/gan/recipes/list.ts";

/** The page, from the project's root. */
export const RECIPES_DOC = "docs/recipes/README.md";

/** Of Adam's constants, in the order of a cell. */
const WORDS = { learningRate: "rate", beta1: "β1", beta2: "β2", epsilon: "ε" };

function cell(value: unknown): string {
  if (value === undefined) return "–";
  if (Array.isArray(value)) return value.join(", ");
  if (typeof value !== "object" || value === null) return String(value);
  const parts = new Map<string, unknown>(Object.entries(value));
  return Object.entries(WORDS)
    .map(([name, word]) => `${word} ${String(parts.get(name))}`)
    .join(", ");
}

/** A line a constant, a column a recipe. */
export function constantsTable(): string {
  const each = recipes.map((recipe) => constantsOf(recipe));
  const names = [...new Set(each.flatMap((constants) => Object.keys(constants)))];
  const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [
    row(["constant", ...recipes.map(({ name }) => `\`${name}\``)]),
    row(["---", ...recipes.map(() => "---")]),
    ...names.map((name) => row([`\`${name}\``, ...each.map((constants) => cell(constants[name]))])),
  ].join("\n");
}

const TABLE = /(<!-- constants -->\n)[\s\S]*?(\n<!-- end -->)/;

/** The page with that table between its two marks. Throws where it has none. */
export function withTable(page: string): string {
  if (!TABLE.test(page)) throw new Error(`${RECIPES_DOC}: has no marks for the table of constants`);
  return page.replace(
    TABLE,
    (_, begin: string, end: string) => `${begin}\n${constantsTable()}\n${end}`,
  );
}
