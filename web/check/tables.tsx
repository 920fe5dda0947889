// Markdown of headings, paragraphs and tables, such as a check's report, as elements.
import type { ComponentChildren, JSX } from "preact";

/** The parts of a Markdown text. */
export function Tables({ markdown }: { readonly markdown: string }): JSX.Element {
  const parts = markdown.trim().split(/\n{2,}/);
  return <>{parts.map((part, index) => partOf(part, index))}</>;
}

function partOf(part: string, key: number): JSX.Element {
  const heading = /^#+ (.*)$/.exec(part)?.[1];
  if (heading !== undefined) return <h3 key={key}>{heading}</h3>;
  if (!part.startsWith("|")) return <p key={key}>{strong(part)}</p>;
  const [head, rule, ...rows] = part.split("\n").map(cellsOf);
  const isRight = rule!.map((cell) => cell.endsWith(":"));
  const side = (column: number): string => (isRight[column] ? "number" : "");
  return (
    <div
      key={key}
      class="table"
      tabIndex={0}
      role="region"
      aria-label={`Table: ${head!.join(", ")}`}
    >
      <table>
        <thead>
          <tr>
            {head!.map((cell, column) => (
              <th key={column} scope="col" class={side(column)}>
                {strong(cell)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, line) => (
            <tr key={line}>
              {row.map((cell, column) => (
                <td key={column} class={side(column)}>
                  {strong(cell)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

// A cell may hold an escaped bar.
const cellsOf = (line: string): string[] =>
  line
    .replace(/^\||\|$/g, "")
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll("\\|", "|"));

/** Words between pairs of stars are strong, those between backticks are code. */
function strong(text: string): ComponentChildren {
  return text.split(/(\*\*[^*]+\*\*|`[^`]+`)/).map((word, index) => {
    if (word.startsWith("**")) return <strong key={index}>{word.slice(2, -2)}</strong>;
    return word.startsWith("`") ? <code key={index}>{word.slice(1, -1)}</code> : word;
  });
}
