#!/usr/bin/env node
// `npx longhand`: the command line, run from its sources as `npm run train` does it.
import "tsx";
await import("../src/cli/main.ts");
