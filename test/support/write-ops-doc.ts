// `npm run docs`: writes docs/ops.md.
import { writeFileSync } from "node:fs";
import { opsDoc } from "./ops-doc.ts";

writeFileSync(new URL("../../docs/ops.md", import.meta.url), opsDoc());
