// docs/commands.md says what the commands' `--help` says.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { longhandProgram } from "../../src/cli/program.ts";
import { COMMANDS_DOC, withCommands } from "../support/commands-doc.ts";

const read = (path: string): string =>
  readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const page = read(COMMANDS_DOC);

test("the page has every command's help (npm run docs writes it)", () => {
  expect(withCommands(page)).toBe(page);
  expect([...page.matchAll(/^Usage: npm run /gm)].length).toBeGreaterThan(20);
});

test("each command of the program is an npm script", () => {
  const { scripts }: { scripts: Record<string, string> } = JSON.parse(read("package.json"));
  for (const command of longhandProgram().commands) {
    expect(scripts[command.name()]).toBe(`node --import tsx src/cli/main.ts ${command.name()}`);
  }
});
