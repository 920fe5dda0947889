// `longhand web`: serves the page that trains in the browser.
import type { Command } from "commander";
import { print } from "../../terminal/print.ts";
import { dataOption, noTransposeOption, transposeOption, whole } from "../options.ts";

/** Adds `web` to the command line. */
export function addWeb(program: Command): void {
  program
    .command("web")
    .description("serve a page on localhost that trains in the browser; Ctrl-C ends it")
    .option("--port <n>", "which port (default: 5173, or the next free one)", whole(1, 65_535))
    .addOption(dataOption("IDX files"))
    .addOption(transposeOption())
    .addOption(noTransposeOption())
    .option("--open", "open the page in the browser")
    .action(
      async (flags: { port?: number; data?: string; transpose?: boolean; open?: boolean }) => {
        const { serveWeb } = await import("../../../web/server.ts"); // Vite is slow to load, and only this needs it
        const server = await serveWeb(flags);
        for (const line of [...server.notes, `${server.url}  (Ctrl-C ends it)`]) print(line);
        process.once("SIGINT", () => void server.close());
      },
    );
}
