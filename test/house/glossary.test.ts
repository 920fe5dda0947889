// docs/glossary.md, compared with the code and the docs: its words are used, and the words that they replaced aren't.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const ROOT = new URL("../..", import.meta.url).pathname;
const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");
const page = read("docs/glossary.md");
const rows = [...page.matchAll(/^\| ([\w -]+) \| (.+) \| `([^`]+)` \|$/gm)];

function filesIn(folder: string, ending: RegExp): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && ending.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length))
    .filter((file) => !file.includes("node_modules/")); // the benchmark's peers, once it has run
}

const code = ["src", "shaders", "web", "bench", "examples"].flatMap((folder) =>
  filesIn(folder, /\.(ts|wgsl)$/),
);
const docs = ["README.md", ...filesIn("docs", /\.md$/)];

/** Words that have another name now. A pattern stands for each, as most are common words too. */
const RETIRED: Readonly<Record<string, RegExp>> = {
  "Generator (of random numbers): Rng": /\bcreateGenerator\b|\brandom generator\b/,
  "finish, finished: epilogue":
    /\b(finish4?|finishing|finishes|finishedBy|Finished)\b(?=[(<:,]| =)/,
  "pull: epilogue gradient": /\bpull(s|Back|Rows|_of)?\b(?=[:(?,]| =)/,
  "storage, halves: activation type": /\b(StoredType|storage: "f(16|32)"|halves\??:)/,
  "verdicts (of a recipe): loss": /\brecipe\.verdicts\b|: Verdicts\b|\bVerdicts\[|`verdicts`/,
  "together, combined, apart, in turn: simultaneous, alternating":
    /"(together|combined|apart)"|\bstep(Together|InTurn)\b|`(together|combined|apart)`/,
  "place (of a device): moveInto": /\bdevice\.place\(/,
  "share (of a learning rate): learning-rate scale": /share of the learning rate/,
  "Lesson, told, caught, fooled": /\b(Lesson|lesson|fooled)\b|\blet caught\b/,
  "Rule: op": /\b(defineRule|Rule<|kernels\/rule)\b/,
};

/** WebGPU's encoders, `gifenc` and pages of pictures have a finish of their own. */
const FOREIGN =
  /ncoder\b.*\bfinish|page\.finish|finish\((svg|height|drawPanel|\): void)|import \{ finish \}/;

test("its words are in order, and in the file that each names", () => {
  expect(rows.length).toBeGreaterThan(15);
  const words = rows.map(([, word]) => word!);
  expect(words).toEqual(words.toSorted((a, b) => a.localeCompare(b, "en")));
  for (const [, word, , file] of rows) {
    const text = read(file!)
      .toLowerCase()
      .replace(/[-_]/g, " ")
      .replace(/\s*\n\s*(\/\/|\*)?\s*/g, " ");
    const name = word!.toLowerCase().replace(/-/g, " ");
    const asIdentifier = name.replace(/ /g, "");
    expect(text.includes(name) || text.includes(asIdentifier), `${word} in ${file}`).toBe(true);
  }
});

test.each(Object.entries(RETIRED))("%s: nothing says the old word", (_, retired) => {
  const found = [...code, ...docs].flatMap((file) =>
    read(file)
      .split("\n")
      .flatMap((line, at) =>
        retired.test(line) && !FOREIGN.test(line) ? [`${file}:${at + 1} ${line.trim()}`] : [],
      ),
  );
  expect(found.filter((line) => !/renamed|RENAMED/.test(line))).toEqual([]);
});
