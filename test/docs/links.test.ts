// The pages, compared with each other and the tree: every link leads somewhere, every named path exists, every note has
// its date and its line in the list, and the measured numbers are those of the newest report.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { PEER_FIGURES, withPeerFigures } from "../support/peers-doc.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");

const pages = [
  "README.md",
  "packages/longhand/README.md",
  ...readdirSync(join(ROOT, "docs"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".md"))
    .map((file) => `docs/${file}`),
];

/** A page without its code: what stands there is no link. */
const prose = (page: string): string =>
  page.replace(/^```[\s\S]*?^```/gm, "").replace(/`[^`\n]*`/g, "");

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(page: string): string[] {
  return [...page.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

test("every link between the pages leads somewhere", () => {
  const broken = pages.flatMap((page) =>
    [...prose(read(page)).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link]) => {
      if (/^https?:/.test(link!)) return [];
      const [path, anchor] = link!.split("#");
      const target = path === "" ? page : join(dirname(page), path!);
      const there =
        existsSync(join(ROOT, target)) &&
        (anchor === undefined || anchorsOf(read(target)).includes(anchor));
      return there ? [] : [`${page}: ${link}`];
    }),
  );
  expect(broken).toEqual([]);
});

test("every source file that a page names in code exists", () => {
  const named = /(?<![\w./-])((?:src|shaders|test|bench|web|examples|docs)\/[\w./-]+\.\w+)/g;
  const missing = pages.flatMap((page) =>
    [...read(page).matchAll(/`([^`\n]+)`/g)]
      .flatMap(([, code]) => [...code!.matchAll(named)].map(([, path]) => path!))
      .filter((path) => !existsSync(join(ROOT, path)))
      .map((path) => `${page}: ${path}`),
  );
  expect(missing).toEqual([]);
});

test("every note is named by its date, says when it was written, and stands in the list", () => {
  const list = read("docs/notes/README.md");
  const notes = readdirSync(join(ROOT, "docs/notes")).filter((file) => file !== "README.md");
  expect(notes.length).toBeGreaterThan(10);
  for (const note of notes) {
    const [, date] = /^(\d{4}-\d\d-\d\d)-[a-z0-9-]+\.md$/.exec(note) ?? [];
    expect(read(`docs/notes/${note}`), note).toContain(`Written on ${date}`);
    expect(list).toContain(`](${note})`);
  }
});

test.each(Object.keys(PEER_FIGURES))(
  "%s has the newest measured numbers (npm run docs)",
  (path) => {
    const page = read(path);
    expect(withPeerFigures(path, page)).toBe(page);
  },
);
