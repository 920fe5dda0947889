// Writes what `npm run docs` generates: every page, part of a page and figure that is made from the code or from kept
// measurements.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { COMMANDS_DOC, withCommands } from "./commands-doc.ts";
import { ADAPTERS_DOC, GPUS_DOC, gpusDoc, withAdapters } from "./gpus-doc.ts";
import { GUIDE_DOC, opsDoc, withOps } from "./ops-doc.ts";
import { PEER_FIGURES, withPeerFigures } from "./peers-doc.ts";
import { PLAN_FIGURE, planFigure } from "./plan-figure.ts";
import { sourcePages, sourcePath, sourceText } from "./recipe-pages.ts";
import { RECIPES_DOC, withTables } from "./recipes-doc.ts";
import { RELIABILITY_DOC, withFigures } from "./reliability-doc.ts";
import { TREE_DOC, treeDoc } from "./tree-doc.ts";

const at = (path: string): URL => new URL(`../../${path}`, import.meta.url);

writeFileSync(at("docs/ops.md"), opsDoc());
writeFileSync(at(GUIDE_DOC), withOps(readFileSync(at(GUIDE_DOC), "utf8")));
writeFileSync(at(TREE_DOC), treeDoc());
writeFileSync(at(PLAN_FIGURE), planFigure());
writeFileSync(at(COMMANDS_DOC), withCommands(readFileSync(at(COMMANDS_DOC), "utf8")));
writeFileSync(at(RECIPES_DOC), withTables(readFileSync(at(RECIPES_DOC), "utf8")));
writeFileSync(at(RELIABILITY_DOC), withFigures(readFileSync(at(RELIABILITY_DOC), "utf8")));
for (const path of Object.keys(PEER_FIGURES)) {
  writeFileSync(at(path), withPeerFigures(path, readFileSync(at(path), "utf8")));
}
writeFileSync(at(GPUS_DOC), gpusDoc());
writeFileSync(at(ADAPTERS_DOC), withAdapters(readFileSync(at(ADAPTERS_DOC), "utf8")));
for (const page of sourcePages) {
  const path = at(sourcePath(page));
  mkdirSync(dirname(path.pathname), { recursive: true });
  writeFileSync(path, sourceText(page));
}
