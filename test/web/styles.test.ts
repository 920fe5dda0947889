// The page's style sheets, as files: all of them are in force at once, so no two may style the same class.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const WEB = fileURLToPath(new URL("../../web", import.meta.url));

test("a class is styled by one sheet", () => {
  const sheets = readdirSync(WEB, { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith(".css"),
  );
  expect(sheets.length).toBeGreaterThan(3);
  const homes = new Map<string, Set<string>>();
  for (const sheet of sheets) {
    // The class with which a rule begins is what the rule is about.
    for (const [, name] of readFileSync(join(WEB, sheet), "utf8").matchAll(/^\.([\w-]+)/gm)) {
      homes.set(name!, (homes.get(name!) ?? new Set()).add(sheet));
    }
  }
  const shared = [...homes].filter(([, home]) => home.size > 1);
  expect(shared.map(([name, home]) => `.${name}: ${[...home].join(", ")}`)).toEqual([]);
});
