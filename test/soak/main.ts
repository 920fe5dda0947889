// `npm run soak`: proofs that take too long for every commit.
import { soakProgram } from "./program.ts";

await soakProgram().parseAsync();
