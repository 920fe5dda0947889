// docs/ops.md, made from the ops' docstrings, the op table and the mutants' record. Nothing in it is written by hand,
// so nothing can be out of date (test/docs/ops.test.ts).
import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";
import type { Case } from "../../proof/case.ts";
import { table } from "../../proof/table.ts";

const ROOT = new URL("../../", import.meta.url);
const RECORD = new URL("docs/mutants.json", ROOT);

/** The files that export ops, under the headings of the page. */
const SOURCES = [
  ["Products, normalisation, dropout, logits", "src/autograd/ops/layers.ts"],
  ["Images", "src/autograd/ops/images.ts"],
  ["Element by element", "src/autograd/ops/elements.ts"],
  ["Functions, element by element", "src/autograd/ops/functions.ts"],
  ["Activations", "src/autograd/ops/activations.ts"],
  ["Comparisons, choices and types", "src/autograd/ops/conditions.ts"],
  ["Along axes", "src/autograd/ops/axes.ts"],
  ["Moving elements", "src/autograd/ops/moves.ts"],
  ["Compositions", "src/autograd/compositions.ts"],
  ["Losses", "src/autograd/losses.ts"],
  ["Random numbers", "src/autograd/draws.ts"],
  ["Optimizers", "src/nn/adam.ts"],
  ["Optimizers", "src/nn/sgd.ts"],
] as const;

const PARTS = ["Shapes", "Attributes", "Gradient", "Throws", "Source"] as const;
type Part = (typeof PARTS)[number];

/** The parts of an exported function's docstring. */
export interface OpDoc {
  readonly heading: string;
  readonly name: string;
  readonly file: string;
  readonly summary: string;
  readonly parts: Readonly<Partial<Record<Part, string>>>;
}

const DOCUMENTED = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*export (?:const|(?:async )?function) (\w+)/g;

function parse(comment: string): Pick<OpDoc, "summary" | "parts"> {
  const lines = comment.split("\n").map((line) => line.replace(/^\s*\*? ?/, "").trimEnd());
  const parts: Partial<Record<Part, string>> = {};
  let summary = "";
  let current: Part | undefined;
  for (const line of lines) {
    const found = PARTS.find((part) => line.startsWith(`${part}:`));
    if (found) current = found;
    const text = found ? line.slice(found.length + 1).trim() : line.trim();
    if (text === "") continue;
    if (current) parts[current] = `${parts[current] ?? ""} ${text}`.trim();
    else summary = `${summary} ${text}`.trim();
  }
  return { summary, parts };
}

/** Returns the docstrings of everything that docs/ops.md lists. */
export function opDocs(): readonly OpDoc[] {
  return SOURCES.flatMap(([heading, file]) => {
    if (!existsSync(new URL(file, ROOT))) return [];
    const source = readFileSync(new URL(file, ROOT), "utf8");
    return [...source.matchAll(DOCUMENTED)].map(([, comment, name]) => ({
      heading,
      name: name!,
      file,
      ...parse(comment!),
    }));
  });
}

/** Returns the names of the attributes that a docstring lists under `Attributes:`, each before its dash. */
export function attributesOf({ parts }: OpDoc): readonly string[] {
  return [...(parts.Attributes ?? "").matchAll(/(?:^|; )(\w+(?:, \w+)*) —/g)].flatMap(([, names]) =>
    names!.split(", "),
  );
}

/** Returns the names of an op's tensors. */
function inputsOf(op: OpDoc): readonly string[] {
  const attributes = attributesOf(op);
  const before = (op.parts.Shapes ?? "").split("→")[0]!;
  return [...before.matchAll(/(?:^|, |\[)(\w+(?:, \w+)*) \(/g)]
    .flatMap(([, names]) => names!.split(", "))
    .filter((name) => !attributes.includes(name));
}

/** Returns an op's call: `conv2d(x, filter, { strides, … })`. */
function callOf(op: OpDoc): string {
  const attributes = attributesOf(op);
  const inputs = inputsOf(op);
  const before = (op.parts.Shapes ?? "").split("→")[0]!;
  const listed = before.startsWith("[") ? [`[${inputs.join(", ")}, …]`] : inputs;
  const all = attributes.length > 0 ? [...listed, `{ ${attributes.join(", ")} }`] : listed;
  return `${op.name}(${all.join(", ")})`;
}

interface RowSize {
  readonly cases: number;
  readonly refusals: number;
}

const rows: ReadonlyMap<string, RowSize> = new Map(
  Object.entries(table).map(([name, { cases, refusals }]) => [
    name,
    { cases: cases.length, refusals: refusals.length },
  ]),
);

/** Returns what proves an op, for a cell of the table. */
function proofOf({ name, heading }: OpDoc): string {
  const row = rows.get(name);
  if (row) {
    const refusals = row.refusals === 1 ? "refusal" : "refusals";
    return `row \`${name}\`: ${row.cases} cases, ${row.refusals} ${refusals} of its own`;
  }
  if (heading !== "Optimizers") return "`test/kernels/random.test.ts`";
  return name === "sgd"
    ? "`test/kernels/sgd.test.ts`"
    : "`test/kernels/adam.test.ts`, `test/kernels/oracle.test.ts`, `test/nn/parameters.test.ts`";
}

const verdicts = z.array(
  z.object({ kernel: z.string(), what: z.string(), killed: z.boolean(), by: z.string() }),
);

/** The result of a mutant. */
export interface Verdict {
  readonly kernel: string;
  readonly what: string;
  readonly killed: boolean;
  /** The first test that failed. */
  readonly by: string;
}

/** Returns what `npm run soak -- mutants` found when it last ran in full. */
export function mutantsRecord(): readonly Verdict[] {
  return verdicts.parse(JSON.parse(readFileSync(RECORD, "utf8")));
}

const cell = (text: string): string => text.replaceAll("|", "\\|");
const tableOf = (head: readonly string[], body: readonly (readonly string[])[]): string[] => [
  `| ${head.join(" | ")} |`,
  `| ${head.map(() => "---").join(" | ")} |`,
  ...body.map((line) => `| ${line.map(cell).join(" | ")} |`),
];

/** The page that has a short list of all ops, from the project's root. */
export const GUIDE_DOC = "docs/guide.md";

/** Says what the table's cases show about an op's types, if an input may or must have another type than f32. */
function otherTypes(op: OpDoc): string {
  const cases: readonly Case[] = table[op.name as keyof typeof table]?.cases ?? [];
  const typesOf = (input: number): string => {
    const all = cases.flatMap(({ inputs, dtypes }) =>
      inputs[input] ? [dtypes?.[input] ?? "f32"] : [],
    );
    const others = [...new Set(all)].filter((type) => type !== "f32" && type !== "f16").toSorted();
    if (others.length === 0) return "";
    return `${all.includes("f32") ? "also " : ""}${others.join(", ")}`;
  };
  const names = inputsOf(op);
  const types = names.map((_, input) => typesOf(input));
  if (new Set(types).size <= 1) return types[0] ?? "";
  return types.flatMap((each, i) => (each === "" ? [] : [`${names[i]} ${each}`])).join("; ");
}

/** Returns the ops of a family that take other types than f32, those of the same types together. */
function typesCell(ops: readonly OpDoc[]): string {
  const kinds = [...new Set(ops.map(otherTypes))].filter((types) => types !== "");
  return kinds
    .map((types) => [types, ops.filter((op) => otherTypes(op) === types)] as const)
    .map(([types, here]) => `${here.map(({ name }) => `\`${name}\``).join(", ")}: ${types}`)
    .join(". ");
}

/** Returns the guide with its list of ops between its marks: calls by family. Throws if the marks are missing. */
export function withOps(page: string): string {
  const ops = opDocs().filter(
    ({ parts, heading }) => parts.Shapes !== undefined && heading !== "Optimizers",
  );
  const headings = [...new Set(ops.map(({ heading }) => heading))];
  const lines = headings.map((heading) => {
    const here = ops.filter((op) => op.heading === heading);
    return [heading, here.map((op) => `\`${callOf(op)}\``).join(" "), typesCell(here)];
  });
  const marks = /(<!-- ops -->\n)[\s\S]*?(<!-- end -->)/;
  if (!marks.test(page)) throw new Error(`${GUIDE_DOC}: has no marks for the ops`);
  const list = tableOf(["family", "ops", "types, if not f32 alone"], lines).join("\n");
  return page.replace(marks, (_, begin: string, end: string) => `${begin}\n${list}\n\n${end}`);
}

/** Returns the text of docs/ops.md. */
export function opsDoc(): string {
  const ops = opDocs().filter(({ parts }) => parts.Shapes !== undefined);
  const headings = [...new Set(ops.map(({ heading }) => heading))];
  const record = mutantsRecord();
  const killed = record.filter((verdict) => verdict.killed).length;
  const cases = [...rows.values()].reduce((sum, row) => sum + row.cases, 0);
  return [
    "# Ops",
    "",
    "Made by `npm run docs` from the docstrings, the op table and the mutants' record; `npx vitest run test/docs/ops.test.ts` checks it against them.",
    "",
    "```ts",
    'import { conv2d, tensor, vectorJacobian } from "longhand";',
    'import { open } from "longhand/node"; // in a page: longhand/browser',
    "",
    "const { device, close } = await open();",
    "const x = tensor(device, [1, 2, 3, 4], [1, 2, 2, 1], { tracked: true }); // values, shape (f32)",
    "const filter = tensor(device, [1, -1], [1, 2, 1, 1]);",
    'const y = conv2d(x, filter, { padding: "same" }); // tensors first, attributes last',
    "console.log(y.shape, await y.read()); // a flat list in row-major order",
    "const dy = tensor(device, [1, 1, 1, 1], y.shape); // the gradient that flows in",
    "const [dx] = vectorJacobian(y, dy, [x]); // the gradients that flow out",
    "console.log(await dx.read());",
    "close();",
    "```",
    "",
    "Images are (N, H, W, C), filters (KH, KW, in, out), transposed convolutions' (KH, KW, out, in). Every array is float32, except for the integers that argmax, argmin and topK (`i32`) and comparisons (`u32`) return and gather and oneHot (`i32`) take; the ops that only move, compare or choose elements take `i32` and `u32` too, and `cast` turns one type into another. A wrong call throws a `ShapeError`, `DTypeError` or `AttributeError`, all `LonghandError`s, of one line, before anything is launched (`npx vitest run test/api/refusals.test.ts`).",
    "",
    `${rows.size} ops and ${cases} cases in the table (\`npx vitest run test/ops\`). The value and gradients of every case are compared with float64. They must have the same bits when repeated, with launches laid out in two dimensions, and in a program whose temporaries start as NaN. Each array lies inside a longer binding, with NaN on either side that nothing may read or write. Every op refuses arguments that aren't tensors, wrong types and, with two inputs, two devices. Attributes that an op doesn't have are refused.`,
    "",
    `Mutants killed: **${killed} of ${record.length}** (\`npm run soak -- mutants\`).`,
    "",
    ...headings.flatMap((heading) => {
      const here = ops.filter((op) => op.heading === heading);
      return [
        `## ${heading}`,
        "",
        ...tableOf(
          ["op", "attributes", "gradient", "proven by"],
          here.map((op) => [
            `[\`${op.name}\`](#${op.name.toLowerCase()})`,
            attributesOf(op).join(", "),
            op.parts.Gradient ?? "none",
            proofOf(op),
          ]),
        ),
        "",
        ...here.flatMap((op) => [
          `### ${op.name}`,
          "",
          `\`${callOf(op)}\``,
          "",
          op.summary,
          "",
          ...PARTS.flatMap((part) =>
            op.parts[part] === undefined ? [] : [`- **${part}:** ${op.parts[part]}`],
          ),
          "",
        ]),
      ];
    }),
    "## Mutants",
    "",
    "One change to each kernel that makes it wrong, and the first test that failed on it.",
    "",
    ...tableOf(
      ["kernel", "change", "noticed by"],
      record.map(({ kernel, what, by }) => [`\`${kernel}\``, what, by || "**nothing**"]),
    ),
    "",
  ].join("\n");
}
