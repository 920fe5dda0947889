// The generated parts of docs/commands.md: every command of the three programs, with the text of its `--help`.
import type { Command } from "commander";
import { benchProgram } from "../../bench/program.ts";
import { longhandProgram } from "../../src/cli/program.ts";
import { soakProgram } from "../soak/program.ts";

/** The page, from the project's root. */
export const COMMANDS_DOC = "docs/commands.md";

/** Columns of the help text, so that the page doesn't depend on the terminal. */
const COLUMNS = 110;

/** Returns what a command prints on `--help`, including what commander appends. */
function helpOf(command: Command): string {
  let printed = "";
  command.configureOutput({
    getOutHelpWidth: () => COLUMNS,
    getOutHasColors: () => false,
    writeOut: (text) => {
      printed += text;
    },
  });
  command.outputHelp();
  return printed.trimEnd();
}

/** Returns how a command is typed in a clone: `npm run train --`. */
const asTyped = (program: string, name: string): string =>
  program === "longhand" ? `npm run ${name} --` : `${program} ${name}`;

/** Returns a program's commands in the order of its list: a heading for each, and its help as printed. */
function sectionsOf(program: Command): string {
  return program.commands
    .map((command) => {
      const typed = asTyped(program.name(), command.name());
      const usage = `Usage: ${program.name()} ${command.name()}`;
      return `### ${command.name()}\n\n\`\`\`text\n${helpOf(command).replace(usage, `Usage: ${typed}`)}\n\`\`\``;
    })
    .join("\n\n");
}

const SECTIONS = { longhand: longhandProgram, bench: benchProgram, soak: soakProgram };

/** Returns the page with each program's commands between its two marks. Throws if a mark is missing. */
export function withCommands(page: string): string {
  return Object.entries(SECTIONS).reduce((text, [name, build]) => {
    const marks = new RegExp(`(<!-- ${name} -->\\n)[\\s\\S]*?(<!-- end -->)`);
    if (!marks.test(text))
      throw new Error(`${COMMANDS_DOC}: has no marks for the commands of ${name}`);
    return text.replace(
      marks,
      (_, begin: string, end: string) => `${begin}\n${sectionsOf(build())}\n\n${end}`,
    );
  }, page);
}
