// `npm run docs`: writes docs/ops.md, and the tables in docs/recipes/README.md.
import { readFileSync, writeFileSync } from "node:fs";
import { opsDoc } from "./ops-doc.ts";
import { RECIPES_DOC, withTables } from "./recipes-doc.ts";

const at = (path: string): URL => new URL(`../../${path}`, import.meta.url);

writeFileSync(at("docs/ops.md"), opsDoc());
writeFileSync(at(RECIPES_DOC), withTables(readFileSync(at(RECIPES_DOC), "utf8")));
